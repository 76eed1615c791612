import avro from "avsc";
import type { Contender } from "../contender.js";
import { type Chunk, FIELDS } from "../record.js";
import { operations } from "./messages.js";

/** Avro's long is signed; the bits are those of the u64. */
const u64 = avro.types.LongType.__with({
  fromBuffer: (bytes: Buffer) => bytes.readBigUInt64LE(),
  toBuffer: (value: bigint) => {
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeBigUInt64LE(value);
    return bytes;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === "bigint",
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});
const TYPES = { u64, u32: "long", u16: "int" } as const;

export const contender: Contender = {
  name: "avsc",
  schema: true,
  note: "u64 as a custom long of bigints (`LongType.__with`), u32 as long",
  prepare() {
    const record = avro.Type.forSchema({
      type: "record",
      name: "Chunk",
      fields: FIELDS.map(([name, kind]) => ({ name, type: TYPES[kind] })),
    });
    const array = avro.Type.forSchema({ type: "array", items: record });
    return operations<Chunk, Chunk[]>({
      from: (value) => value,
      array: (records) => records,
      encode: (value) => record.toBuffer(value),
      decode: (bytes: Buffer) => record.fromBuffer(bytes),
      encodeArray: (records) => array.toBuffer(records),
      decodeArray: (bytes: Buffer) => array.fromBuffer(bytes),
    });
  },
};
