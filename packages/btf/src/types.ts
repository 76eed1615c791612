import type { Endian } from "@luo/struct";

/**
 * What BTF says, as plain data: one descriptor per type, as the kernel's Documentation/bpf/btf.rst
 * numbers and names them. Types refer to each other by id, which is the index in `Btf.types`.
 */
export interface Btf {
  readonly endian: Endian;
  /** In bytes: the size of `long`, and 8 where there is none. */
  readonly pointerSize: 4 | 8;
  /** By id; that at 0 is `void`. */
  readonly types: readonly BtfType[];
}

interface Named {
  /** Empty where C has none. */
  readonly name: string;
}

interface Sized extends Named {
  /** In bytes. */
  readonly size: number;
}

interface Referring extends Named {
  /** The id of the type. */
  readonly of: number;
}

/** Nothing. */
export interface BtfVoid extends Named {
  readonly kind: "void";
}

export interface BtfInt extends Sized {
  readonly kind: "int";
  /** Of the value; fewer than the size has in bitfields of old. */
  readonly bits: number;
  /** The value's first bit, in bitfields of old. */
  readonly bitOffset: number;
  readonly encoding: { readonly signed: boolean; readonly char: boolean; readonly bool: boolean };
}

export interface BtfPointer extends Referring {
  readonly kind: "ptr";
}

export interface BtfArray extends Referring {
  readonly kind: "array";
  readonly index: number;
  /** 0 where C says `x[]` or `x[0]`. */
  readonly length: number;
}

export interface BtfMember extends Referring {
  /** From the start of the struct; of a bitfield, its first bit as memory has it. */
  readonly bitOffset: number;
  /** In bits; undefined unless it is a bitfield. */
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
  /** The last one is `void` and without a name where C says `...`. */
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
  /** The index of the member or parameter; -1 where it belongs to the type itself. */
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

/** One function per kind: how types are checked, measured and expressed. */
export type PerKind<R, Context = void> = {
  readonly [K in BtfKind]: (type: OfKind<K>, context: Context) => R;
};

/** Applies the function of a table that belongs to the type's kind. */
export function perKind<R, Context>(
  table: PerKind<R, Context>,
  type: BtfType,
  context: Context,
): R {
  return (table[type.kind] as (type: BtfType, context: Context) => R)(type, context);
}
