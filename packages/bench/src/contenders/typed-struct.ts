import { Struct } from "typed-struct";
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

const ChunkStruct = new Struct("Chunk")
  .BigUInt64LE("pos")
  .BigUInt64LE("size")
  .UInt32LE("seals")
  .UInt32LE("flags")
  .BigUInt64LE("nr")
  .BigUInt64LE("first")
  .UInt32LE("total")
  .UInt16LE("chunkFlags")
  .UInt16LE("order")
  .compile();

const at = (buffer: Buffer, index: number): Values =>
  new ChunkStruct(buffer.subarray(index * SIZE, (index + 1) * SIZE));

export const contender: Contender = {
  name: "typed-struct",
  schema: true,
  note: "a struct is a view: encoding and decoding copy field by field",
  prepare() {
    const pool = makePool(() => new Chunk());
    const records = repeat(pool);
    const one = Buffer.alloc(POOL * SIZE);
    const many = Buffer.alloc(COUNT * SIZE);
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
