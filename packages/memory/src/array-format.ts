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

/** Room for elements. Every extent but the last is full. */
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
 * Header and table of an array of whatever elements, checked.
 *
 * @throws {BadAddressError} when they cannot be right
 */
export function readArray(
  memory: PreservedMemory,
  address: bigint | number,
  name: string,
  elementSize: number,
): { header: ArrayHeader; extents: readonly ArrayExtent[] } {
  const bad = (problem: string): never => {
    throw new BadAddressError(address, `the array of ${name} ${problem}`);
  };
  const { bytes } = memory;
  const at = memory.locate(address, headerCodec.size, `the header of an array of ${name}`);
  const sum = checksum(bytes, at, headerCodec.size - 4);
  if (bytes.view.getUint32(at + headerCodec.size - 4, true) !== sum) {
    bad(`has a header whose checksum is not ${hex(sum)}; the bytes have changed`);
  }
  const header = headerCodec.decode(bytes, at);
  if (header.elementSize !== elementSize) {
    bad(`holds elements of ${header.elementSize} bytes, expected ${elementSize}`);
  }
  if (header.extents === 0) {
    if (header.count > 0) bad(`counts ${header.count} elements, but has no extents`);
    return { header, extents: [] };
  }
  const length = header.extents * extentCodec.size;
  const allocated = tableCapacity(header.extents) * extentCodec.size;
  const table = memory.locate(header.table, allocated, `the table of an array of ${name}`);
  const tableSum = checksum(bytes, table, length);
  if (header.tableChecksum !== tableSum) {
    bad(`has a table with the checksum ${hex(tableSum)}, expected ${hex(header.tableChecksum)}`);
  }
  const extents: ArrayExtent[] = [];
  let room = 0;
  // Each is checked before the next is decoded: a table may be large and none of it right.
  for (let entry = table; entry < table + length; entry += extentCodec.size) {
    const extent = extentCodec.decode(bytes, entry);
    const { address, capacity } = extent;
    extents.push(extent);
    if (capacity === 0) bad("has an extent without room");
    const wanted = capacity * elementSize;
    memory.locate(address, wanted, `an extent with ${capacity} elements of ${name}`);
    room += capacity;
    if (room * elementSize > memory.end) bad("has extents that overlap");
  }
  if (header.count > room) bad(`counts ${header.count} elements, but its extents hold ${room}`);
  return { header, extents };
}
