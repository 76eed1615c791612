import { Encoder } from "cbor-x";
import type { Contender } from "../contender.js";
import type { Chunk } from "../record.js";
import { operations } from "./messages.js";

export const contender: Contender = {
  name: "cbor-x",
  schema: false,
  note: "shared record structures; without its native addon",
  prepare() {
    const encoder = new Encoder({ structures: [] });
    return operations<object, object[]>({
      from: (record: Chunk) => ({ ...record }),
      array: (records) => records,
      encode: (record) => encoder.encode(record),
      decode: (bytes: Uint8Array) => encoder.decode(bytes),
      encodeArray: (records) => encoder.encode(records),
      decodeArray: (bytes: Uint8Array) => encoder.decode(bytes),
    });
  },
};
