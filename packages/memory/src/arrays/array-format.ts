import { codecOf, LuoStruct, u32, u64 } from "@luo/struct";
import type { AddressSpace } from "../bytes/address-space.js";
import { CheckedCodec } from "../bytes/checked-codec.js";
import { BadAddressError, hex } from "../bytes/errors.js";

/**
 * The header of an array. An array is a header, a table and extents: a field holds the address of
 * the header, the header that of the table, and the table lists the extents. Extents hold nothing
 * but elements. An array grows by further extents, so nothing in memory ever moves.
 */
@LuoStruct(0, { family: "luo.array" })
export class ArrayHeader {
  /** Elements in use. */
  @u64.number count = 0;
  /** The layout fingerprint of the element's class. */
  @u64 fingerprint = 0n;
  /** Address of the table; 0 when there is none. */
  @u64.number table = 0;
  /** Entries in the table. */
  @u32 extents = 0;
  /** Bytes per element. */
  @u32 elementSize = 0;
  /** XXH32 of the table's entries. */
  @u32 tableChecksum = 0;
  /** XXH32 of the header up to here. */
  @u32 checksum = 0;
}

/** Room for elements in a row. Every extent but the last is full; the last holds at least one. */
@LuoStruct(0, { family: "luo.extent" })
export class ArrayExtent {
  /** Address of the first element. */
  @u64.number address = 0;
  /** Elements that fit, at least 1. */
  @u32 capacity = 0;
  /** XXH32 of the elements in use. */
  @u32 checksum = 0;
}

const headerCodec = new CheckedCodec(ArrayHeader);
const extentCodec = codecOf(ArrayExtent);

/** Bytes of an array's header. */
export const HEADER_BYTES = headerCodec.size;

/**
 * Gives the bytes to allocate for a table of so many entries. The table has room for a power of
 * two, so that a growing array rarely needs another one.
 */
export const tableBytes = (extents: number) =>
  extents === 0 ? 0 : 2 ** Math.ceil(Math.log2(extents)) * extentCodec.size;

/** An array as its owner and messages identify it. */
export interface ArrayIdentity {
  /** Address of the header. */
  readonly address: bigint | number;
  /** The name of the element's struct. */
  readonly name: string;
}

/** Writes the table and then the header, each with its checksum. */
export function writeArray(
  memory: AddressSpace,
  address: number,
  header: Pick<ArrayHeader, "count" | "fingerprint" | "table" | "elementSize">,
  extents: readonly ArrayExtent[],
): void {
  const { count, fingerprint, table, elementSize } = header;
  const own = memory.at(address);
  const listed = extents.length > 0 ? memory.at(table) : own;
  extentCodec.encodeArray(extents, listed.memory, listed.offset);
  const tableChecksum = memory.checksumOf(listed, extents.length * extentCodec.size);
  const whole: ArrayHeader = {
    count,
    fingerprint,
    table,
    extents: extents.length,
    elementSize,
    tableChecksum,
    checksum: 0,
  };
  headerCodec.encode(whole, own.memory, own.offset);
}

/**
 * Reads and checks the header of an array, whatever the layout of its elements. It does not read
 * the table.
 *
 * @param elementSize bytes per element that the reader expects
 * @throws {BadAddressError} when the header is outside the memory, damaged, or inconsistent
 */
export function readArrayHeader(
  memory: AddressSpace,
  { address, name }: ArrayIdentity,
  elementSize: number,
): ArrayHeader {
  const bad = wrong(address, name);
  const at = memory.locate(address, HEADER_BYTES, `the header of an array of ${name}`);
  const mismatch = headerCodec.mismatch(at.memory, at.offset);
  if (mismatch !== undefined) {
    bad("a header with another checksum", hex(mismatch.found));
  }
  const header = headerCodec.decode(at.memory, at.offset);
  const { count, extents } = header;
  if (header.elementSize !== elementSize) {
    bad(`elements of ${header.elementSize} bytes`, `${elementSize}`);
  }
  if (extents === 0 && count > 0) bad(`it counts ${count} elements, but has no extents`);
  if (extents > count) bad(`it counts ${count} elements, but has ${extents} extents`);
  return header;
}

/**
 * Reads and checks the table of an array, and gives the extents that it lists.
 *
 * @throws {BadAddressError} when the table is damaged, or an extent is outside the memory, has no
 *   room, or lies behind the last element
 */
export function readArrayTable(
  memory: AddressSpace,
  { address, name }: ArrayIdentity,
  { count, extents, table, elementSize, tableChecksum }: ArrayHeader,
): readonly ArrayExtent[] {
  if (extents === 0) return [];
  const bad = wrong(address, name);
  const length = extents * extentCodec.size;
  const at = memory.locate(table, tableBytes(extents), `the table of an array of ${name}`);
  const found = memory.mismatch(at, length, tableChecksum);
  if (found !== undefined) {
    bad(`a table with checksum ${hex(found)}`, hex(tableChecksum));
  }
  const list: ArrayExtent[] = [];
  let room = 0;
  // Each entry is checked before the next is decoded, so a large forged table fails early.
  for (let entry = at.offset; entry < at.offset + length; entry += extentCodec.size) {
    const extent = extentCodec.decode(at.memory, entry);
    const { address, capacity } = extent;
    if (capacity === 0) bad("it has an extent without room");
    if (room >= count) bad(`it counts ${count} elements, but has extents behind those for ${room}`);
    const what = `an extent with ${capacity} elements of ${name}`;
    memory.locate(address, capacity * elementSize, what);
    list.push(extent);
    room += capacity;
    if (room * elementSize > memory.end) bad("it has extents that overlap");
  }
  if (count > room) bad(`it counts ${count} elements, but its extents hold ${room}`);
  return list;
}

/** Gives a function that throws an error which names the array. */
const wrong =
  (address: bigint | number, name: string) =>
  (found: string, expected?: string): never => {
    throw new BadAddressError(address, { found, expected }, `array of ${name}`);
  };
