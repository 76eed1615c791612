import { struct, types } from "memium";
import type { Contender } from "../contender.js";
import {
  assign,
  Chunk,
  COUNT,
  makePool,
  POOL,
  plain,
  repeat,
  SIZE,
  sumOf,
  type Values,
} from "../record.js";

const ChunkStruct = struct(
  "Chunk",
  {
    pos: types.uint64,
    size: types.uint64,
    seals: types.uint32,
    flags: types.uint32,
    nr: types.uint64,
    first: types.uint64,
    total: types.uint32,
    chunkFlags: types.uint16,
    order: types.uint16,
  },
  { fastFields: true },
);

const at = (buffer: ArrayBuffer, index: number) =>
  new ChunkStruct(buffer, index * SIZE, SIZE) as unknown as Values;

export const contender: Contender = {
  name: "memium",
  schema: true,
  note: "`fastFields`; a struct is a view: encoding and decoding copy field by field",
  prepare() {
    const pool = makePool(() => new Chunk());
    const records = repeat(pool);
    const one = new ArrayBuffer(POOL * SIZE);
    const many = new ArrayBuffer(COUNT * SIZE);
    return {
      encode: (index) => assign(at(one, index), pool[index] as Chunk),
      decode: (index) => plain(at(one, index)),
      view: (index) => at(one, index),
      encodeArray: () => {
        for (let index = 0; index < COUNT; index++)
          assign(at(many, index), records[index] as Chunk);
      },
      decodeArray: () => {
        const decoded = new Array<Chunk>(COUNT);
        for (let index = 0; index < COUNT; index++) {
          decoded[index] = plain(at(many, index));
        }
        return decoded;
      },
      viewArray: () => sumOf(COUNT, (index) => at(many, index)),
    };
  },
};
