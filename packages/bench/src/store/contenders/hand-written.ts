import { contender as codec } from "../../contenders/hand-written.js";
import { COUNT, SIZE } from "../../record.js";
import type { StoreContender } from "../contender.js";
import { OBJECTS } from "../objects.js";

const operations = codec.prepare();
const source = new Uint8Array(OBJECTS * SIZE).fill(7);
const records = new Uint8Array(COUNT * SIZE).fill(7);
/** Where copies go: what nobody could see would not be made. */
const copied = { objects: new Uint8Array(), array: new Uint8Array(COUNT * SIZE) };

export const contender: StoreContender = {
  name: "memcpy, hand-written",
  note: "the limit. A million objects: their bytes are copied and nothing else, so there are no objects and no identifiers. The array: hand-written encoding or decoding, and a copy of the bytes, between buffers that are there already",
  objects: {
    put() {
      copied.objects = source.slice();
      return copied.objects.length;
    },
    open() {
      copied.objects = copied.objects.slice();
      return () => undefined;
    },
  },
  array: {
    write() {
      operations.encodeArray?.();
      copied.array.set(records);
    },
    restore() {
      copied.array.set(records);
      return operations.decodeArray?.() ?? [];
    },
  },
};
