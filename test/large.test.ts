import { Memfd } from "@luo/linux";
import { ArrayOwner, OutOfMemoryError, PreservedArray } from "@luo/memory";
import { heapBacking, ObjectStore } from "@luo/store";
import { bytes, create, LuoStruct, ref, type Sequence, u64 } from "@luo/struct";
import { family } from "@luo/version";
import { afterEach, expect, test } from "vitest";

const GIB = 2 ** 30;
const HUGE = 2 * GIB + 4096;

@LuoStruct(0, { family: "page" })
class Large {
  @u64.number id = 0;
  @bytes(5000) data = new Uint8Array(5000);
}

@LuoStruct(0, { family: "huge" })
class Huge {
  @bytes(HUGE) data = new Uint8Array(HUGE);
  @u64.number id = 0;
}

@LuoStruct(0, { family: "block" })
class Block {
  @bytes(1 << 20) data = new Uint8Array(1 << 20);
}

@LuoStruct(0, { family: "blocks" })
class Blocks {
  @ref(() => Block) all: Sequence<Block> = [];
}

test("an object larger than a page", () => {
  const backing = heapBacking();
  const store = ObjectStore.create(backing);
  const data = Uint8Array.from({ length: 5000 }, (_, n) => n);
  store.put("a", create(Large, { id: 7, data }), { family: family(Large) });
  store.seal();
  expect(ObjectStore.open(backing, { verify: true }).take("a", family(Large))?.data).toEqual(data);
});

test("an object beyond what the memory can hold is refused with the limit, and the rest stays", () => {
  const backing = heapBacking(1 << 20);
  const store = ObjectStore.create({ segments: backing.segments });
  store.put("a", new Large(), { family: family(Large) });
  const put = () => store.put("a", new Huge(), { family: family(Huge) });
  expect(put).toThrow(OutOfMemoryError);
  expect(put).toThrow(/would need 214\d{7} bytes, but its buffer ends at 1048576/);
  store.seal();
  expect(ObjectStore.open(backing, { verify: true }).list()).toMatchObject([{ size: 5008 }]);
});

/** Each test takes 3 GiB of memory, and as much again for the image. */
const large = test.runIf(process.env.LUO_LARGE);
const memfds: Memfd[] = [];
afterEach(() => {
  for (const memfd of memfds.splice(0)) memfd.close();
});

function memfd(): Memfd {
  const made = Memfd.create("luo-large");
  memfds.push(made);
  return made;
}

large("an object larger than 2 GiB", { timeout: 300_000 }, () => {
  const image = memfd();
  const store = ObjectStore.create(image);
  const object = new Huge();
  object.id = 9;
  object.data[HUGE - 1] = 77;
  store.put("huge", object, { family: family(Huge) });
  store.seal();
  image.unmap();
  const found = ObjectStore.open(image, { verify: true }).take("huge", family(Huge));
  expect([found?.id, found?.data.at(-1), found?.data.length]).toEqual([9, 77, HUGE]);
});

large("an array, and an image, larger than the 4 GiB of a mapping", { timeout: 300_000 }, () => {
  const image = memfd();
  const store = ObjectStore.create(image);
  const pool = store.pool("blocks", { resident: true });
  const array = new ArrayOwner(pool).alloc(Block);
  const block = new Block();
  const [mapped] = image.segments;
  const COUNT = 4200;
  for (let index = 0; index < COUNT; index++) {
    block.data.fill(index);
    array.append([block]);
  }
  const { address } = array;
  store.seal();
  expect(array.address).toBe(address);
  // The first mapping is still valid.
  expect(image.segments[0]).toBe(mapped);
  image.unmap();
  const opened = ObjectStore.open(image);
  expect(image.segments.length).toBe(2);
  const found = new ArrayOwner(opened.pool("blocks", { resident: true })).load(address, Block);
  for (const index of [0, 2099, COUNT - 1]) expect(found.at(index)?.data[0]).toBe(index % 256);
  found.verify();
});

large(
  "what an array larger than 2 GiB refers to is found by its object",
  { timeout: 300_000 },
  () => {
    const image = memfd();
    const store = ObjectStore.create(image);
    const object = create(Blocks, { all: [new Block()] });
    const blocks = family(Blocks);
    store.put("blocks", object, { family: blocks });
    const taken = store.take("blocks", blocks);
    if (!(taken?.all instanceof PreservedArray)) throw new Error("it holds no array");
    const block = new Block();
    for (let index = 1; index < 2100; index++) taken.all.append([block]);
    store.put("blocks", taken, { family: blocks });
    store.seal();
    image.unmap();
    const found = ObjectStore.open(image, { verify: true }).take("blocks", blocks);
    expect(found?.all.length).toBe(2100);
  },
);
