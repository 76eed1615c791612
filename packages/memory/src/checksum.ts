import { BoundsError, type Memory } from "@luo/struct";

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/**
 * XXH32 of a range of memory with seed 0, an unsigned 32-bit integer. It goes through whole words at
 * several bytes per nanosecond. See "XXH32 algorithm description" in xxHash's specification.
 *
 * @param start where the range begins in the memory; a multiple of 4
 * @param length in bytes
 * @throws {BoundsError} when it does not lie within the memory
 * @throws {DetachedError} when the memory is gone
 */
export function checksum(memory: Memory, start: number, length: number): number {
  const { u8, u32, base, byteLength } = memory;
  if (start + length > byteLength) {
    throw new BoundsError("what is to be checked", start, length, byteLength);
  }
  // Here, and as signed integers, they become operands of the multiplications.
  const P1 = 0x9e3779b1 | 0;
  const P2 = 0x85ebca77 | 0;
  const P3 = 0xc2b2ae3d | 0;
  const P4 = 0x27d4eb2f | 0;
  const P5 = 0x165667b1 | 0;
  const from = base + start;
  // Positions in words are 32-bit integers, up to 16 GiB: as floating-point numbers they would be slow.
  let at = (from / 4) >>> 0;
  let hash = P5;
  if (length >= 16) {
    let a = (P1 + P2) | 0;
    let b = P2;
    let c = 0;
    let d = -P1 | 0;
    const end = at + ((length / 16) >>> 0) * 4;
    for (; at < end; at += 4) {
      a = (a + Math.imul(u32[at] as number, P2)) | 0;
      b = (b + Math.imul(u32[at + 1] as number, P2)) | 0;
      c = (c + Math.imul(u32[at + 2] as number, P2)) | 0;
      d = (d + Math.imul(u32[at + 3] as number, P2)) | 0;
      a = Math.imul((a << 13) | (a >>> 19), P1);
      b = Math.imul((b << 13) | (b >>> 19), P1);
      c = Math.imul((c << 13) | (c >>> 19), P1);
      d = Math.imul((d << 13) | (d >>> 19), P1);
    }
    hash = (rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)) | 0;
  }
  hash = (hash + length) | 0;
  const words = ((from + length) / 4) >>> 0;
  for (; at < words; at++) {
    hash = Math.imul(rotate((hash + Math.imul(u32[at] as number, P3)) | 0, 17), P4);
  }
  for (let byte = at * 4; byte < from + length; byte++) {
    hash = Math.imul(rotate((hash + Math.imul(u8[byte] as number, P5)) | 0, 11), P1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
