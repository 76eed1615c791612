import type { Memory } from "../memory.js";

/** An aligned number that holds a whole bitfield, and the place of the bitfield in it. */
export interface BitUnit {
  /** Size in bytes. */
  readonly size: 1 | 2 | 4 | 8;
  /** From the start of the struct, in bytes. */
  readonly offset: number;
  /** The number of bits below the bitfield. */
  readonly shift: number;
}

/** The smallest `BitUnit` of a bitfield in a struct of `structSize` bytes; undefined when none fits. */
export function bitUnit(
  bitOffset: number,
  width: number,
  structSize: number,
  big: boolean,
): BitUnit | undefined {
  for (const size of [1, 2, 4, 8] as const) {
    const offset = Math.floor(bitOffset / (size * 8)) * size;
    const first = bitOffset - offset * 8;
    if (first + width <= size * 8 && offset + size <= structSize) {
      return { size, offset, shift: big ? size * 8 - first - width : first };
    }
  }
  return undefined;
}

/**
 * Reads a bitfield bit by bit. Packed bitfields need this when no aligned number holds them.
 *
 * @param position the absolute position of the first byte
 * @param first the first bit in that byte, counted as in `FieldLayout.bitOffset`
 */
export function readBits(
  { u8 }: Memory,
  position: number,
  first: number,
  width: number,
  big: boolean,
): bigint {
  let value = 0n;
  for (let bit = 0; bit < width; bit++) {
    const at = first + bit;
    const byte = u8[position + (at >> 3)] as number;
    const one = BigInt((byte >> (big ? 7 - (at & 7) : at & 7)) & 1);
    value = big ? (value << 1n) | one : value | (one << BigInt(bit));
  }
  return value;
}

/** Writes a bitfield bit by bit, over its previous value; the parameters are those of `readBits`. */
export function writeBits(
  { u8 }: Memory,
  position: number,
  first: number,
  width: number,
  big: boolean,
  value: bigint,
): void {
  for (let bit = 0; bit < width; bit++) {
    const at = first + bit;
    const mask = 1 << (big ? 7 - (at & 7) : at & 7);
    const one = (value >> BigInt(big ? width - 1 - bit : bit)) & 1n;
    const index = position + (at >> 3);
    const byte = u8[index] as number;
    u8[index] = one === 1n ? byte | mask : byte & ~mask;
  }
}
