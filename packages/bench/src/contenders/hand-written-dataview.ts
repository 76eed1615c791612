import type { Contender } from "../contender.js";
import { Chunk, COUNT, makePool, POOL, repeat, SIZE, type Values } from "../record.js";

function refuse(field: string, value: unknown): never {
  throw new RangeError(`${field}: ${String(value)} does not fit`);
}

const BEYOND = 0x10000000000000000n;

/** DataView checks the bounds at each access. */
function write(record: Values, view: DataView, at: number): void {
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
  view.setBigUint64(at, pos, true);
  view.setBigUint64(at + 8, size, true);
  view.setUint32(at + 16, seals, true);
  view.setUint32(at + 20, flags, true);
  view.setBigUint64(at + 24, nr, true);
  view.setBigUint64(at + 32, first, true);
  view.setUint32(at + 40, total, true);
  view.setUint16(at + 44, chunkFlags, true);
  view.setUint16(at + 46, order, true);
}

function read(view: DataView, at: number): Chunk {
  const record = new Chunk();
  record.pos = view.getBigUint64(at, true);
  record.size = view.getBigUint64(at + 8, true);
  record.seals = view.getUint32(at + 16, true);
  record.flags = view.getUint32(at + 20, true);
  record.nr = view.getBigUint64(at + 24, true);
  record.first = view.getBigUint64(at + 32, true);
  record.total = view.getUint32(at + 40, true);
  record.chunkFlags = view.getUint16(at + 44, true);
  record.order = view.getUint16(at + 46, true);
  return record;
}

export const contender: Contender = {
  name: "hand-written, DataView",
  schema: false,
  note: "for information: any offset",
  prepare() {
    const pool = makePool(() => new Chunk());
    const records = repeat(pool);
    const one = new DataView(new ArrayBuffer(POOL * SIZE));
    const many = new DataView(new ArrayBuffer(COUNT * SIZE));
    return {
      encode: (index) => write(pool[index] as Chunk, one, index * SIZE),
      decode: (index) => read(one, index * SIZE),
      encodeArray: () => {
        for (let index = 0; index < COUNT; index++) {
          write(records[index] as Chunk, many, index * SIZE);
        }
      },
      decodeArray: () => {
        const decoded = new Array<Chunk>(COUNT);
        for (let index = 0; index < COUNT; index++) decoded[index] = read(many, index * SIZE);
        return decoded;
      },
    };
  },
};
