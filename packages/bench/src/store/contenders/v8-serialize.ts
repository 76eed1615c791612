import { deserialize, serialize } from "node:v8";
import type { Values } from "../../record.js";
import type { StoreContender } from "../contender.js";

let objects = Buffer.alloc(0);
let array = Buffer.alloc(0);

export const contender: StoreContender = {
  name: "v8.serialize",
  note: "a Map of all objects by identifier, in one go",
  objects: {
    put(identifiers, record) {
      const map = new Map(identifiers.map((identifier, index) => [identifier, record(index)]));
      // Each an object of its own, as otherwise later ones are references to the first.
      for (const [identifier, values] of map) map.set(identifier, { ...values });
      objects = serialize(map);
      return objects.length;
    },
    open() {
      const map = deserialize(objects) as Map<string, Values>;
      return (identifier) => map.get(identifier);
    },
  },
  array: {
    write(records) {
      array = serialize(records.map((record) => ({ ...record })));
    },
    restore: () => deserialize(array) as Values[],
  },
};
