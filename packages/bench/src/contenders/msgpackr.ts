import { Packr } from "msgpackr";
import type { Contender } from "../contender.js";
import type { Chunk } from "../record.js";
import { operations } from "./messages.js";

export const contender: Contender = {
  name: "msgpackr",
  schema: false,
  note: "shared record structures; without its native addon",
  prepare() {
    const packr = new Packr({ structures: [] });
    return operations<object, object[]>({
      from: (record: Chunk) => ({ ...record }),
      array: (records) => records,
      encode: (record) => packr.pack(record),
      decode: (bytes: Uint8Array) => packr.unpack(bytes),
      encodeArray: (records) => packr.pack(records),
      decodeArray: (bytes: Uint8Array) => packr.unpack(bytes),
    });
  },
};
