/** The record that every contender writes and reads: 48 bytes, as C lays it out. */
export interface Values {
  pos: bigint;
  size: bigint;
  seals: number;
  flags: number;
  nr: bigint;
  first: bigint;
  total: number;
  chunkFlags: number;
  order: number;
}

type FieldKind = "u64" | "u32" | "u16";

/** Name, type and offset of each field: what schemas are made from. */
export const FIELDS: readonly (readonly [keyof Values, FieldKind, number])[] = [
  ["pos", "u64", 0],
  ["size", "u64", 8],
  ["seals", "u32", 16],
  ["flags", "u32", 20],
  ["nr", "u64", 24],
  ["first", "u64", 32],
  ["total", "u32", 40],
  ["chunkFlags", "u16", 44],
  ["order", "u16", 46],
];
export const SIZE = 48;
/** Different records; a power of two. */
export const POOL = 4096;
/** Records in an array. */
export const COUNT = 262_144;

/** An instance of this shape is what hand-written code decodes. */
export class Chunk implements Values {
  pos = 0n;
  size = 0n;
  seals = 0;
  flags = 0;
  nr = 0n;
  first = 0n;
  total = 0;
  chunkFlags = 0;
  order = 0;
}

/** Writes a record through the setters of a view. */
export function assign(view: Values, record: Values): void {
  view.pos = record.pos;
  view.size = record.size;
  view.seals = record.seals;
  view.flags = record.flags;
  view.nr = record.nr;
  view.first = record.first;
  view.total = record.total;
  view.chunkFlags = record.chunkFlags;
  view.order = record.order;
}

/** Reads a record through the getters of a view. */
export function plain(view: Values): Chunk {
  const record = new Chunk();
  record.pos = view.pos;
  record.size = view.size;
  record.seals = view.seals;
  record.flags = view.flags;
  record.nr = view.nr;
  record.first = view.first;
  record.total = view.total;
  record.chunkFlags = view.chunkFlags;
  record.order = view.order;
  return record;
}

/** The same records in each process: the numbers come from a seeded xorshift. */
export function makePool<T extends Values>(make: () => T): T[] {
  let state = 0x2545f491;
  const u32 = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
  const u64 = () => {
    const wide = (BigInt(u32()) << 32n) | BigInt(u32());
    // From 10 bits to all 64, so about one in five is beyond 2^53.
    return BigInt.asUintN(64, wide >> BigInt(u32() % 55));
  };
  return Array.from({ length: POOL }, () => {
    const record = make();
    record.pos = u64();
    record.size = u64();
    record.seals = u32();
    record.flags = u32();
    record.nr = u64();
    record.first = u64();
    record.total = u32();
    record.chunkFlags = u32() & 0xffff;
    record.order = u32() & 0xffff;
    return record;
  });
}

/** An array of `COUNT` records: the pool, over and over. */
export function repeat<T>(pool: readonly T[]): T[] {
  return Array.from({ length: COUNT }, (_, index) => pool[index % POOL] as T);
}

/** The pool in memory, as C would have it: what readers without a writer are given. */
export function makeBytes(count: number): ArrayBuffer {
  const buffer = new ArrayBuffer(count * SIZE);
  const view = new DataView(buffer);
  const pool = makePool(() => new Chunk());
  for (let index = 0; index < count; index++) {
    const record = pool[index % POOL] as Chunk;
    for (const [name, kind, offset] of FIELDS) {
      const value = record[name];
      const position = index * SIZE + offset;
      if (typeof value === "bigint") view.setBigUint64(position, value, true);
      else if (kind === "u32") view.setUint32(position, value, true);
      else view.setUint16(position, value, true);
    }
  }
  return buffer;
}

/**
 * Adds the wide fields of a record. Each sum is cut to 64 bits at once: that is machine arithmetic,
 * while a sum of several is a bigint's, and would take ten times as long as what is measured.
 */
function addWide(to: bigint, record: Values): bigint {
  const one = BigInt.asUintN(64, to + record.pos);
  const two = BigInt.asUintN(64, one + record.size);
  const three = BigInt.asUintN(64, two + record.nr);
  return BigInt.asUintN(64, three + record.first);
}

function narrow(record: Values): number {
  return record.seals + record.flags + record.total + record.chunkFlags + record.order;
}

/** The sum of all fields of `count` records. */
export function sumOf(count: number, at: (index: number) => Values): bigint {
  let wides = 0n;
  let narrows = 0;
  for (let index = 0; index < count; index++) {
    const record = at(index);
    wides = addWide(wides, record);
    narrows += narrow(record);
  }
  return BigInt.asUintN(64, wides + BigInt(narrows));
}

/** The same by way of an object that moves along. */
export function sumAlong(cursor: Values & { next(): boolean }): bigint {
  let wides = 0n;
  let narrows = 0;
  while (cursor.next()) {
    wides = addWide(wides, cursor);
    narrows += narrow(cursor);
  }
  return BigInt.asUintN(64, wides + BigInt(narrows));
}
