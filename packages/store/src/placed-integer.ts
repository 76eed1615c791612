import type { FieldType, StructLayout } from "@luo/struct";

/**
 * The place of an integer field that another field depends on, such as the count of a flexible
 * array. A scalar is read as a bitfield of all its bits, which begins with the first bit of its
 * first byte.
 */
export interface PlacedInteger {
  /** Bytes from the start of the struct to the byte with its first bit. */
  readonly offset: number;
  /** Its first bit in that byte, 0 to 7, counted as in `FieldLayout.bitOffset`. */
  readonly first: number;
  /** Width in bits, 1 to 64. */
  readonly width: number;
  readonly signed: boolean;
  readonly big: boolean;
  /**
   * Gives the number that stands in memory for a value written as text; undefined when there is
   * none.
   */
  numberOf(value: string): number | bigint | undefined;
}

const known = new WeakMap<StructLayout, Map<string, PlacedInteger>>();

/**
 * Gives the place of an integer, bitfield or enum field by its name; every checked layout has it.
 */
export function integerIn(layout: StructLayout, name: string): PlacedInteger {
  const integers = known.get(layout) ?? new Map<string, PlacedInteger>();
  known.set(layout, integers);
  const found = integers.get(name) ?? place(layout, name);
  integers.set(name, found);
  return found;
}

function place({ name: struct, fields }: StructLayout, name: string): PlacedInteger {
  const field = fields.find((candidate) => candidate.name === name);
  const of = field && integerType(field.type);
  if (field === undefined || of === undefined) {
    throw new TypeError(`${struct} has no integer ${name}, which is a fault of its layout`);
  }
  const { type, offset, bitOffset = 0, endian } = field;
  return {
    offset,
    first: bitOffset % 8,
    width: type.kind === "bits" ? type.width : of.size * 8,
    signed: of.name.startsWith("i"),
    big: endian === "big",
    numberOf: type.kind === "enum" ? numberOfMember(type.members) : numberOf,
  };
}

function integerType(type: FieldType) {
  if (type.kind === "scalar") return type;
  return type.kind === "enum" || type.kind === "bits" ? type.of : undefined;
}

/**
 * Reads an integer from text; undefined when the text is none. It is a number up to 2^53, because
 * comparing numbers allocates nothing, and a bigint beyond.
 */
function numberOf(value: string): number | bigint | undefined {
  if (!/^(?:0|-?[1-9]\d{0,19})$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}

function numberOfMember(members: ReadonlyMap<number, number | string>) {
  const numbers = new Map(Array.from(members, ([number, member]) => [`${member}`, number]));
  return (value: string) => numbers.get(value);
}

/** Reads the integer of the struct at `start`: a number, or a bigint when no number can hold it. */
export function readInteger(
  { offset, first, width, signed, big }: PlacedInteger,
  view: DataView,
  start: number,
): number | bigint {
  const at = start + offset;
  if (width <= 32) {
    const value = readBits(view, at, first, width, big);
    return signed && value >= 2 ** (width - 1) ? value - 2 ** width : value;
  }
  // The upper bits of a big-endian number come first in memory; otherwise the lower ones do.
  const second = first + (big ? width - 32 : 32);
  const [upper, lower] = big
    ? [readBits(view, at, first, width - 32, big), readBits(view, at, second, 32, big)]
    : [readBits(view, at, second, width - 32, big), readBits(view, at, first, 32, big)];
  const top = signed && upper >= 2 ** (width - 33) ? upper - 2 ** (width - 32) : upper;
  const value = top * 2 ** 32 + lower;
  return Number.isSafeInteger(value) ? value : (BigInt(top) << 32n) + BigInt(lower);
}

/** Reads up to 32 bits, starting with the bit `first` counted from the byte at `at`. */
function readBits(view: DataView, at: number, first: number, width: number, big: boolean): number {
  if (width === 32 && first % 8 === 0) return view.getUint32(at + first / 8, !big);
  let value = 0;
  for (let done = 0; done < width; ) {
    const bit = first + done;
    const skipped = bit & 7;
    const count = Math.min(8 - skipped, width - done);
    const byte = view.getUint8(at + (bit >> 3));
    const part = (byte >> (big ? 8 - skipped - count : skipped)) & ((1 << count) - 1);
    value = big ? value * 2 ** count + part : value + part * 2 ** done;
    done += count;
  }
  return value;
}
