import { Builder, ByteBuffer, type Offset } from "flatbuffers";
import type { Contender } from "../contender.js";
import { COUNT, type Chunk as Plain, plain, sumOf, type Values } from "../record.js";
import { operations } from "./messages.js";

/*
 * By hand, as `flatc --ts` writes it from:
 *   struct Chunk { pos: ulong; size: ulong; seals: uint; flags: uint; nr: ulong; first: ulong;
 *                  total: uint; chunkFlags: ushort; order: ushort; }
 *   table One { item: Chunk; }
 *   table Many { items: [Chunk]; }
 */
class Chunk implements Readonly<Values> {
  bb: ByteBuffer | null = null;
  bb_pos = 0;

  __init(i: number, bb: ByteBuffer): Chunk {
    this.bb_pos = i;
    this.bb = bb;
    return this;
  }
  get pos(): bigint {
    return (this.bb as ByteBuffer).readUint64(this.bb_pos);
  }
  get size(): bigint {
    return (this.bb as ByteBuffer).readUint64(this.bb_pos + 8);
  }
  get seals(): number {
    return (this.bb as ByteBuffer).readUint32(this.bb_pos + 16);
  }
  get flags(): number {
    return (this.bb as ByteBuffer).readUint32(this.bb_pos + 20);
  }
  get nr(): bigint {
    return (this.bb as ByteBuffer).readUint64(this.bb_pos + 24);
  }
  get first(): bigint {
    return (this.bb as ByteBuffer).readUint64(this.bb_pos + 32);
  }
  get total(): number {
    return (this.bb as ByteBuffer).readUint32(this.bb_pos + 40);
  }
  get chunkFlags(): number {
    return (this.bb as ByteBuffer).readUint16(this.bb_pos + 44);
  }
  get order(): number {
    return (this.bb as ByteBuffer).readUint16(this.bb_pos + 46);
  }

  static create(builder: Builder, record: Values): Offset {
    builder.prep(8, 48);
    builder.writeInt16(record.order);
    builder.writeInt16(record.chunkFlags);
    builder.writeInt32(record.total);
    builder.writeInt64(record.first);
    builder.writeInt64(record.nr);
    builder.writeInt32(record.flags);
    builder.writeInt32(record.seals);
    builder.writeInt64(record.size);
    builder.writeInt64(record.pos);
    return builder.offset();
  }
}

/** The root table and the place of its only field. */
function root(bytes: Uint8Array): { bb: ByteBuffer; table: number; field: number } {
  const bb = new ByteBuffer(bytes);
  const table = bb.readInt32(0);
  return { bb, table, field: table + bb.__offset(table, 4) };
}

function item(bytes: Uint8Array): Chunk {
  const { bb, field } = root(bytes);
  return new Chunk().__init(field, bb);
}

function items(bytes: Uint8Array): (index: number) => Chunk {
  const { bb, field } = root(bytes);
  const start = bb.__vector(field);
  return (index) => new Chunk().__init(start + index * 48, bb);
}

const finish = (builder: Builder, add: (builder: Builder) => void): Uint8Array => {
  builder.startObject(1);
  add(builder);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
};

export const contender: Contender = {
  name: "flatbuffers",
  schema: true,
  note: "accessors by hand, as flatc writes them; a struct in a table, a vector of structs",
  prepare() {
    const small = new Builder(128);
    const large = new Builder(COUNT * 48 + 64);
    return operations<Plain, Plain[]>({
      from: (record) => record,
      array: (records) => records,
      encode: (record) => {
        small.clear();
        // A copy, as the builder is used again.
        return finish(small, (b) => b.addFieldStruct(0, Chunk.create(b, record), 0)).slice();
      },
      decode: (bytes: Uint8Array) => plain(item(bytes)),
      encodeArray: (records) => {
        large.clear();
        large.startVector(48, COUNT, 8);
        for (let index = COUNT - 1; index >= 0; index--) {
          Chunk.create(large, records[index] as Plain);
        }
        const vector = large.endVector();
        return finish(large, (builder) => builder.addFieldOffset(0, vector, 0));
      },
      decodeArray: (bytes: Uint8Array) => {
        const at = items(bytes);
        const records = new Array<Plain>(COUNT);
        for (let index = 0; index < COUNT; index++) {
          records[index] = plain(at(index));
        }
        return records;
      },
      view: item,
      viewArray: (bytes: Uint8Array) => sumOf(COUNT, items(bytes)),
    });
  },
};
