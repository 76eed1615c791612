import { Parser } from "binary-parser";
import type { Contender } from "../contender.js";
import { Chunk, COUNT, makeBytes, POOL, SIZE } from "../record.js";

const chunk = () =>
  new Parser()
    .endianness("little")
    .uint64("pos")
    .uint64("size")
    .uint32("seals")
    .uint32("flags")
    .uint64("nr")
    .uint64("first")
    .uint32("total")
    .uint16("chunkFlags")
    .uint16("order");

export const contender: Contender = {
  name: "binary-parser",
  schema: true,
  note: "reads only; `create(Chunk)`",
  prepare() {
    const single = chunk().create(Chunk);
    const array = new Parser().array("items", { type: single, length: COUNT });
    const bytes = new Uint8Array(makeBytes(POOL));
    const one = Array.from({ length: POOL }, (_, index) =>
      bytes.slice(index * SIZE, (index + 1) * SIZE),
    );
    const many = new Uint8Array(makeBytes(COUNT));
    return {
      decode: (index) => single.parse(one[index] as Uint8Array),
      decodeArray: () => array.parse(many).items,
    };
  },
};
