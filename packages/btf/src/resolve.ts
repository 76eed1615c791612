import { BtfError } from "./errors.js";
import { type Btf, type BtfMember, type BtfType, type PerKind, perKind } from "./types.js";

/** Resolves ids of types. Recursion ends, because `checkTypes` bounds the depth. */

const sized = ({ size }: { readonly size: number }) => size;
const sizeless = () => undefined;
const modified = ({ of }: { readonly of: number }, btf: Btf) => sizeOfType(btf, of);

const SIZE: PerKind<number | undefined, Btf> = {
  void: sizeless,
  int: sized,
  ptr: (_, { pointerSize }) => pointerSize,
  array: ({ of, length }, btf) => {
    const size = sizeOfType(btf, of);
    return size === undefined ? undefined : size * length;
  },
  struct: sized,
  union: sized,
  enum: sized,
  fwd: sizeless,
  typedef: modified,
  volatile: modified,
  const: modified,
  restrict: modified,
  func: sizeless,
  func_proto: sizeless,
  var: sizeless,
  datasec: sizeless,
  float: sized,
  decl_tag: sizeless,
  type_tag: modified,
  enum64: sized,
};

/**
 * The size of a value of the type, in bytes. Undefined for a type without values, such as `void`, a
 * function or a section.
 *
 * @throws {BtfError} when there is no type with the id
 */
export function sizeOfType(btf: Btf, id: number): number | undefined {
  return perKind(SIZE, typeAt(btf, id), btf);
}

/** The type with an id. @throws {BtfError} when there is none */
export function typeAt({ types }: Btf, id: number): BtfType {
  const type = types[id];
  if (type !== undefined) return type;
  const found = `a reference to type ${id}`;
  const expected = `0 to ${types.length - 1}`;
  throw new BtfError("LUO_BTF_REFERENCE", { typeId: id }, found, expected, "the bytes are damaged");
}

/** The type behind typedefs and qualifiers. */
export function unmodified(btf: Btf, id: number): { id: number; type: BtfType } {
  const type = typeAt(btf, id);
  switch (type.kind) {
    case "typedef":
    case "volatile":
    case "const":
    case "restrict":
    case "type_tag":
      return unmodified(btf, type.of);
    default:
      return { id, type };
  }
}

/**
 * The place of a bitfield; undefined for any other member. In old BTF the integer holds the bits, and
 * not the member.
 */
export function bitfield(btf: Btf, { of, bitOffset, bitWidth }: BtfMember) {
  if (bitWidth !== undefined) return { bitOffset, width: bitWidth };
  const { type } = unmodified(btf, of);
  if (type.kind !== "int" || type.bits === type.size * 8) return undefined;
  return { bitOffset: bitOffset + type.bitOffset, width: type.bits };
}
