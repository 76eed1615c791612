import type { Endian } from "@luo/struct";

/**
 * The content of BTF as plain data: one descriptor per type, with the numbers and names of the kernel's
 * Documentation/bpf/btf.rst. Types refer to each other by id, which is the index in `Btf.types`.
 */
export interface Btf {
  readonly endian: Endian;
  /** Pointer size in bytes: the size of `long`, or 8 without a `long`. */
  readonly pointerSize: 4 | 8;
  /** The types by id. The type with id 0 is `void`. */
  readonly types: readonly BtfType[];
}

interface Named {
  /** The name in C, or empty. */
  readonly name: string;
}

interface Sized extends Named {
  /** Size in bytes. */
  readonly size: number;
}

interface Referring extends Named {
  /** The id of the type. */
  readonly of: number;
}

/** The type `void`, with id 0. */
export interface BtfVoid extends Named {
  readonly kind: "void";
}

export interface BtfInt extends Sized {
  readonly kind: "int";
  /** The number of bits of the value. In old BTF, fewer than the size has mean a bitfield. */
  readonly bits: number;
  /** The first bit of the value, for bitfields in old BTF. */
  readonly bitOffset: number;
  readonly encoding: { readonly signed: boolean; readonly char: boolean; readonly bool: boolean };
}

export interface BtfPointer extends Referring {
  readonly kind: "ptr";
}

export interface BtfArray extends Referring {
  readonly kind: "array";
  readonly index: number;
  /** The number of elements; 0 for `x[]` and `x[0]`. */
  readonly length: number;
}

export interface BtfMember extends Referring {
  /** The first bit, from the start of the struct, counted in the order of memory. */
  readonly bitOffset: number;
  /** The width of a bitfield in bits; undefined for any other member. */
  readonly bitWidth: number | undefined;
}

export interface BtfComposite extends Sized {
  readonly kind: "struct" | "union";
  readonly members: readonly BtfMember[];
}

export interface BtfEnum extends Sized {
  readonly kind: "enum" | "enum64";
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

export interface BtfForward extends Named {
  readonly kind: "fwd";
  readonly of: "struct" | "union";
}

/** Another name for a type, or an attribute on it. */
export interface BtfModifier extends Referring {
  readonly kind: "typedef" | "volatile" | "const" | "restrict" | "type_tag";
}

export interface BtfFunction extends Referring {
  readonly kind: "func";
  /** 0 static, 1 global, 2 extern. */
  readonly linkage: number;
}

export interface BtfPrototype extends Named {
  readonly kind: "func_proto";
  /** The id of the type that it returns. */
  readonly returns: number;
  /** A last parameter of type `void` without a name stands for C's `...`. */
  readonly parameters: readonly Referring[];
}

export interface BtfVariable extends Referring {
  readonly kind: "var";
  /** 0 static, 1 global, 2 extern. */
  readonly linkage: number;
}

export interface BtfSection extends Sized {
  readonly kind: "datasec";
  readonly variables: readonly {
    readonly of: number;
    readonly offset: number;
    readonly size: number;
  }[];
}

export interface BtfFloat extends Sized {
  readonly kind: "float";
}

export interface BtfTag extends Referring {
  readonly kind: "decl_tag";
  /** The index of the member or parameter; -1 for a tag on the type itself. */
  readonly component: number;
}

export type BtfType =
  | BtfVoid
  | BtfInt
  | BtfPointer
  | BtfArray
  | BtfComposite
  | BtfEnum
  | BtfForward
  | BtfModifier
  | BtfFunction
  | BtfPrototype
  | BtfVariable
  | BtfSection
  | BtfFloat
  | BtfTag;

export type BtfKind = BtfType["kind"];

type OfKind<K extends BtfKind, T extends BtfType = BtfType> = T extends unknown
  ? K extends T["kind"]
    ? T
    : never
  : never;

/** One function per kind of type. Checks, sizes and fields are such tables. */
export type PerKind<R, Context = void> = {
  readonly [K in BtfKind]: (type: OfKind<K>, context: Context) => R;
};

/** Calls the table's function for the type's kind. */
export function perKind<R, Context>(
  table: PerKind<R, Context>,
  type: BtfType,
  context: Context,
): R {
  return (table[type.kind] as (type: BtfType, context: Context) => R)(type, context);
}
