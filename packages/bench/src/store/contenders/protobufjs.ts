import protobuf from "protobufjs";
import { FIELDS, type Values } from "../../record.js";
import type { StoreContender } from "../contender.js";

const TYPES = { u64: "fixed64", u32: "fixed32", u16: "uint32" } as const;
const { Field, Root, Type } = protobuf;

const chunk = new Type("Chunk");
FIELDS.forEach(([name, kind], index) => {
  chunk.add(new Field(name, index + 1, TYPES[kind]));
});
const entry = new Type("Entry").add(new Field("id", 1, "string")).add(new Field("of", 2, "Chunk"));
const all = new Type("All").add(new Field("entries", 1, "Entry", "repeated"));
const chunks = new Type("Chunks").add(new Field("items", 1, "Chunk", "repeated"));
new Root().define("store").add(chunk).add(entry).add(all).add(chunks);

interface All {
  readonly entries: { readonly id: string; readonly of: Values }[];
}

let objects: Uint8Array = new Uint8Array();
let array: Uint8Array = new Uint8Array();
const messages = new Map<Values, protobuf.Message>();

/** Made once, as it takes longer than all the rest: u64 becomes a Long. */
function message(values: Values): protobuf.Message {
  const known = messages.get(values) ?? chunk.fromObject(values);
  messages.set(values, known);
  return known;
}

export const contender: StoreContender = {
  name: "protobufjs",
  note: "one message of all entries; a Map by identifier is made when it is opened; u64 as Long",
  objects: {
    put(identifiers, record) {
      const entries = identifiers.map((id, index) => ({ id, of: message(record(index)) }));
      objects = all.encode({ entries } as unknown as protobuf.Message).finish();
      return objects.length;
    },
    open() {
      const { entries } = all.decode(objects) as unknown as All;
      const map = new Map(entries.map(({ id, of }) => [id, of]));
      return (identifier) => map.get(identifier);
    },
  },
  array: {
    write(records) {
      const items = records.map(message);
      array = chunks.encode({ items } as unknown as protobuf.Message).finish();
    },
    restore: () => (chunks.decode(array) as unknown as { items: Values[] }).items,
  },
};
