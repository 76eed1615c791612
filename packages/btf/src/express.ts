import {
  address,
  bool,
  type FieldType,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  type ScalarType,
  type StructClass,
  u8,
  u16,
  u32,
  u64,
} from "@luo/struct";
import { identifier } from "./names.js";
import { bitfield, typeAt, unmodified } from "./resolve.js";
import {
  type Btf,
  type BtfEnum,
  type BtfMember,
  type BtfModifier,
  type PerKind,
  perKind,
} from "./types.js";

/** The classes and enums with which member types are expressed. */
export interface Scope {
  readonly btf: Btf;
  /** The class of a struct or union. The hint names it if it has no name in C. */
  readonly structOf: (typeId: number, hint: string) => StructClass;
  readonly enumOf: (typeId: number, hint: string, integer: ScalarType) => FieldType;
  /** The class for a type without a scalar in luo: `size` bytes with an alignment of `align`. */
  readonly opaqueOf: (name: string, size: number, align: number) => StructClass;
}

interface Place {
  readonly scope: Scope;
  readonly typeId: number;
  readonly hint: string;
}

const scalar = ({ type }: { readonly type: FieldType }) => type as ScalarType;

/** The unsigned and the signed integer, by size in bytes. */
const INTEGERS: Readonly<Record<number, readonly [ScalarType, ScalarType]>> = {
  1: [scalar(u8), scalar(i8)],
  2: [scalar(u16), scalar(i16)],
  4: [scalar(u32), scalar(i32)],
  8: [scalar(u64), scalar(i64)],
};

const FLOATS: Readonly<Record<number, ScalarType>> = { 4: scalar(f32), 8: scalar(f64) };

function integer(size: number, signed: boolean): ScalarType | undefined {
  return INTEGERS[size]?.[signed ? 1 : 0];
}

/**
 * Bytes with the alignment of a C compiler: the largest power of two that divides the size, at most
 * 16.
 */
function opaque(name: string, size: number, { scope }: Place): FieldType {
  const made = scope.opaqueOf(name, size, Math.min(16, size & -size));
  return { kind: "struct", of: () => made };
}

const composite = (_: unknown, { scope, typeId, hint }: Place): FieldType => {
  const made = scope.structOf(typeId, hint);
  return { kind: "struct", of: () => made };
};

/**
 * True when the values of an enum are signed. BTF from before Linux 6.0 has no sign. A member then says
 * it, when its value is negative and `width` bits hold it with a sign only. A value such as 0xffffffff
 * in an enum of 4 bytes can be either, and stays unsigned.
 */
function isSignedEnum({ kind, signed, values }: BtfEnum, width: number): boolean {
  if (signed) return true;
  const bits = kind === "enum64" ? 64 : 32;
  const negative = ({ value }: BtfEnum["values"][number]) => BigInt.asUintN(width, value) !== value;
  const fits = ({ value }: BtfEnum["values"][number]) =>
    BigInt.asIntN(width, value) === BigInt.asIntN(bits, value);
  return values.some(negative) && values.every(fits);
}

const enumeration = (type: BtfEnum, { scope, typeId, hint }: Place): FieldType => {
  const { size } = type;
  const of = integer(size, isSignedEnum(type, size * 8)) ?? scalar(u8);
  // `@enumeration` takes only integers whose values are numbers, so bigints stay plain integers.
  return of.value === "number" ? scope.enumOf(typeId, hint, of) : of;
};

const behind = ({ kind, name, of }: BtfModifier, { scope, hint }: Place): FieldType =>
  fieldType(scope, of, kind === "typedef" ? identifier(name) : hint);

const valueless = ({ kind }: { readonly kind: string }): never => {
  throw new TypeError(`${kind} has no values; readBtf lets none lie in a struct`);
};

const FIELD: PerKind<FieldType, Place> = {
  void: valueless,
  int: ({ name, size, encoding }, place) => {
    if (encoding.bool && size === 1) return bool.type;
    return integer(size, encoding.signed) ?? opaque(name, size, place);
  },
  ptr: (_, { scope }) => (scope.btf.pointerSize === 8 ? address.type : u32.type),
  array: ({ of, length }, { scope, hint }) => {
    const { type } = unmodified(scope.btf, of);
    const raw = type.kind === "int" && type.size === 1 && !type.encoding.bool;
    // Arrays of unsigned bytes and of char are raw bytes, because the encoding of char is unknown. Other
    // signed bytes are numbers.
    if (raw && length > 0 && (!type.encoding.signed || type.name === "char")) {
      return { kind: "bytes", length };
    }
    return { kind: "array", of: fieldType(scope, of, hint), length };
  },
  struct: composite,
  union: composite,
  enum: enumeration,
  fwd: valueless,
  typedef: behind,
  volatile: behind,
  const: behind,
  restrict: behind,
  func: valueless,
  func_proto: valueless,
  var: valueless,
  datasec: valueless,
  float: ({ name, size }, place) => FLOATS[size] ?? opaque(name, size, place),
  decl_tag: valueless,
  type_tag: behind,
  enum64: enumeration,
};

/** The luo type of a BTF type. */
function fieldType(scope: Scope, typeId: number, hint: string): FieldType {
  return perKind(FIELD, typeAt(scope.btf, typeId), { scope, typeId, hint });
}

/** The luo type of a member; undefined for a bitfield of an integer that luo does not have. */
export function memberType(scope: Scope, member: BtfMember, hint: string): FieldType | undefined {
  const width = bitfield(scope.btf, member)?.width;
  if (width === undefined) return fieldType(scope, member.of, hint);
  const { type } = unmodified(scope.btf, member.of);
  if (type.kind !== "int" && type.kind !== "enum" && type.kind !== "enum64") return undefined;
  const isBool = type.kind === "int" && type.encoding.bool && type.size === 1 && width === 1;
  const signed = type.kind === "int" ? type.encoding.signed : isSignedEnum(type, width);
  const of = isBool ? scalar(bool) : integer(type.size, signed);
  return of && { kind: "bits", of, width };
}
