import { Packr } from "msgpackr";
import type { Values } from "../../record.js";
import type { StoreContender } from "../contender.js";

const packr = new Packr({ structures: [], mapsAsObjects: false });
let objects: Uint8Array = new Uint8Array();
let array: Uint8Array = new Uint8Array();

export const contender: StoreContender = {
  name: "msgpackr",
  note: "a Map of all objects by identifier, in one go; shared record structures; without its native addon",
  objects: {
    put(identifiers, record) {
      const map = new Map(identifiers.map((identifier, index) => [identifier, record(index)]));
      objects = packr.pack(map);
      return objects.length;
    },
    open() {
      const map = packr.unpack(objects) as Map<string, Values>;
      return (identifier) => map.get(identifier);
    },
  },
  array: {
    write(records) {
      array = packr.pack(records);
    },
    restore: () => packr.unpack(array) as Values[],
  },
};
