import { codecOf, LuoStruct, u32, u64 } from "@luo/struct";
import type { AddressSpace } from "../bytes/address-space.js";
import { CheckedCodec } from "../bytes/checked-codec.js";
import { BadAddressError, hex } from "../bytes/errors.js";

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
  /** Address of the first element. */
  @u64.number address = 0;
  /** Elements that fit. */
  @u32 capacity = 0;
  /** XXH32 of the elements in use. */
  @u32 checksum = 0;
}

const headerCodec = new CheckedCodec(ArrayHeader);
const extentCodec = codecOf(ArrayExtent);

/** Bytes of an array's header. */
export const HEADER_BYTES = headerCodec.size;

/** Bytes that are allocated for a table: it has room for a power of two, so that it rarely moves. */
export const tableBytes = (extents: number) =>
  extents === 0 ? 0 : 2 ** Math.ceil(Math.log2(extents)) * extentCodec.size;

/** An array, as its owner sees it and as messages name it. */
export interface ArrayIdentity {
  readonly address: bigint | number;
  /** The name of the element's struct. */
  readonly name: string;
}

/** Writes header and table, with their checksums. */
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
 * The header of an array of whatever elements, checked. The table that it refers to is not looked at
 * yet.
 *
 * @throws {BadAddressError} when it cannot be right
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
 * The extents that the table of an array lists, checked.
 *
 * @throws {BadAddressError} when they cannot be right
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
  // Each is checked before the next is decoded: a table may be large and none of it right.
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

/** Throws an error that names the array. */
const wrong =
  (address: bigint | number, name: string) =>
  (found: string, expected?: string): never => {
    throw new BadAddressError(address, { found, expected }, `array of ${name}`);
  };
