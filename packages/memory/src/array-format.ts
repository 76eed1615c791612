import { codecOf, LuoStruct, type Memory, u32, u64 } from "@luo/struct";
import { checksum } from "./checksum.js";
import { BadAddressError, hex } from "./errors.js";
import type { PreservedMemory } from "./preserved-memory.js";

/**
 * An array is a header, a table and extents. A field refers to the header by its address; the table
 * lists the extents, which hold nothing but elements. So the array grows by further extents, and
 * nothing that lies in memory ever moves.
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

/** Room for elements. Every extent but the last is full, and that one is not empty. */
@LuoStruct(0, { family: "luo.extent" })
export class ArrayExtent {
  /** Of the first element. */
  @u64.number address = 0;
  /** Elements that fit. */
  @u32 capacity = 0;
  /** XXH32 of the elements in use. */
  @u32 checksum = 0;
}

export const headerCodec = codecOf(ArrayHeader);
export const extentCodec = codecOf(ArrayExtent);

/** The table has room for a power of two, so that it is rarely moved. */
export const tableCapacity = (extents: number) => 2 ** Math.ceil(Math.log2(extents));

/** Writes header and table, with their checksums. */
export function writeArray(
  bytes: Memory,
  address: number,
  header: Pick<ArrayHeader, "count" | "fingerprint" | "table" | "elementSize">,
  extents: readonly ArrayExtent[],
): void {
  extents.forEach((extent, at) => {
    extentCodec.encode(extent, bytes, header.table + at * extentCodec.size);
  });
  const tableChecksum = checksum(bytes, header.table, extents.length * extentCodec.size);
  const whole = { ...header, extents: extents.length, tableChecksum, checksum: 0 };
  headerCodec.encode(whole, bytes, address);
  whole.checksum = checksum(bytes, address, headerCodec.size - 4);
  headerCodec.encode(whole, bytes, address);
}

/**
 * The header of an array of whatever elements, checked. What it says of a table is not looked at yet.
 *
 * @throws {BadAddressError} when it cannot be right
 */
export function readArrayHeader(
  memory: PreservedMemory,
  address: bigint | number,
  name: string,
  elementSize: number,
): ArrayHeader {
  const bad = wrong(address, name);
  const { bytes } = memory;
  const at = memory.locate(address, headerCodec.size, `the header of an array of ${name}`);
  const sum = checksum(bytes, at, headerCodec.size - 4);
  if (bytes.view.getUint32(at + headerCodec.size - 4, true) !== sum) {
    bad(`has a header whose checksum is not ${hex(sum)}; the bytes have changed`);
  }
  const header = headerCodec.decode(bytes, at);
  const { count, extents } = header;
  if (header.elementSize !== elementSize) {
    bad(`holds elements of ${header.elementSize} bytes, expected ${elementSize}`);
  }
  if (extents === 0 && count > 0) bad(`counts ${count} elements, but has no extents`);
  if (extents > count) bad(`counts ${count} elements, but has ${extents} extents`);
  return header;
}

/**
 * The extents that the table of an array lists, checked.
 *
 * @param address of the header
 * @throws {BadAddressError} when they cannot be right
 */
export function readArrayTable(
  memory: PreservedMemory,
  address: bigint | number,
  name: string,
  { count, extents, table, elementSize, tableChecksum }: ArrayHeader,
): readonly ArrayExtent[] {
  if (extents === 0) return [];
  const bad = wrong(address, name);
  const { bytes } = memory;
  const length = extents * extentCodec.size;
  const allocated = tableCapacity(extents) * extentCodec.size;
  const start = memory.locate(table, allocated, `the table of an array of ${name}`);
  const sum = checksum(bytes, start, length);
  if (tableChecksum !== sum) {
    bad(`has a table with the checksum ${hex(sum)}, expected ${hex(tableChecksum)}`);
  }
  const list: ArrayExtent[] = [];
  let room = 0;
  // Each is checked before the next is decoded: a table may be large and none of it right.
  for (let entry = start; entry < start + length; entry += extentCodec.size) {
    const extent = extentCodec.decode(bytes, entry);
    const { address, capacity } = extent;
    if (capacity === 0) bad("has an extent without room");
    if (room >= count) bad(`counts ${count} elements, but has extents behind those for ${room}`);
    memory.locate(
      address,
      capacity * elementSize,
      `an extent with ${capacity} elements of ${name}`,
    );
    list.push(extent);
    room += capacity;
    if (room * elementSize > memory.end) bad("has extents that overlap");
  }
  if (count > room) bad(`counts ${count} elements, but its extents hold ${room}`);
  return list;
}

/** Throws what is wrong with an array. */
const wrong =
  (address: bigint | number, name: string) =>
  (problem: string): never => {
    throw new BadAddressError(address, `the array of ${name} ${problem}`);
  };
