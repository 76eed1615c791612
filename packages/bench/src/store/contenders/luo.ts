import type { PreservedArray } from "@luo/memory";
import { heapBacking, ObjectStore } from "@luo/store";
import { create, LuoStruct, ref, type Sequence, u16, u32, u64 } from "@luo/struct";
import { familyOf } from "@luo/version";
import { COUNT, makePool, POOL, repeat, SIZE, type Values } from "../../record.js";
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
/** Kept, as programs do: V8 drops code for classes of which a forced collection finds no instance. */
let store: ObjectStore;
/** There already: what fresh pages cost is the kernel's, and by chance. */
const array = { segments: [new ArrayBuffer(COUNT * SIZE + (1 << 20))] as const };

export const contender: StoreContender = {
  name: "luo",
  note: "`ObjectStore` over a buffer on the heap: put each, seal; open, take each. Every object has its version, its layout and a checksum, which is checked. The array goes to a buffer that is there already",
  objects: {
    put(identifiers) {
      objects = heapBacking();
      store = ObjectStore.create(objects);
      const options = { family: One };
      for (let index = 0; index < identifiers.length; index++) {
        store.put(identifiers[index] as string, own[index % POOL] as Chunk, options);
      }
      return store.seal();
    },
    open() {
      store = ObjectStore.open(objects);
      return (identifier) => store.take(identifier, One);
    },
  },
  array: {
    write() {
      new Uint8Array(array.segments[0], 0, 4096).fill(0);
      store = ObjectStore.create(array);
      store.put("array", create(Chunks, { items }));
      store.seal();
    },
    restore() {
      store = ObjectStore.open(array);
      const items = store.take("array", Many)?.items as PreservedArray<Chunk> | undefined;
      return items?.decode() ?? [];
    },
  },
};

/** The records as instances of the annotated class. */
const own = makePool(() => new Chunk());
const items = repeat(own);
