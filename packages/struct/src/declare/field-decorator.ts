import "reflect-metadata";
import { DeclarationError, show } from "../errors.js";
import { type FieldType, type PerKind, perKind } from "../types.js";
import { addField, type FieldDescriptor, modifyField } from "./registry.js";

// Standard decorators share what they collect through this symbol, which Node 20 does not have yet.
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

/** Stands in the compiler's message, and so names the type that the property must have. */
export interface MustBeDeclaredAs<T> {
  readonly expected: T;
}

/** Stands in the compiler's message: the property is private or protected. */
export interface MustBePublic {
  readonly expected: "public";
}

/** The context itself where a property of the type can be a `T` and hold a `Read`. */
type Fitting<T, Read, Property, Context> = [Read, Property] extends [Property, T]
  ? Context
  : [Property] extends [never]
    ? MustBePublic
    : MustBeDeclaredAs<T>;

/**
 * Annotates a property; one of another type does not compile. The property must hold a `T`, which is
 * written, and be able to hold the `Read` that reading gives. The decorator is a legacy one
 * (`experimentalDecorators`) and a standard one in a single signature, because the compiler explains
 * only the last of several.
 */
export interface FieldDecorator<T, Read extends T = T> {
  <Target, Context extends PropertyContext>(
    target: Target,
    context: Fitting<T, Read, PropertyType<Target, Context>, Context>,
  ): void;
  /** The type as data: what `array` and tools take. */
  readonly type: FieldType;
  /** Never there: it tells TypeScript what a value is. */
  readonly value?: T;
}

/** Says more about a property that has a type. Stands above or in front of the type. */
export type FieldModifier = (target: object | undefined, context: PropertyContext) => void;

/** The arguments of a property decorator in either flavour. */
type DecoratorArguments = [
  target: object | undefined,
  context: string | symbol | ClassFieldDecoratorContext,
];

/** A public property of every object of a class. */
interface Member {
  /** The key under which annotations are noted until the class is complete. */
  readonly owner: object;
  readonly struct: string;
  readonly name: string | symbol;
}

/** A decorator that makes its property a field of the type. */
export const field = <T, Read extends T = T>(type: FieldType): FieldDecorator<T, Read> => {
  const decorate = (...args: DecoratorArguments) => annotate(type, args);
  return Object.assign(decorate as FieldDecorator<T, Read>, { type });
};

/** A decorator that changes a field that has its type already. */
export const modifier = (change: (field: FieldDescriptor) => FieldDescriptor): FieldModifier => {
  return (...args: DecoratorArguments) => {
    const { owner, struct, name } = property(args);
    modifyField(owner, struct, name, change);
  };
};

/**
 * Makes the property a field of the type.
 *
 * @throws {DeclarationError} when it cannot be one, or is declared as something else
 */
export function annotate(type: FieldType, args: DecoratorArguments): void {
  const { owner, struct, name } = property(args);
  const [target] = args;
  const declared: unknown = target && Reflect.getMetadata("design:type", target, name);
  const wanted = perKind(DESIGN_TYPE, type);
  const known = declared !== undefined && declared !== Object && wanted !== undefined;
  if (known && declared !== wanted) {
    throw new DeclarationError(
      struct,
      name,
      `is declared as ${show(declared)}, but its annotation holds ${show(wanted)}; change one of them`,
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

/** TypeScript's `design:type` of a property that fits; undefined where the compiler cannot tell. */
const DESIGN_TYPE: PerKind<unknown> = {
  scalar: ({ value }) => ({ number: Number, bigint: BigInt, boolean: Boolean })[value],
  enum: () => undefined,
  bits: ({ of }) => perKind(DESIGN_TYPE, of),
  char: () => String,
  bytes: () => Uint8Array,
  array: () => Array,
  flexible: () => Array,
  struct: () => undefined,
  union: () => undefined,
  ref: () => undefined,
  reserved: () => undefined,
};
