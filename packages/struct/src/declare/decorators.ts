import { DeclarationError, show } from "../errors.js";
import {
  type ArrayType,
  type FieldType,
  type NestedType,
  SCALARS,
  type ScalarType,
  type Sequence,
  type StructClass,
} from "../types.js";
import { annotatedType, elementType, typeOfThunk } from "./annotated-type.js";
import { annotate, type FieldDecorator, field } from "./field-decorator.js";
import { isStruct } from "./registry.js";

/** The element of an array: an annotation such as `u32`, or a struct class. */
export type ElementType<T> = FieldDecorator<T> | (T extends object ? StructClass<T> : never);

const scalar = <T>(type: ScalarType) => field<T>(type);

/** Unsigned integer of 1 byte, 0 to 255. */
export const u8: FieldDecorator<number> = scalar(SCALARS.u8);
/** Unsigned integer of 2 bytes, 0 to 65 535. */
export const u16: FieldDecorator<number> = scalar(SCALARS.u16);
/** Unsigned integer of 4 bytes, 0 to 2^32 - 1. */
export const u32: FieldDecorator<number> = scalar(SCALARS.u32);
/**
 * Unsigned integer of 8 bytes, a bigint from 0 to 2^64 - 1. `@u64.number` has the same bytes and a
 * number as its value: one above 2^53 - 1 throws on writing and on reading.
 */
export const u64: FieldDecorator<bigint> & { readonly number: FieldDecorator<number> } =
  Object.assign(scalar<bigint>(SCALARS.u64), { number: scalar<number>(SCALARS.u64Number) });
/** Signed integer of 1 byte, -128 to 127. */
export const i8: FieldDecorator<number> = scalar(SCALARS.i8);
/** Signed integer of 2 bytes, -32 768 to 32 767. */
export const i16: FieldDecorator<number> = scalar(SCALARS.i16);
/** Signed integer of 4 bytes, -2^31 to 2^31 - 1. */
export const i32: FieldDecorator<number> = scalar(SCALARS.i32);
/** Signed integer of 8 bytes, a bigint from -2^63 to 2^63 - 1; with `@i64.number` a safe integer. */
export const i64: FieldDecorator<bigint> & { readonly number: FieldDecorator<number> } =
  Object.assign(scalar<bigint>(SCALARS.i64), { number: scalar<number>(SCALARS.i64Number) });
/** IEEE 754 binary32. Writing rounds a number to it, and throws for a finite one beyond its range. */
export const f32: FieldDecorator<number> = scalar(SCALARS.f32);
/** IEEE 754 binary64. */
export const f64: FieldDecorator<number> = scalar(SCALARS.f64);
/** One byte, 0 or 1; any other byte is an error on reading. */
export const bool: FieldDecorator<boolean> = scalar(SCALARS.bool);

/** A u64 address, as a bigint; 0n is null. The program knows what lies there, luo does not follow it. */
export const address: FieldDecorator<bigint> = scalar(SCALARS.address);

/**
 * An integer that takes only the listed values; `of` gives its bytes. The members are a numeric
 * TypeScript enum, a list of numbers, or a list of strings that stand for 0, 1, 2 and so on. Any
 * other value throws, on writing and on reading.
 *
 *     @enumeration(u8, Color) color = Color.Red;
 *     @enumeration(u32, ["idle", "busy"]) state: "idle" | "busy" = "idle";
 *
 * @throws {DeclarationError} when `of` is no integer type of at most 4 bytes or `@u64.number`, or the
 *   members are none, out of its range, or repeated
 */
export function enumeration<const L extends string | number>(
  of: FieldDecorator<number>,
  members: readonly L[],
): FieldDecorator<L>;
export function enumeration<E extends Record<string, string | number>>(
  of: FieldDecorator<number>,
  members: E,
): FieldDecorator<Extract<E[keyof E], number>>;
export function enumeration(
  of: FieldDecorator<number>,
  members: readonly (string | number)[] | Record<string, string | number>,
): FieldDecorator<string | number> {
  const type = annotatedType(of);
  if (type?.kind !== "scalar" || type.value !== "number" || type.bounds === undefined) {
    throw new DeclarationError("@enumeration", undefined, "needs an integer type, such as u8");
  }
  const [low, high] = type.bounds as readonly [number, number];
  // A numeric enum also maps its numbers back to its names.
  const named = Array.isArray(members) ? [] : Object.entries(members).filter(isNumbered);
  const list = Array.isArray(members)
    ? members.map((member, index) => [typeof member === "number" ? member : index, member] as const)
    : named.map(([, number]) => [number, number] as const);
  for (const [number] of list) {
    if (!Number.isInteger(number) || number < low || number > high) {
      const problem = `has the member ${number}, expected integers from ${low} to ${high} (${type.name})`;
      throw new DeclarationError("@enumeration", undefined, problem);
    }
  }
  if (list.length === 0) throw new DeclarationError("@enumeration", undefined, "has no members");
  const byNumber = new Map(list);
  const texts = new Set(Array.from(byNumber.values(), String));
  // A TypeScript enum may give a number two names. A list has no reason to.
  if (texts.size < byNumber.size || (Array.isArray(members) && byNumber.size < list.length)) {
    const problem = "has a member or its number twice; keep one";
    throw new DeclarationError("@enumeration", undefined, problem);
  }
  const names = named.length === 0 ? {} : { names: new Map(named) };
  return field({ kind: "enum", of: type, members: byNumber, ...names });
}

function isNumbered(entry: [string, string | number]): entry is [string, number] {
  return typeof entry[1] === "number";
}

/**
 * A bitfield: C's `type name : width`. Neighbours share units of their type by the rules of the C ABI.
 * The value has the JavaScript type of `of`. A bool has 1 bit.
 *
 *     @bits(u64, 52) pfn = 0n;
 *     @bits(u64, 12) flags = 0n;
 *
 * @param width in bits: 1 up to those of the type, 53 for `@u64.number`; 0 only as
 *   `@reserved(bits(type, 0))`
 * @throws {DeclarationError} for another width, or a type that is neither an integer nor bool
 */
export function bits<T extends number | bigint | boolean>(
  of: FieldDecorator<T>,
  width: number,
): FieldDecorator<T> {
  const type = annotatedType(of);
  if (type?.kind !== "scalar" || (type.bounds === undefined && type.value !== "boolean")) {
    throw new DeclarationError("@bits", undefined, "needs an integer type or bool");
  }
  const most =
    type.value === "boolean" ? 1 : type.value === "number" && type.size === 8 ? 53 : type.size * 8;
  if (!Number.isInteger(width) || width < 0 || width > most) {
    const problem = `the width is ${show(width)}, expected an integer from 1 to ${most} (${type.name})`;
    throw new DeclarationError("@bits", undefined, problem);
  }
  return field({ kind: "bits", of: type, width });
}

/**
 * Text in `length` bytes of UTF-8, padded with NUL: C's `char name[length]`. Writing throws for text
 * that needs more bytes, or holds a NUL or a lone surrogate. Reading throws for bytes that are not
 * UTF-8, and for anything but NUL after the first NUL.
 *
 * @param options `terminated`: the last byte is always NUL, which leaves one byte less for the text
 * @throws {DeclarationError} when `length` is not an integer from 1 up, or from 2 when terminated
 */
export function char(
  length: number,
  { terminated = false }: { readonly terminated?: boolean } = {},
): FieldDecorator<string> {
  return field({ kind: "char", length: count("char", length, terminated ? 2 : 1), terminated });
}

/**
 * `length` raw bytes: C's `unsigned char x[length]`. The value is a Uint8Array of exactly that
 * length.
 */
export function bytes(length: number): FieldDecorator<Uint8Array, Uint8Array<ArrayBuffer>> {
  return field({ kind: "bytes", length: count("bytes", length) });
}

/**
 * An array of fixed length, C's `x[length]`, with one dimension for each length. The value has exactly
 * these lengths. An array of length 0 takes no space but aligns the struct, as GNU C's `x[0]` does.
 *
 *     @array(u32, 4) list: number[] = [0, 0, 0, 0];
 *     @array(Point, 2, 3) grid: Point[][] = ...;
 */
export function array<T>(of: ElementType<T>, length: number): FieldDecorator<T[]>;
export function array<T>(of: ElementType<T>, rows: number, length: number): FieldDecorator<T[][]>;
export function array<T>(
  of: ElementType<T>,
  planes: number,
  rows: number,
  length: number,
): FieldDecorator<T[][][]>;
export function array<T>(
  of: ElementType<T>,
  ...lengths: number[]
): FieldDecorator<T[]> | FieldDecorator<T[][]> | FieldDecorator<T[][][]> {
  if (lengths.length === 0) {
    throw new DeclarationError("@array", undefined, "has no length; write @array(u32, 4)");
  }
  const type = lengths.reduceRight<FieldType>(
    (inner, length): ArrayType => ({ kind: "array", of: inner, length: count("array", length, 0) }),
    elementType("array", of),
  );
  return field<T[]>(type);
}

/**
 * C's flexible array member: `count` names the field with the number of elements. They lie behind the
 * struct, whose size does not include them, so this is the last field. Without `count`, reading takes
 * as many elements as fit into the memory.
 *
 *     @u32 count = 0;
 *     @flexible(Item, { count: "count" }) items: Item[] = [];
 */
export function flexible<T>(
  of: ElementType<T>,
  { count }: { readonly count?: string } = {},
): FieldDecorator<T[]> {
  return field({ kind: "flexible", of: elementType("flexible", of), count });
}

/**
 * Space without a value, with the size and alignment of a type. Writing fills it with zeros. Reading
 * ignores it, or throws unless it is zero when `checked` is set.
 *
 *     @reserved(bytes(12)) reserved: unknown;
 *     @reserved(bits(u32, 0)) _: unknown; // ends the unit of the bitfields above
 */
export function reserved(
  of: FieldDecorator<never> | FieldDecorator<number> | { readonly type: FieldType },
  { checked = false }: { readonly checked?: boolean } = {},
): FieldDecorator<unknown, never> {
  const type = annotatedType(of);
  if (type === undefined) {
    const expected = "an annotation such as bytes(4)";
    throw new DeclarationError("@reserved", undefined, { found: show(of), expected });
  }
  if (type.kind === "reserved" || type.kind === "flexible") {
    const problem = `cannot be of kind ${type.kind}, which has no size of its own`;
    throw new DeclarationError("@reserved", undefined, problem);
  }
  return field({ kind: "reserved", of: type, checked });
}

/**
 * One of several structs in the same place: C's union. The field `discriminator`, declared above it,
 * selects the struct. Writing fills the rest of the space with zeros.
 *
 *     @u32 kind = 0;
 *     @union("kind", () => ({ 0: Circle, 1: Square })) shape: Circle | Square = new Circle();
 */
export function union<U extends Record<string | number, StructClass>>(
  discriminator: string,
  of: () => U,
): FieldDecorator<InstanceType<U[keyof U]>> {
  const example = '@union("<field>", () => ({ 0: First, 1: Second }))';
  return field(typeOfThunk(of, (named) => ({ kind: "union", discriminator, of: named }), example));
}

/**
 * A struct inside the struct. `@struct(() => Inner)` names its class. `@struct` alone takes the class
 * from the property's type, and needs `emitDecoratorMetadata`.
 */
export function struct<T extends object>(of: () => StructClass<T>): FieldDecorator<T>;
export function struct(target: object, key: string): void;
export function struct(
  ...args: [of: () => StructClass] | [target: object, key: string]
): FieldDecorator<object> | undefined {
  if (args.length === 1) {
    const example = "@struct(() => Inner)";
    return field(typeOfThunk(args[0], (of) => ({ kind: "struct", of }), example));
  }
  const [target, key] = args;
  if (typeof key === "object") {
    const { name } = key as ClassFieldDecoratorContext;
    throw new DeclarationError(
      "a class",
      String(name),
      "has the type undefined, as standard decorators do not tell it; name it: @struct(() => Inner)",
    );
  }
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
 * An array of structs elsewhere in preserved memory. The field holds its u64 address, so the array can
 * grow while the struct stays as it is. Writing takes any array; reading gives a view over the memory.
 */
export function ref<T extends object>(of: () => StructClass<T>): FieldDecorator<Sequence<T>> {
  return field(typeOfThunk(of, (named) => ({ kind: "ref", of: named }), "@ref(() => Element)"));
}

function count(annotation: string, length: number, least = 1): number {
  if (!Number.isSafeInteger(length) || length < least) {
    throw new DeclarationError(
      `@${annotation}`,
      undefined,
      `the length is ${show(length)}, expected an integer of at least ${least}`,
    );
  }
  return length;
}
