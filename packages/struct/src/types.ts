/**
 * What a field can hold, as plain data. Layout, codec, fingerprint and tools are all functions of
 * these descriptors, so a new type is a new row here and in each of those tables.
 */

/** A class that `@LuoStruct` can annotate: it is made without arguments, then its fields are set. */
export type StructClass<T extends object = object> = new () => T;

/**
 * What a `@ref` field holds: any array when a program writes, a view over preserved memory when it
 * reads.
 */
export interface Sequence<T> extends Iterable<T> {
  readonly length: number;
  /** The element at `index`, counted from the end if negative, undefined where there is none. */
  at(index: number): T | undefined;
}

/** A number, bigint or boolean of 1, 2, 4 or 8 bytes. */
export interface ScalarType {
  readonly kind: "scalar";
  /** The name in layouts and fingerprints: `u64`, also for `@u64.number`. */
  readonly name: string;
  /** Size and natural alignment in bytes. */
  readonly size: 1 | 2 | 4 | 8;
  /** The JavaScript type of the value. */
  readonly value: "number" | "bigint" | "boolean";
  /** Inclusive bounds of an integer; absent for floats and bool. */
  readonly bounds?: readonly [number, number] | readonly [bigint, bigint];
  /** The typed array's key in `Memory`. */
  readonly array: "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" | "f32" | "f64";
  /** The suffix of DataView's `get` and `set`. */
  readonly accessor: string;
}

/** UTF-8 text in a fixed number of bytes, the rest NUL. */
interface CharType {
  readonly kind: "char";
  readonly length: number;
}

/** A fixed number of raw bytes. */
interface BytesType {
  readonly kind: "bytes";
  readonly length: number;
}

/** A fixed number of elements, one after the other. */
export interface ArrayType {
  readonly kind: "array";
  readonly of: FieldType;
  readonly length: number;
}

/** A struct inside the struct. */
export interface NestedType {
  readonly kind: "struct";
  readonly of: () => StructClass;
}

/** The u64 address of an array in preserved memory; 0 is null. */
interface RefType {
  readonly kind: "ref";
  readonly of: () => StructClass;
}

export type FieldType = ScalarType | CharType | BytesType | ArrayType | NestedType | RefType;

/** A type of one kind. */
type OfKind<K extends FieldType["kind"]> = Extract<FieldType, { kind: K }>;

/** One function per kind of type: how layouts, notations and checks are written down. */
export type PerKind<R> = { readonly [K in FieldType["kind"]]: (type: OfKind<K>) => R };

/** Applies the function of a table that belongs to the type's kind. */
export function perKind<R>(table: PerKind<R>, type: FieldType): R {
  return (table[type.kind] as (type: FieldType) => R)(type);
}

const integer = (
  name: "u8" | "u16" | "u32" | "i8" | "i16" | "i32",
  size: 1 | 2 | 4,
  accessor: string,
): ScalarType => {
  const span = 2 ** (size * 8);
  const bounds = name.startsWith("u")
    ? ([0, span - 1] as const)
    : ([-span / 2, span / 2 - 1] as const);
  return { kind: "scalar", name, size, value: "number", bounds, array: name, accessor };
};

const wide = { kind: "scalar", size: 8 } as const;
const u64 = { ...wide, name: "u64", array: "u64", accessor: "BigUint64" } as const;
const i64 = { ...wide, name: "i64", array: "i64", accessor: "BigInt64" } as const;

/** Every scalar, by the name of its decorator. */
export const SCALARS = {
  u8: integer("u8", 1, "Uint8"),
  u16: integer("u16", 2, "Uint16"),
  u32: integer("u32", 4, "Uint32"),
  u64: { ...u64, value: "bigint", bounds: [0n, 2n ** 64n - 1n] },
  u64Number: { ...u64, value: "number", bounds: [0, Number.MAX_SAFE_INTEGER] },
  i8: integer("i8", 1, "Int8"),
  i16: integer("i16", 2, "Int16"),
  i32: integer("i32", 4, "Int32"),
  i64: { ...i64, value: "bigint", bounds: [-(2n ** 63n), 2n ** 63n - 1n] },
  i64Number: {
    ...i64,
    value: "number",
    bounds: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  },
  f32: { kind: "scalar", name: "f32", size: 4, value: "number", array: "f32", accessor: "Float32" },
  f64: { kind: "scalar", name: "f64", size: 8, value: "number", array: "f64", accessor: "Float64" },
  bool: { kind: "scalar", name: "bool", size: 1, value: "boolean", array: "u8", accessor: "Uint8" },
} as const satisfies Record<string, ScalarType>;

const EXPECTED: PerKind<string> = {
  scalar: ({ name, value, bounds }) => {
    if (value === "boolean") return "true or false";
    if (bounds === undefined) return `a ${name} number`;
    const [low, high] = bounds.map((bound) =>
      typeof bound === "bigint" ? `${bound}n` : `${bound}`,
    );
    return `${value === "bigint" ? "a bigint" : "an integer"} from ${low} to ${high} (${name})`;
  },
  char: ({ length }) => `well-formed text without NUL, of at most ${length} bytes in UTF-8`,
  bytes: ({ length }) => `a Uint8Array of ${length} bytes`,
  array: ({ length, of }) => `an array of ${length} elements, each ${perKind(EXPECTED, of)}`,
  struct: ({ of }) => `an object with the fields of ${of().name}`,
  ref: ({ of }) => `an array of ${of().name}, or any iterable with a length`,
};

/** What a value of the type must be, in words for an error message. */
export function expected(type: FieldType): string {
  return perKind(EXPECTED, type);
}
