import { heapBacking, ObjectStore } from "@luo/store";
import { LuoStruct, ref, type Sequence, u16, u32, u64 } from "@luo/struct";
import { familyOf } from "@luo/version";
import { makePool, POOL, repeat, type Values } from "../../record.js";
import type { StoreContender } from "../contender.js";

@LuoStruct(0)
class Chunk implements Values {
  @u64 pos = 0n;
  @u64 size = 0n;
  @u32 seals = 0;
  @u32 flags = 0;
  @u64 nr = 0n;
  @u64 first = 0n;
  @u32 total = 0;
  @u16 chunkFlags = 0;
  @u16 order = 0;
}

@LuoStruct(0)
class Chunks {
  @ref(() => Chunk) items: Sequence<Chunk> = [];
}

const [One, Many] = [familyOf(Chunk), familyOf(Chunks)];
let objects = heapBacking();
let array = heapBacking();

export const contender: StoreContender = {
  name: "luo",
  note: "`ObjectStore` over a buffer on the heap: put each, seal; open, take each. Every object has its version, its layout and a checksum, which is checked",
  objects: {
    put(identifiers) {
      objects = heapBacking();
      const store = ObjectStore.create(objects);
      const options = { family: One };
      for (let index = 0; index < identifiers.length; index++) {
        store.put(identifiers[index] as string, own[index % POOL] as Chunk, options);
      }
      return store.seal();
    },
    open() {
      const store = ObjectStore.open(objects);
      return (identifier) => store.take(identifier, One);
    },
  },
  array: {
    write() {
      array = heapBacking();
      const store = ObjectStore.create(array);
      store.put("array", Object.assign(new Chunks(), { items }));
      store.seal();
    },
    restore() {
      const items = ObjectStore.open(array).take("array", Many)?.items;
      return (items as unknown as { decode(): Chunk[] }).decode();
    },
  },
};

/** The records as instances of the annotated class. */
const own = makePool(() => new Chunk());
const items = repeat(own);
