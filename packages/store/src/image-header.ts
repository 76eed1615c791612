import { checksum, PAGE_SIZE } from "@luo/memory";
import { char, codecOf, LuoStruct, Memory, show, u32, u64 } from "@luo/struct";
import { BadImageError } from "./errors.js";

const MAGIC = "luo-img";

/** The version of the format that docs/FORMAT.md specifies. */
export const FORMAT = 2;

/** As a little-endian machine writes it: 04 03 02 01. */
const BYTE_ORDER = 0x0102_0304;

/** Bytes between the first root and the second; the rest of the first page is zero. */
const SLOT = 2048;

/** Where everything else begins: one complete generation of an image. */
@LuoStruct(0, { family: "luo.root" })
export class Root {
  @char(8) magic = MAGIC;
  @u32 format = FORMAT;
  @u32 pageSize = PAGE_SIZE;
  @u32 byteOrder = BYTE_ORDER;
  /** XXH32 of the schemas. */
  @u32 schemasChecksum = 0;
  /** Counts the generations, from 1. */
  @u64.number generation = 0;
  /** Bytes of the address space, a multiple of the page size. */
  @u64.number length = 0;
  /** Address of the newest directory segment; 0 when there is no object. */
  @u64.number directory = 0;
  /** Identifiers that hold an object. */
  @u64.number objects = 0;
  /** Address and length in bytes of the schemas, which are JSON. */
  @u64.number schemas = 0;
  @u64.number schemasLength = 0;
  /** Address of the first block of the list of resident pools; 0 when there are none. */
  @u64.number pools = 0;
  @u32 reserved = 0;
  /** XXH32 of the root up to here. */
  @u32 checksum = 0;
}

const codec = codecOf(Root);
const sumAt = codec.size - 4;

/**
 * Writes the root of a generation over that of the last but one. The checksum comes last: whenever
 * the program ends before, the root of the last generation is the newest that is valid.
 */
export function writeRoot(memory: Memory, root: Root): void {
  const slot = (root.generation % 2) * SLOT;
  const draft = new Memory(new ArrayBuffer(codec.size));
  codec.encode(root, draft, 0);
  memory.u8.set(draft.u8.subarray(0, sumAt), slot);
  Atomics.store(memory.u32, (slot + sumAt) / 4, checksum(draft, 0, sumAt));
}

/**
 * Whether a root was ever completed in memory that was zeros before. Its checksum is written last, so
 * a program that ended in the midst of its first leaves none.
 */
export function isSealed(memory: Memory): boolean {
  if (memory.byteLength < PAGE_SIZE) return false;
  return [0, SLOT].some((slot) => memory.view.getUint32(slot + sumAt, true) !== 0);
}

/**
 * The newest root that is valid.
 *
 * @param memory the first segment
 * @param byteLength bytes of all segments
 * @throws {BadImageError} that tells what is wrong
 */
export function readRoot(memory: Memory, byteLength: number): Root {
  if (memory.byteLength < PAGE_SIZE) {
    const found = `its length is ${memory.byteLength} bytes`;
    throw new BadImageError(`${found}, expected at least ${PAGE_SIZE}`);
  }
  const found = [0, SLOT].map((slot) => readSlot(memory, byteLength, slot));
  const roots = found.filter((root) => root instanceof Root);
  const [newest] = roots.sort((a, b) => b.generation - a.generation);
  if (newest !== undefined) return newest;
  // An empty slot says less than one that was written to.
  const problems = found.filter((root) => typeof root === "string");
  const problem = problems.find((text) => !text.startsWith("the magic")) ?? problems[0];
  throw new BadImageError(problem ?? "it has no root");
}

/** A root, or what is wrong with it. */
function readSlot(memory: Memory, byteLength: number, slot: number): Root | string {
  const magic = String.fromCharCode(...memory.bytes(slot, MAGIC.length));
  const sum = checksum(memory, slot, sumAt);
  const differs = (what: string, found: unknown, expected: unknown) =>
    `${what} is ${show(found)}, expected ${expected}`;
  if (magic !== MAGIC) {
    return differs("the magic", magic, `${show(MAGIC)}; it was never sealed, or is something else`);
  }
  const format = memory.view.getUint32(slot + 8, true);
  if (format !== FORMAT) {
    return differs("the format", format, `${FORMAT}; use a release of luo that knows it`);
  }
  const written = memory.view.getUint32(slot + sumAt, true);
  if (written !== sum) return differs("the checksum of the root", written, sum);
  let root: Root;
  try {
    root = codec.decode(memory, slot);
  } catch (error) {
    return `the root is not decodable: ${error instanceof Error ? error.message : error}`;
  }
  if (root.byteOrder !== BYTE_ORDER) return differs("the byte order", root.byteOrder, BYTE_ORDER);
  if (root.pageSize !== PAGE_SIZE) return differs("the page size", root.pageSize, PAGE_SIZE);
  const fits =
    root.length >= PAGE_SIZE && root.length % PAGE_SIZE === 0 && root.length <= byteLength;
  if (!fits) {
    const expected = `a multiple of ${PAGE_SIZE} up to the ${byteLength} bytes that there are`;
    return differs("the length in the root", root.length, expected);
  }
  return root;
}
