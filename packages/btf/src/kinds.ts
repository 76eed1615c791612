import type { Cursor } from "./cursor.js";
import type { BtfKind, BtfType } from "./types.js";

/** The words at the start of every type (`struct btf_type`). */
interface Head {
  readonly name: string;
  /** The number of members, values or parameters that follow. */
  readonly count: number;
  /** `kind_flag`: bit 31 of the info. */
  readonly flag: boolean;
  /** The size in bytes, or the id of another type, by kind. */
  readonly word: number;
}

interface Row {
  /** The size of each of the `count` items that follow, in bytes. */
  readonly item: number;
  readonly read: (head: Head, cursor: Cursor) => BtfType;
}

/** Reads the number of items that the head gives. */
const items = <T>({ count }: Head, read: () => T): T[] => Array.from({ length: count }, read);

/** A kind that is only a reference to another type. */
const reference = (
  kind: "ptr" | "typedef" | "volatile" | "const" | "restrict" | "type_tag",
): Row => ({
  item: 0,
  read: ({ name, word: of }) => ({ kind, name, of }),
});

const composite = (kind: "struct" | "union"): Row => ({
  item: 12,
  read: (head, cursor) => {
    const { name, word: size, flag } = head;
    const members = items(head, () => {
      const [name, of, word] = [cursor.name(), cursor.u32(), cursor.u32()];
      const bitOffset = flag ? word & 0xff_ffff : word;
      const bitWidth = (flag && word >>> 24) || undefined;
      return { name, of, bitOffset, bitWidth };
    });
    return { kind, name, size, members };
  },
});

/** The kinds in the order of their numbers, from 1: section 2.2 of Documentation/bpf/btf.rst. */
const ROWS: Record<Exclude<BtfKind, "void">, Row> = {
  int: {
    item: 0,
    read: ({ name, word: size }, cursor) => {
      const word = cursor.u32();
      const encoding = {
        signed: (word & 0x100_0000) !== 0,
        char: (word & 0x200_0000) !== 0,
        bool: (word & 0x400_0000) !== 0,
      };
      const [bits, bitOffset] = [word & 0xff, (word >>> 16) & 0xff];
      return { kind: "int", name, size, bits, bitOffset, encoding };
    },
  },
  ptr: reference("ptr"),
  array: {
    item: 0,
    read: ({ name }, cursor) => {
      const [of, index, length] = [cursor.u32(), cursor.u32(), cursor.u32()];
      return { kind: "array", name, of, index, length };
    },
  },
  struct: composite("struct"),
  union: composite("union"),
  enum: {
    item: 8,
    read: (head, cursor) => {
      const { name, word: size, flag: signed } = head;
      const values = items(head, () => {
        const [name, value] = [cursor.name(), cursor.u32()];
        return { name, value: BigInt(signed ? value | 0 : value) };
      });
      return { kind: "enum", name, size, signed, values };
    },
  },
  fwd: {
    item: 0,
    read: ({ name, flag }) => ({ kind: "fwd", name, of: flag ? "union" : "struct" }),
  },
  typedef: reference("typedef"),
  volatile: reference("volatile"),
  const: reference("const"),
  restrict: reference("restrict"),
  func: {
    // A func has no items: its count field holds the linkage.
    item: 0,
    read: ({ name, word: of, count: linkage }) => ({ kind: "func", name, of, linkage }),
  },
  func_proto: {
    item: 8,
    read: (head, cursor) => {
      const parameters = items(head, () => ({ name: cursor.name(), of: cursor.u32() }));
      return { kind: "func_proto", name: head.name, returns: head.word, parameters };
    },
  },
  var: {
    item: 0,
    read: ({ name, word: of }, cursor) => ({ kind: "var", name, of, linkage: cursor.u32() }),
  },
  datasec: {
    item: 12,
    read: (head, cursor) => {
      const { name, word: size } = head;
      const variables = items(head, () => {
        const [of, offset, size] = [cursor.u32(), cursor.u32(), cursor.u32()];
        return { of, offset, size };
      });
      return { kind: "datasec", name, size, variables };
    },
  },
  float: {
    item: 0,
    read: ({ name, word: size }) => ({ kind: "float", name, size }),
  },
  decl_tag: {
    item: 0,
    read: ({ name, word: of }, cursor) => ({ kind: "decl_tag", name, of, component: cursor.i32() }),
  },
  type_tag: reference("type_tag"),
  enum64: {
    item: 12,
    read: (head, cursor) => {
      const { name, word: size, flag: signed } = head;
      const values = items(head, () => {
        const [name, low, high] = [cursor.name(), cursor.u32(), cursor.u32()];
        const value = (BigInt(high) << 32n) | BigInt(low);
        return { name, value: signed ? BigInt.asIntN(64, value) : value };
      });
      return { kind: "enum64", name, size, signed, values };
    },
  },
};

const NUMBERED = Object.values(ROWS);

/**
 * Reads the type at the cursor.
 *
 * @throws {BtfError} when its kind is unknown, or it reaches beyond the type section
 */
export function readType(cursor: Cursor): BtfType {
  const start = cursor.offset;
  cursor.need(12);
  const [name, info, word] = [cursor.name(), cursor.u32(), cursor.u32()];
  const number = (info >>> 24) & 0x1f;
  const row = NUMBERED[number - 1];
  if (row === undefined) {
    cursor.offset = start;
    throw cursor.error(
      "LUO_BTF_TYPE",
      `kind ${number}`,
      `1 to ${NUMBERED.length}`,
      "the bytes are damaged, or of a kernel that is newer than this reader",
    );
  }
  const count = info & 0xffff;
  // The check comes before any allocation, so a false count cannot ask for more memory than the input.
  cursor.need(count * row.item);
  return row.read({ name, count, flag: info >>> 31 === 1, word }, cursor);
}
