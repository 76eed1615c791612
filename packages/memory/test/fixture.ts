import { heapBacking, PreservedMemory } from "@luo/memory";
import { create, LuoStruct, ref, type Sequence, u16, u64 } from "@luo/struct";

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

export const item = (id: number) => create(Item, { id: BigInt(id), kind: id % 7 });

export const items = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => item(from + index));

/** Memory that begins with so many pages and grows by further segments. */
export function growable(pages = 1): PreservedMemory {
  return new PreservedMemory(heapBacking(pages * 4096));
}

/** Fixed memory of so many pages. */
export function fixed(pages: number): PreservedMemory {
  return new PreservedMemory({ segments: [new ArrayBuffer(pages * 4096)] });
}

/** The bytes of an allocation, in place. */
export function bytesAt(memory: PreservedMemory, address: number, length: number): Uint8Array {
  const { memory: segment, offset } = memory.at(address);
  return segment.bytes(offset, length);
}
