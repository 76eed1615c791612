/**
 * The types of fields as plain data. Layout, codec, fingerprint and tools are tables over these
 * descriptors, so a new type adds one row here and one to each table.
 */

/** A class that `@LuoStruct` can annotate. Decoding calls it without arguments, then sets the fields. */
export type StructClass<T extends object = object> = new () => T;

/**
 * The value of a `@ref` field. A program writes any array, and reads a view over preserved memory.
 */
export interface Sequence<T> extends Iterable<T> {
  readonly length: number;
  /** The element at `index`; a negative index counts from the end. Undefined outside of the array. */
  at(index: number): T | undefined;
  /**
   * A key that is equal for all sequences over one array. A sequence without it counts as an array of
   * its own.
   */
  readonly identity?: unknown;
}

/** A number, bigint or boolean of 1, 2, 4 or 8 bytes. */
export interface ScalarType {
  readonly kind: "scalar";
  /** The name in layouts and fingerprints. `@u64` and `@u64.number` share `u64`. */
  readonly name: string;
  /** Size and natural alignment in bytes. */
  readonly size: 1 | 2 | 4 | 8;
  /** The JavaScript type of the value. */
  readonly value: "number" | "bigint" | "boolean";
  /** Inclusive bounds of an integer; absent for floats and bool. */
  readonly bounds?: readonly [number, number] | readonly [bigint, bigint];
  /** The typed array's key in `Memory`. */
  readonly array: "u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64" | "f32" | "f64";
  /** The suffix of DataView's methods: `Uint16` for `getUint16` and `setUint16`. */
  readonly accessor: string;
}

/** An integer that takes only the listed values. */
export interface EnumType {
  readonly kind: "enum";
  readonly of: ScalarType;
  /** The program's value for each number in memory. */
  readonly members: ReadonlyMap<number, number | string>;
  /**
   * The names of a TypeScript enum's members, with their numbers. Layouts do not depend on them; a lock
   * keeps them, because a number means what its name says.
   */
  readonly names?: ReadonlyMap<string, number>;
}

/** A bitfield: some bits of an integer, which neighbouring bitfields share. */
export interface BitsType {
  readonly kind: "bits";
  readonly of: ScalarType;
  /**
   * Width in bits: 1 up to the size of the type. 0 is allowed in reserved space only and ends the
   * unit.
   */
  readonly width: number;
}

/** UTF-8 text in a fixed number of bytes, padded with NUL. */
interface CharType {
  readonly kind: "char";
  /** Length in bytes. */
  readonly length: number;
  /** True when the last byte must be NUL. */
  readonly terminated: boolean;
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

/** C's flexible array member: elements behind the struct. The struct's size does not count them. */
interface FlexibleType {
  readonly kind: "flexible";
  readonly of: FieldType;
  /** The field that counts the elements. Without it, the elements fill the rest of the memory. */
  readonly count: string | undefined;
}

/** A struct inside the struct. */
export interface NestedType {
  readonly kind: "struct";
  readonly of: () => StructClass;
}

/** One of several structs in the same place. The discriminator's value selects it. */
interface UnionType {
  readonly kind: "union";
  /** A field that is declared above the union. */
  readonly discriminator: string;
  readonly of: () => Readonly<Record<string, StructClass>>;
}

/** The u64 address of an array in preserved memory; 0 is null. */
interface RefType {
  readonly kind: "ref";
  readonly of: () => StructClass;
}

/** Space without a value. Encoding writes zeros there. */
interface ReservedType {
  readonly kind: "reserved";
  readonly of: FieldType;
  /** True when decoding throws unless the space is zero. */
  readonly checked: boolean;
}

export type FieldType =
  | ScalarType
  | EnumType
  | BitsType
  | CharType
  | BytesType
  | ArrayType
  | FlexibleType
  | NestedType
  | UnionType
  | RefType
  | ReservedType;

/** A type of one kind. */
export type OfKind<K extends FieldType["kind"]> = Extract<FieldType, { kind: K }>;

/** One function per kind of type. Layouts, notations and checks are such tables. */
export type PerKind<R, Context = void> = {
  readonly [K in FieldType["kind"]]: (type: OfKind<K>, context: Context) => R;
};

/** Calls the table's function for the type's kind. */
export function perKind<R>(table: PerKind<R>, type: FieldType): R;
export function perKind<R, Context>(
  table: PerKind<R, Context>,
  type: FieldType,
  context: Context,
): R;
export function perKind<R, Context>(
  table: PerKind<R, Context>,
  type: FieldType,
  context?: Context,
): R {
  return (table[type.kind] as (type: FieldType, context?: Context) => R)(type, context);
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
  address: { ...u64, name: "address", value: "bigint", bounds: [0n, 2n ** 64n - 1n] },
  f32: { kind: "scalar", name: "f32", size: 4, value: "number", array: "f32", accessor: "Float32" },
  f64: { kind: "scalar", name: "f64", size: 8, value: "number", array: "f64", accessor: "Float64" },
  bool: { kind: "scalar", name: "bool", size: 1, value: "boolean", array: "u8", accessor: "Uint8" },
} as const satisfies Record<string, ScalarType>;

const EXPECTED: PerKind<string> = {
  scalar: ({ name, value, bounds }) => {
    if (value === "boolean") return "true or false";
    if (bounds === undefined) return `a ${name} number`;
    const [low, high] = bounds.map((bound) => (typeof bound === "bigint" ? `${bound}n` : bound));
    return `${value === "bigint" ? "a bigint" : "an integer"} from ${low} to ${high} (${name})`;
  },
  enum: ({ members }) => `one of ${[...members.values()].join(", ")}`,
  bits: ({ of, width }) => {
    const [low, high] = bitBounds(of, width);
    const suffix = of.value === "bigint" ? "n" : "";
    const range = `from ${low}${suffix} to ${high}${suffix} (${of.name}:${width})`;
    if (of.value === "boolean") return "true or false";
    return `${of.value === "bigint" ? "a bigint" : "an integer"} ${range}`;
  },
  char: ({ length, terminated }) =>
    `well-formed text without NUL, of at most ${terminated ? length - 1 : length} bytes in UTF-8`,
  bytes: ({ length }) => `a Uint8Array of ${length} bytes`,
  array: ({ length, of }) => `an array of ${length} elements, each ${perKind(EXPECTED, of)}`,
  flexible: ({ of, count }) =>
    `an array of elements, each ${perKind(EXPECTED, of)}${count ? `, as many as ${count} says` : ""}`,
  struct: ({ of }) => `an object with the fields of ${of().name}`,
  union: ({ of, discriminator }) =>
    `the struct that ${discriminator} names: ${Object.entries(of())
      .map(([value, { name }]) => `${value} ${name}`)
      .join(", ")}`,
  ref: ({ of }) => `an array of ${of().name}, or any iterable with a length`,
  reserved: () => "zeros",
};

/** Describes the values of the type, for the "expected" of an error message. */
export function expected(type: FieldType): string {
  return perKind(EXPECTED, type);
}

/** True for a signed integer type. */
export function isSigned({ name }: ScalarType): boolean {
  return name.startsWith("i");
}

/** The inclusive bounds of a bitfield. */
export function bitBounds(of: ScalarType, width: number): readonly [bigint, bigint] {
  if (isSigned(of)) return [-(2n ** BigInt(width - 1)), 2n ** BigInt(width - 1) - 1n];
  return [0n, 2n ** BigInt(width) - 1n];
}
