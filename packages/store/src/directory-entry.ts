import type { Location } from "@luo/memory";
import { layoutOf, type Memory, offsetOf } from "@luo/struct";
import { Copy, EntryHeader } from "./image-records.js";
import type { ImageSchema } from "./schemas.js";

/** Bytes of an entry before its copies. */
export const ENTRY_BYTES = layoutOf(EntryHeader).size;
/**
 * Bytes from the start of an entry to the length of its identifier, to the number of its copies, and
 * to its reserved bytes, a u32.
 */
export const LENGTH_OFFSET = offsetOf(EntryHeader, "length");
export const COPIES_OFFSET = offsetOf(EntryHeader, "copies");
export const UNUSED_OFFSET = offsetOf(EntryHeader, "unused");

const COPY_BYTES = layoutOf(Copy).size;
/** Bytes from a copy to the index of its schema. */
export const SCHEMA_OFFSET = offsetOf(Copy, "schema");

/** Gives the bytes from the start of an entry to its identifier. */
export const keyOffset = (copies: number) => ENTRY_BYTES + copies * COPY_BYTES;

/**
 * Checks the copies of an entry, which must be versions of one family, the newest first. Gives what
 * is wrong, to complete "a directory entry ...".
 */
export function entryProblem(
  memory: Memory,
  offset: number,
  copies: number,
  schemas: readonly ImageSchema[],
): string | undefined {
  if (memory.u32[(offset + UNUSED_OFFSET) / 4] !== 0) return "has reserved bytes that are not zero";
  let before: ImageSchema | undefined;
  for (let copy = 0; copy < copies; copy++) {
    const index = memory.u32[(offset + keyOffset(copy) + SCHEMA_OFFSET) / 4] ?? 0;
    const schema = schemas[index];
    if (schema === undefined) return `has layout ${index} of ${schemas.length}`;
    if (before !== undefined && before.family !== schema.family) {
      return `has copies of the families ${before.family} and ${schema.family}, expected one`;
    }
    if (before !== undefined && before.version <= schema.version) {
      return `has version ${schema.version} behind version ${before.version}, expected the newest first`;
    }
    before = schema;
  }
  return undefined;
}

/** Bytes of an identifier with its padding. */
export const padded = (bytes: number) => (bytes + 7) & ~7;

/**
 * Measures an entry: the bytes of its identifier (`size`), the offset of the identifier in the memory
 * (`key`), and the bytes of the entry (`length`).
 */
export function measureEntry({ memory, offset }: Location) {
  const size = memory.u16[(offset + LENGTH_OFFSET) / 2] as number;
  const copies = memory.u16[(offset + COPIES_OFFSET) / 2] as number;
  const key = offset + keyOffset(copies);
  return { size, key, length: key + padded(size) - offset };
}
