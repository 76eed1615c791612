import { CompositeList, type List, Message, ObjectSize, Struct, utils } from "capnp-es";
import type { Contender } from "../contender.js";
import { assign, COUNT, type Chunk as Plain, plain, sumOf, type Values } from "../record.js";
import { operations } from "./messages.js";

/** By hand, as capnp-es would generate it (Cap'n Proto puts the fields where C does). */
class Chunk extends Struct implements Values {
  static override readonly _capnp = {
    displayName: "Chunk",
    id: "c0c0c0c0c0c0c0c0",
    size: new ObjectSize(48, 0),
  };
  get pos(): bigint {
    return utils.getUint64(0, this);
  }
  set pos(value: bigint) {
    utils.setUint64(0, value, this);
  }
  get size(): bigint {
    return utils.getUint64(8, this);
  }
  set size(value: bigint) {
    utils.setUint64(8, value, this);
  }
  get seals(): number {
    return utils.getUint32(16, this);
  }
  set seals(value: number) {
    utils.setUint32(16, value, this);
  }
  get flags(): number {
    return utils.getUint32(20, this);
  }
  set flags(value: number) {
    utils.setUint32(20, value, this);
  }
  get nr(): bigint {
    return utils.getUint64(24, this);
  }
  set nr(value: bigint) {
    utils.setUint64(24, value, this);
  }
  get first(): bigint {
    return utils.getUint64(32, this);
  }
  set first(value: bigint) {
    utils.setUint64(32, value, this);
  }
  get total(): number {
    return utils.getUint32(40, this);
  }
  set total(value: number) {
    utils.setUint32(40, value, this);
  }
  get chunkFlags(): number {
    return utils.getUint16(44, this);
  }
  set chunkFlags(value: number) {
    utils.setUint16(44, value, this);
  }
  get order(): number {
    return utils.getUint16(46, this);
  }
  set order(value: number) {
    utils.setUint16(46, value, this);
  }
}

class Chunks extends Struct {
  static override readonly _capnp = {
    displayName: "Chunks",
    id: "c1c1c1c1c1c1c1c1",
    size: new ObjectSize(0, 1),
  };
  static readonly _Items = CompositeList(Chunk);
  get items(): List<Chunk> {
    return utils.getList(0, Chunks._Items, this);
  }
  _initItems(length: number): List<Chunk> {
    return utils.initList(0, Chunks._Items, length, this);
  }
}

/** Reading counts against a limit meant for untrusted messages; these are read over and over. */
const open = (bytes: Uint8Array) => {
  const message = new Message(bytes, false);
  message._capnp.traversalLimit = Number.MAX_SAFE_INTEGER;
  return message;
};

export const contender: Contender = {
  name: "capnp-es",
  schema: true,
  note: "accessors by hand, as its compiler writes them; unpacked",
  prepare() {
    return operations<Plain, Plain[]>({
      from: (record) => record,
      array: (records) => records,
      encode: (record) => {
        const message = new Message();
        assign(message.initRoot(Chunk), record);
        return new Uint8Array(message.toArrayBuffer());
      },
      decode: (bytes: Uint8Array) => plain(open(bytes).getRoot(Chunk)),
      encodeArray: (records) => {
        const message = new Message();
        const items = message.initRoot(Chunks)._initItems(COUNT);
        for (let index = 0; index < COUNT; index++) {
          assign(items.get(index), records[index] as Plain);
        }
        return new Uint8Array(message.toArrayBuffer());
      },
      decodeArray: (bytes: Uint8Array) => {
        const { items } = open(bytes).getRoot(Chunks);
        const records = new Array<Plain>(COUNT);
        for (let index = 0; index < COUNT; index++) {
          records[index] = plain(items.get(index));
        }
        return records;
      },
      view: (bytes: Uint8Array) => open(bytes).getRoot(Chunk),
      viewArray: (bytes: Uint8Array) => {
        const { items } = open(bytes).getRoot(Chunks);
        return sumOf(COUNT, (index) => items.get(index));
      },
    });
  },
};
