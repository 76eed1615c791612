import "reflect-metadata";
import { DeclarationError, show } from "./errors.js";
import { addField, addStruct, fieldsOf, isStruct } from "./registry.js";
import {
  type ArrayType,
  type FieldType,
  type NestedType,
  type PerKind,
  perKind,
  SCALARS,
  type ScalarType,
  type Sequence,
  type StructClass,
} from "./types.js";

// Standard decorators share what they collect through this symbol, which Node 20 does not have yet.
(Symbol as { metadata?: symbol }).metadata ??= Symbol("Symbol.metadata");

/**
 * Annotates a property; one of another type does not compile. What the property holds must be a `T`
 * to be written, and must be able to hold the `Read` that reading gives. Works as a legacy decorator
 * (`experimentalDecorators`) and as a standard one.
 */
export interface FieldDecorator<T, Read extends T = T> {
  <K extends string, O extends { [P in K]: T }>(
    target: O,
    key: Read extends O[K] ? K : never,
  ): void;
  (value: undefined, context: ClassFieldDecoratorContext<unknown, T>): void;
  /** The type as data: what `array` and tools take. */
  readonly type: FieldType;
}

/** What can be repeated in an array: an annotation, or a class. */
export type ElementType<T> = FieldDecorator<T> | (T extends object ? StructClass<T> : never);

type DecoratorArguments = [
  target: object | undefined,
  context: string | symbol | ClassFieldDecoratorContext,
];

const field = <T, Read extends T = T>(type: FieldType): FieldDecorator<T, Read> => {
  const decorate = (...args: DecoratorArguments) => annotate(type, args);
  return Object.assign(decorate as FieldDecorator<T, Read>, { type });
};

function annotate(type: FieldType, [target, context]: DecoratorArguments): void {
  const standard = typeof context === "object";
  const name = standard ? context.name : context;
  const struct = standard || !target ? "a class" : target.constructor.name;
  if (typeof name === "symbol" || name === "__proto__" || name === "constructor") {
    throw new DeclarationError(struct, String(name), "cannot be a field; use another name");
  }
  if (standard) {
    if (context.static || context.private) {
      throw new DeclarationError(struct, name, "must be a public instance field to be in a layout");
    }
    addField(context.metadata, struct, { name, type });
    return;
  }
  if (target === undefined || typeof target === "function") {
    throw new DeclarationError(struct, name, "must be an instance field to be in a layout");
  }
  const declared: unknown = Reflect.getMetadata("design:type", target, name);
  const wanted = perKind(DESIGN_TYPE, type);
  if (
    declared !== undefined &&
    declared !== Object &&
    wanted !== undefined &&
    declared !== wanted
  ) {
    throw new DeclarationError(
      struct,
      name,
      `is declared as ${show(declared)}, but its annotation holds ${show(wanted)}; change one of them`,
    );
  }
  addField(target, struct, { name, type });
}

/** What TypeScript emits as `design:type` for a property that fits; undefined where it cannot tell. */
const DESIGN_TYPE: PerKind<unknown> = {
  scalar: ({ value }) => ({ number: Number, bigint: BigInt, boolean: Boolean })[value],
  char: () => String,
  bytes: () => Uint8Array,
  array: () => Array,
  struct: () => undefined,
  ref: () => undefined,
};

const scalar = <T>(type: ScalarType) => field<T>(type);

/** Unsigned integer of 1 byte, 0 to 255. */
export const u8: FieldDecorator<number> = scalar(SCALARS.u8);
/** Unsigned integer of 2 bytes, 0 to 65 535. */
export const u16: FieldDecorator<number> = scalar(SCALARS.u16);
/** Unsigned integer of 4 bytes, 0 to 2^32 - 1. */
export const u32: FieldDecorator<number> = scalar(SCALARS.u32);
/**
 * Unsigned integer of 8 bytes, a bigint from 0 to 2^64 - 1. `@u64.number` has the same bytes and is
 * a safe integer: a value beyond 2^53 - 1 throws on writing and on reading.
 */
export const u64: FieldDecorator<bigint> & { readonly number: FieldDecorator<number> } =
  Object.assign(scalar<bigint>(SCALARS.u64), { number: scalar<number>(SCALARS.u64Number) });
/** Signed integer of 1 byte, -128 to 127. */
export const i8: FieldDecorator<number> = scalar(SCALARS.i8);
/** Signed integer of 2 bytes, -32 768 to 32 767. */
export const i16: FieldDecorator<number> = scalar(SCALARS.i16);
/** Signed integer of 4 bytes, -2^31 to 2^31 - 1. */
export const i32: FieldDecorator<number> = scalar(SCALARS.i32);
/** Signed integer of 8 bytes, a bigint from -2^63 to 2^63 - 1; `@i64.number` is a safe integer. */
export const i64: FieldDecorator<bigint> & { readonly number: FieldDecorator<number> } =
  Object.assign(scalar<bigint>(SCALARS.i64), { number: scalar<number>(SCALARS.i64Number) });
/** IEEE 754 binary32: a number is rounded to it; a finite one beyond its range throws. */
export const f32: FieldDecorator<number> = scalar(SCALARS.f32);
/** IEEE 754 binary64. */
export const f64: FieldDecorator<number> = scalar(SCALARS.f64);
/** One byte, 0 or 1; any other byte is an error on reading. */
export const bool: FieldDecorator<boolean> = scalar(SCALARS.bool);

/**
 * Text in `length` bytes of UTF-8, padded with NUL: C's `char name[length]`. Text that needs more
 * bytes, holds a NUL or a lone surrogate throws on writing.
 */
export function char(length: number): FieldDecorator<string> {
  return field({ kind: "char", length: count("char", length) });
}

/** `length` raw bytes: C's `unsigned char x[length]`. The value is a Uint8Array of just that length. */
export function bytes(length: number): FieldDecorator<Uint8Array, Uint8Array<ArrayBuffer>> {
  return field({ kind: "bytes", length: count("bytes", length) });
}

/** A fixed array, C's `x[length]`; nest it for more dimensions. The value has just that length. */
export function array<T>(of: ElementType<T>, length: number): FieldDecorator<T[]> {
  const element: FieldType =
    "type" in of ? of.type : { kind: "struct", of: () => of as unknown as StructClass };
  const type: ArrayType = { kind: "array", of: element, length: count("array", length) };
  return field(type);
}

/**
 * A struct inside the struct. `@struct` takes the class from the property's type, where
 * `emitDecoratorMetadata` is on; `@struct(() => Inner)` names it.
 */
export function struct<T extends object>(of: () => StructClass<T>): FieldDecorator<T>;
export function struct(target: object, key: string): void;
export function struct(
  ...args: [of: () => StructClass] | [target: object, key: string]
): FieldDecorator<object> | undefined {
  if (args.length === 1) return field({ kind: "struct", of: args[0] });
  const [target, key] = args;
  const declared: unknown = Reflect.getMetadata("design:type", target, key);
  if (typeof declared !== "function" || !isStruct(declared)) {
    throw new DeclarationError(
      target.constructor.name,
      key,
      `has the type ${show(declared)}, which is not a struct that is declared above; name it: @struct(() => Inner)`,
    );
  }
  const type: NestedType = { kind: "struct", of: () => declared as StructClass };
  annotate(type, [target, key]);
  return undefined;
}

/**
 * An array of structs elsewhere in preserved memory: here lies its u64 address, and the array may
 * grow without moving. Takes any array when written; is a view over the memory when read.
 */
export function ref<T extends object>(of: () => StructClass<T>): FieldDecorator<Sequence<T>> {
  return field({ kind: "ref", of });
}

/** How a class is annotated beyond its version. */
export interface StructOptions {
  /** The family's name; by default the class name without its trailing `V<version>`. */
  readonly family?: string;
}

/**
 * Makes a class a struct: its annotated fields, in the order of declaration, become a layout as the
 * C ABI has it.
 *
 * @param version the version within the family, 0 to 2^32 - 1
 * @throws {DeclarationError} when the version is none, or nothing is annotated
 */
export function LuoStruct(version: number, options: StructOptions = {}) {
  return <C extends StructClass>(target: C, context?: ClassDecoratorContext<C>): void => {
    const { name } = target;
    if (!Number.isInteger(version) || version < 0 || version > 0xffff_ffff) {
      throw new DeclarationError(
        name,
        undefined,
        `the version is ${show(version)}, expected an integer from 0 to 4294967295`,
      );
    }
    const fields = fieldsOf(typeof context === "object" ? context.metadata : target.prototype);
    if (fields.length === 0) {
      throw new DeclarationError(
        name,
        undefined,
        "has no annotated field; annotate one, such as @u64",
      );
    }
    const family = options.family ?? name.replace(/V\d+$/, "");
    addStruct({ struct: target, name, version, family, fields });
  };
}

function count(annotation: string, length: number): number {
  if (!Number.isSafeInteger(length) || length < 1) {
    throw new DeclarationError(
      `@${annotation}`,
      undefined,
      `the length is ${show(length)}, expected an integer of at least 1`,
    );
  }
  return length;
}
