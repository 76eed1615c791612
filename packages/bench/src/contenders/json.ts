import type { Contender } from "../contender.js";
import type { Chunk } from "../record.js";
import { operations } from "./messages.js";

const WIDE = ["pos", "size", "nr", "first"] as const;
type Text = { [K in keyof Chunk]: Chunk[K] | string };

const write = (record: Chunk): Text => ({
  ...record,
  pos: String(record.pos),
  size: String(record.size),
  nr: String(record.nr),
  first: String(record.first),
});
const read = (text: Text): Text => {
  for (const name of WIDE) text[name] = BigInt(text[name]);
  return text;
};

export const contender: Contender = {
  name: "JSON",
  schema: false,
  note: "u64 as decimal strings",
  prepare: () =>
    operations<Chunk, Chunk[]>({
      from: (record) => record,
      array: (records) => records,
      encode: (record) => JSON.stringify(write(record)),
      decode: (text: string) => read(JSON.parse(text)),
      encodeArray: (records) => JSON.stringify(records.map(write)),
      decodeArray: (text: string) => (JSON.parse(text) as Text[]).map(read),
    }),
};
