import protobuf from "protobufjs";
import type { Contender } from "../contender.js";
import { FIELDS } from "../record.js";
import { operations } from "./messages.js";

const TYPES = { u64: "fixed64", u32: "fixed32", u16: "uint32" } as const;

export const contender: Contender = {
  name: "protobufjs",
  schema: true,
  note: "reflection, fixed64 and fixed32; u64 as Long, as it has no bigint without conversion",
  prepare() {
    const chunk = new protobuf.Type("Chunk");
    FIELDS.forEach(([name, kind], index) => {
      chunk.add(new protobuf.Field(name, index + 1, TYPES[kind]));
    });
    const chunks = new protobuf.Type("Chunks").add(
      new protobuf.Field("items", 1, "Chunk", "repeated"),
    );
    new protobuf.Root().define("bench").add(chunk).add(chunks);
    return operations<protobuf.Message, protobuf.Message>({
      from: (record) => chunk.fromObject(record),
      array: (items) => chunks.create({ items }),
      encode: (record) => chunk.encode(record).finish(),
      decode: (bytes: Uint8Array) => chunk.decode(bytes),
      encodeArray: (records) => chunks.encode(records).finish(),
      decodeArray: (bytes: Uint8Array) =>
        (chunks.decode(bytes) as unknown as { items: object[] }).items,
    });
  },
};
