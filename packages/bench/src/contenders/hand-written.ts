import type { Contender } from "../contender.js";
import { Chunk, COUNT, makePool, POOL, repeat, SIZE, sumAlong, type Values } from "../record.js";

/** The typed arrays over one buffer. */
class Arrays {
  readonly u64: BigUint64Array;
  readonly u32: Uint32Array;
  readonly u16: Uint16Array;
  readonly byteLength: number;

  constructor(buffer: ArrayBuffer) {
    this.u64 = new BigUint64Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.byteLength = buffer.byteLength;
  }
}

function refuse(field: string, value: unknown): never {
  throw new RangeError(`${field}: ${String(value)} does not fit`);
}

function outside(offset: number, count: number): never {
  throw new RangeError(`${count} records at ${offset} are not inside, or not aligned`);
}

function check(arrays: Arrays, offset: number, count: number): void {
  if (!(offset >= 0 && offset % 8 === 0 && offset + count * SIZE <= arrays.byteLength)) {
    outside(offset, count);
  }
}

const BEYOND = 0x10000000000000000n;

/** Writes the record whose first u64 has the index `at`. */
function write(record: Values, { u64, u32, u16 }: Arrays, at: number): void {
  if (typeof record !== "object" || record === null) refuse("record", record);
  const { pos, size, seals, flags, nr, first, total, chunkFlags, order } = record;
  if (typeof pos !== "bigint" || pos < 0n || pos >= BEYOND) refuse("pos", pos);
  if (typeof size !== "bigint" || size < 0n || size >= BEYOND) refuse("size", size);
  if (seals >>> 0 !== seals) refuse("seals", seals);
  if (flags >>> 0 !== flags) refuse("flags", flags);
  if (typeof nr !== "bigint" || nr < 0n || nr >= BEYOND) refuse("nr", nr);
  if (typeof first !== "bigint" || first < 0n || first >= BEYOND) refuse("first", first);
  if (total >>> 0 !== total) refuse("total", total);
  if ((chunkFlags & 0xffff) !== chunkFlags) refuse("chunkFlags", chunkFlags);
  if ((order & 0xffff) !== order) refuse("order", order);
  u64[at] = pos;
  u64[at + 1] = size;
  u32[at * 2 + 4] = seals;
  u32[at * 2 + 5] = flags;
  u64[at + 3] = nr;
  u64[at + 4] = first;
  u32[at * 2 + 10] = total;
  u16[at * 4 + 22] = chunkFlags;
  u16[at * 4 + 23] = order;
}

function read({ u64, u32, u16 }: Arrays, at: number): Chunk {
  const record = new Chunk();
  record.pos = u64[at] as bigint;
  record.size = u64[at + 1] as bigint;
  record.seals = u32[at * 2 + 4] as number;
  record.flags = u32[at * 2 + 5] as number;
  record.nr = u64[at + 3] as bigint;
  record.first = u64[at + 4] as bigint;
  record.total = u32[at * 2 + 10] as number;
  record.chunkFlags = u16[at * 4 + 22] as number;
  record.order = u16[at * 4 + 23] as number;
  return record;
}

function encode(record: Values, arrays: Arrays, offset: number): void {
  check(arrays, offset, 1);
  write(record, arrays, offset / 8);
}

function decode(arrays: Arrays, offset: number): Chunk {
  check(arrays, offset, 1);
  return read(arrays, offset / 8);
}

function encodeArray(records: readonly Values[], arrays: Arrays, offset: number): void {
  const count = records.length;
  check(arrays, offset, count);
  for (let index = 0, at = offset / 8; index < count; index++, at += 6) {
    write(records[index] as Values, arrays, at);
  }
}

function decodeArray(arrays: Arrays, offset: number, count: number): Chunk[] {
  check(arrays, offset, count);
  const records = new Array<Chunk>(count);
  for (let index = 0, at = offset / 8; index < count; index++, at += 6) {
    records[index] = read(arrays, at);
  }
  return records;
}

/** Accessors over one record; moved along, it is a cursor. */
class View implements Readonly<Values> {
  readonly #u64: BigUint64Array;
  readonly #u32: Uint32Array;
  readonly #u16: Uint16Array;
  #at: number;
  readonly #end: number;

  constructor(arrays: Arrays, offset: number, count: number, at: number) {
    check(arrays, offset, count);
    this.#u64 = arrays.u64;
    this.#u32 = arrays.u32;
    this.#u16 = arrays.u16;
    this.#at = offset / 8 + at * 6;
    this.#end = offset / 8 + count * 6;
  }

  next(): boolean {
    this.#at += 6;
    return this.#at < this.#end;
  }

  get pos(): bigint {
    return this.#u64[this.#at] as bigint;
  }
  get size(): bigint {
    return this.#u64[this.#at + 1] as bigint;
  }
  get seals(): number {
    return this.#u32[this.#at * 2 + 4] as number;
  }
  get flags(): number {
    return this.#u32[this.#at * 2 + 5] as number;
  }
  get nr(): bigint {
    return this.#u64[this.#at + 3] as bigint;
  }
  get first(): bigint {
    return this.#u64[this.#at + 4] as bigint;
  }
  get total(): number {
    return this.#u32[this.#at * 2 + 10] as number;
  }
  get chunkFlags(): number {
    return this.#u16[this.#at * 4 + 22] as number;
  }
  get order(): number {
    return this.#u16[this.#at * 4 + 23] as number;
  }
}

export const contender: Contender = {
  name: "hand-written",
  schema: false,
  note: "typed arrays, every range checked, aligned offsets only",
  prepare() {
    const pool = makePool(() => new Chunk());
    const records = repeat(pool);
    const one = new Arrays(new ArrayBuffer(POOL * SIZE));
    const many = new Arrays(new ArrayBuffer(COUNT * SIZE));
    return {
      encode: (index) => encode(pool[index] as Chunk, one, index * SIZE),
      decode: (index) => decode(one, index * SIZE),
      view: (index) => new View(one, index * SIZE, 1, 0),
      encodeArray: () => encodeArray(records, many, 0),
      decodeArray: () => decodeArray(many, 0, COUNT),
      viewArray: () => sumAlong(new View(many, 0, COUNT, -1)),
    };
  },
};
