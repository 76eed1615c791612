import { codecOf, LuoStruct, Memory, u16, u32, u64 } from "@luo/struct";
import type { Contender } from "../contender.js";
import { COUNT, makePool, POOL, repeat, SIZE, sumAlong, type Values } from "../record.js";

@LuoStruct(0)
class Chunk implements Values {
  @u64 pos = 0n;
  @u64 size = 0n;
  @u32 seals = 0;
  @u32 flags = 0;
  @u64 nr = 0n;
  @u64 first = 0n;
  @u32 total = 0;
  @u16 chunkFlags = 0;
  @u16 order = 0;
}

export const contender: Contender = {
  name: "luo",
  schema: true,
  prepare() {
    const codec = codecOf(Chunk);
    const pool = makePool(() => new Chunk());
    const records = repeat(pool);
    const one = new Memory(new ArrayBuffer(POOL * SIZE));
    const many = new Memory(new ArrayBuffer(COUNT * SIZE));
    return {
      encode: (index) => codec.encode(pool[index] as Chunk, one, index * SIZE),
      decode: (index) => codec.decode(one, index * SIZE),
      encodeArray: () => codec.encodeArray(records, many, 0),
      decodeArray: () => codec.decodeArray(many, 0, COUNT),
      view: (index) => codec.view(one, index * SIZE),
      viewArray: () => sumAlong(codec.cursor(many, 0, COUNT)),
    };
  },
};
