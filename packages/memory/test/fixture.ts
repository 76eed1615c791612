import { PreservedMemory } from "@luo/memory";
import { LuoStruct, ref, type Sequence, u16, u64 } from "@luo/struct";

@LuoStruct(0)
export class Item {
  @u64 id = 0n;
  @u16 kind = 0;
}

@LuoStruct(0)
export class Group {
  @u16 number = 0;
  @ref(() => Item) items: Sequence<Item> = [];
}

export const item = (id: number) => Object.assign(new Item(), { id: BigInt(id), kind: id % 7 });

export const items = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => item(from + index));

/** Memory as a memfd has it: it grows by a new mapping, and the old buffer is detached. */
export function growable(pages = 1): PreservedMemory {
  const backing = {
    buffer: new ArrayBuffer(pages * 4096),
    resize(byteLength: number) {
      const old = new Uint8Array(structuredClone(this.buffer, { transfer: [this.buffer] }));
      this.buffer = new ArrayBuffer(byteLength);
      new Uint8Array(this.buffer).set(old);
      return this.buffer;
    },
  };
  return new PreservedMemory(backing);
}
