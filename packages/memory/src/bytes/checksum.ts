import { BoundsError, type Memory } from "@luo/struct";

// Each function has its own constants, as signed integers, so that they become immediate operands.

/** Words per call of `mix`: an engine soon compiles a short function that is called often. */
const BLOCK = 1024;

/** The four lanes, shared by all calls: `checksum` is synchronous, so only one call uses them. */
const lanes = new Int32Array(4);

/** Mixes words into the lanes, four at a time. */
function mix(u32: Uint32Array, start: number, end: number): void {
  const P1 = 0x9e3779b1 | 0;
  const P2 = 0x85ebca77 | 0;
  let a = lanes[0] as number;
  let b = lanes[1] as number;
  let c = lanes[2] as number;
  let d = lanes[3] as number;
  for (let at = start; at < end; at = (at + 4) | 0) {
    a = (a + Math.imul(u32[at] as number, P2)) | 0;
    b = (b + Math.imul(u32[at + 1] as number, P2)) | 0;
    c = (c + Math.imul(u32[at + 2] as number, P2)) | 0;
    d = (d + Math.imul(u32[at + 3] as number, P2)) | 0;
    a = Math.imul((a << 13) | (a >>> 19), P1);
    b = Math.imul((b << 13) | (b >>> 19), P1);
    c = Math.imul((c << 13) | (c >>> 19), P1);
    d = Math.imul((d << 13) | (d >>> 19), P1);
  }
  lanes[0] = a;
  lanes[1] = b;
  lanes[2] = c;
  lanes[3] = d;
}

/** Mixes all words and gives the four lanes combined into one. */
function stripes(u32: Uint32Array, start: number, end: number): number {
  const P1 = 0x9e3779b1 | 0;
  const P2 = 0x85ebca77 | 0;
  lanes[0] = P1 + P2;
  lanes[1] = P2;
  lanes[2] = 0;
  lanes[3] = -P1;
  for (let at = start; at < end; at += BLOCK) mix(u32, at, Math.min(at + BLOCK, end));
  const a = lanes[0] as number;
  const b = lanes[1] as number;
  const c = lanes[2] as number;
  const d = lanes[3] as number;
  const ab = ((a << 1) | (a >>> 31)) + ((b << 7) | (b >>> 25));
  const cd = ((c << 12) | (c >>> 20)) + ((d << 18) | (d >>> 14));
  return (ab + cd) | 0;
}

/**
 * Takes the place of a checksum that was not computed, because no fault can change the memory: the
 * letters "none". Bytes whose XXH32 happens to be this number are never checked.
 */
export const NOT_COMPUTED = 0x656e_6f6e;

/**
 * Computes the XXH32 of a range of memory with seed 0, an unsigned 32-bit integer. It reads several
 * bytes per nanosecond. See "XXH32 algorithm description" in the specification of xxHash.
 *
 * @param start offset of the range in the memory, in bytes; a multiple of 4
 * @param length bytes of the range
 * @throws {BoundsError} when the range is not within the memory
 * @throws {DetachedError} when the memory is gone
 */
export function checksum(memory: Memory, start: number, length: number): number {
  const { base, byteLength } = memory;
  if (start + length > byteLength) {
    throw new BoundsError("what is to be checked", start, length, byteLength);
  }
  const P2 = 0x85ebca77 | 0;
  const P3 = 0xc2b2ae3d | 0;
  const P4 = 0x27d4eb2f | 0;
  const P5 = 0x165667b1 | 0;
  let { u8, u32 } = memory;
  let from = base + start;
  // Positions stay signed 32-bit integers, because floating-point numbers would be slow.
  if (from + length > 2 ** 33) {
    u8 = u8.subarray(from, from + length);
    u32 = u32.subarray(from / 4, Math.ceil((from + length) / 4));
    from = 0;
  }
  let at = (from / 4) | 0;
  let hash = P5;
  if (length >= 16) {
    const end = at + ((length / 16) | 0) * 4;
    hash = stripes(u32, at, end);
    at = end;
  }
  hash = (hash + length) | 0;
  const words = ((from + length) / 4) | 0;
  for (; at < words; at++) {
    hash = (hash + Math.imul(u32[at] as number, P3)) | 0;
    hash = Math.imul((hash << 17) | (hash >>> 15), P4);
  }
  for (let byte = at * 4; byte < from + length; byte++) {
    hash = (hash + Math.imul(u8[byte] as number, P5)) | 0;
    hash = Math.imul((hash << 11) | (hash >>> 21), 0x9e3779b1 | 0);
  }
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
