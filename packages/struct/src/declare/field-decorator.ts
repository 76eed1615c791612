import "reflect-metadata";
import { DeclarationError, show } from "../errors.js";
import { type FieldType, type PerKind, perKind } from "../types.js";
import { faultOf } from "./annotated-type.js";
import { addField, type FieldDescriptor, modifyField } from "./registry.js";

// Standard decorators share their metadata under this symbol, which Node 20 does not have yet.
(Symbol as { metadata?: symbol }).metadata ??= Symbol("Symbol.metadata");

/** A decorator's second argument: the property's name (legacy), or its context (standard). */
export type PropertyContext = string | ClassFieldDecoratorContext;

/** The declared type of the annotated property; `never` when the property is not public. */
export type PropertyType<Target, Context> =
  Context extends ClassFieldDecoratorContext<unknown, infer Value>
    ? Value
    : Context extends keyof Target
      ? Target[Context]
      : never;

/** Appears in the compiler's message, where it names the type that the property must have. */
export interface MustBeDeclaredAs<T> {
  readonly expected: T;
}

/** Appears in the compiler's message when the property is private or protected. */
export interface MustBePublic {
  readonly expected: "public";
}

/** The context itself, when the property's type is a `T` and can hold a `Read`. */
type Fitting<T, Read, Property, Context> = [Read, Property] extends [Property, T]
  ? Context
  : [Property] extends [never]
    ? MustBePublic
    : MustBeDeclaredAs<T>;

/**
 * Annotates a property; a property of another type does not compile. Writing takes a `T` from the
 * property, and reading puts a `Read` there. One signature serves legacy (`experimentalDecorators`)
 * and standard decorators, because the compiler explains only the last of several signatures.
 */
export interface FieldDecorator<T, Read extends T = T> {
  <Target, Context extends PropertyContext>(
    target: Target,
    context: Fitting<T, Read, PropertyType<Target, Context>, Context>,
  ): void;
  /** The type as data, for `array` and for tools. */
  readonly type: FieldType;
  /** Has no value at run time. It tells TypeScript the type of the field's value. */
  readonly value?: T;
}

/** Annotates a property that also has a type, such as `@big`. Stands above or in front of the type. */
export type FieldModifier = (target: object | undefined, context: PropertyContext) => void;

/** The arguments of a property decorator in either flavour. */
type DecoratorArguments = [
  target: object | undefined,
  context: string | symbol | ClassFieldDecoratorContext,
];

/** A public property of every object of a class. */
interface Member {
  /** The key of its annotations until the class is complete: prototype or metadata object. */
  readonly owner: object;
  readonly struct: string;
  readonly name: string | symbol;
}

/** Makes the decorator that turns its property into a field of the type. */
export const field = <T, Read extends T = T>(type: FieldType): FieldDecorator<T, Read> => {
  const decorate = (...args: DecoratorArguments) => annotate(type, args);
  return Object.assign(decorate as FieldDecorator<T, Read>, { type });
};

/** Makes the decorator that changes a field whose type is set already. */
export const modifier = (change: (field: FieldDescriptor) => FieldDescriptor): FieldModifier => {
  return (...args: DecoratorArguments) => {
    const { owner, struct, name } = property(args);
    modifyField(owner, struct, name, change);
  };
};

/**
 * Makes the property a field of the type.
 *
 * @throws {DeclarationError} when the property cannot be a field, or its declared type is another
 */
export function annotate(type: FieldType, args: DecoratorArguments): void {
  const { owner, struct, name } = property(args);
  const fault = faultOf(type);
  if (fault !== undefined) throw new DeclarationError(struct, name, fault);
  const [target] = args;
  const declared: unknown = target && Reflect.getMetadata("design:type", target, name);
  const wanted = perKind(DESIGN_TYPE, type);
  const known = typeof declared === "function" && declared.name !== "Object";
  // Tests may run in a realm with globals of its own, so names are compared.
  if (known && wanted !== undefined && declared.name !== wanted) {
    throw new DeclarationError(
      struct,
      name,
      `is declared as ${show(declared)}, but its annotation holds function ${wanted}; change one of them`,
    );
  }
  if (type.kind === "bits" && type.width === 0) {
    throw new DeclarationError(
      struct,
      name,
      "is a bitfield of no width with a name; write @reserved(bits(<type>, 0)) to end the unit",
    );
  }
  addField(owner, struct, { name, type });
}

/** @throws {DeclarationError} when the property cannot be a field */
function property(args: DecoratorArguments): Member & { readonly name: string } {
  const { owner, struct, name } = memberOf(args);
  if (typeof name === "symbol" || name === "__proto__" || name === "constructor") {
    throw new DeclarationError(struct, String(name), "cannot be a field; use another name");
  }
  return { owner, struct, name };
}

/** @throws {DeclarationError} when the property is static or private */
export function memberOf([target, context]: DecoratorArguments): Member {
  if (target === undefined && context === undefined) {
    const found = "is called with (), but takes no arguments";
    throw new DeclarationError("an annotation", undefined, { found, do: "write @u32, not @u32()" });
  }
  const standard = typeof context === "object";
  const name = standard ? context.name : context;
  const isStatic = typeof target === "function";
  const struct = standard || !target ? "a class" : (isStatic ? target : target.constructor).name;
  const owner = standard ? context.metadata : target;
  const instance = standard ? !context.static && !context.private : !isStatic;
  if (owner === undefined || !instance) {
    const problem = "must be a public instance field to be in a layout";
    throw new DeclarationError(struct, String(name), problem);
  }
  return { owner, struct, name };
}

/**
 * The name of the `design:type` that TypeScript emits for a fitting property; undefined where no
 * single one is right.
 */
const DESIGN_TYPE: PerKind<string | undefined> = {
  scalar: ({ value }) => ({ number: "Number", bigint: "BigInt", boolean: "Boolean" })[value],
  enum: () => undefined,
  bits: ({ of }) => perKind(DESIGN_TYPE, of),
  char: () => "String",
  bytes: () => "Uint8Array",
  array: () => "Array",
  flexible: () => "Array",
  struct: () => undefined,
  union: () => undefined,
  ref: () => undefined,
  reserved: () => undefined,
};
