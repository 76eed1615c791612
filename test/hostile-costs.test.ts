import { ArrayOwner, type Backing, PreservedMemory } from "@luo/memory";
import { heapBacking, ObjectStore } from "@luo/store";
import { fingerprintOf, LuoError, LuoStruct, ref, type Sequence, u64 } from "@luo/struct";
import { family } from "@luo/version";
import { expect, test } from "vitest";
import { ATTACKS } from "./hostile/attacks.js";
import { type Extent, Forge } from "./hostile/forge.js";

@LuoStruct(0, { family: "item" })
class Item {
  @u64.number id = 0;
}

/** Limits far above the cost of any attack, and far below the costs that once went unnoticed. */
const [MILLISECONDS, HEAP_BYTES] = [10_000, 256 << 20];

test.each(ATTACKS.map((attack) => [attack.what, attack] as const))(
  "%s: soon over, and little on the heap",
  (_, { image, finds }) => {
    const backing = image();
    const [before, start] = [process.memoryUsage().heapUsed, performance.now()];
    let found: unknown;
    try {
      ObjectStore.open(backing).verify();
    } catch (error) {
      found = error;
    }
    // Tools show images that nobody has verified.
    decodeAll(backing);
    const elapsed = performance.now() - start;
    const used = process.memoryUsage().heapUsed - before;
    if (finds === undefined) expect(found).toBeUndefined();
    else {
      expect(found).toBeInstanceOf(LuoError);
      expect(`${found}`).toMatch(finds);
    }
    expect(elapsed, "milliseconds").toBeLessThan(MILLISECONDS);
    expect(used, "bytes on the heap").toBeLessThan(HEAP_BYTES);
  },
);

function decodeAll(backing: Backing): void {
  try {
    const store = ObjectStore.open(backing);
    for (const identifier of new Set(store.list().map((object) => object.identifier))) {
      store.decode(identifier);
    }
  } catch (error) {
    expect(error).toHaveProperty("code", expect.stringMatching(/^LUO_/));
  }
}

test("an array in more extents than fit on the stack is decoded at once", () => {
  const forge = new Forge(16 << 20);
  const count = 200_000;
  const first = forge.allocate(count * 8);
  const extents = Array.from({ length: count }, (_, n) => ({
    address: first + n * 8,
    capacity: 1,
  }));
  const at = forge.array(count, 8, extents);
  const table = Number(forge.view.getBigUint64(at + 16, true));
  const fingerprint = fingerprintOf(Item);
  forge.header(at, { count, elementSize: 8, table, extents: count, fingerprint });
  const memory = new PreservedMemory(
    { segments: [forge.memory.buffer] },
    { end: forge.byteLength },
  );
  expect(new ArrayOwner(memory.pool("p")).load(at, Item).decode()).toHaveLength(count);
});

test("references to one long table are taken without reading it for each", () => {
  @LuoStruct(0, { family: "node" })
  class Node {
    @ref(() => Item) items: Sequence<Item> = [];
  }
  const forge = new Forge(16 << 20);
  const [extents, nodes] = [100_000, 200_000];
  const fill = (count: number, value: number) => {
    const address = forge.allocate(count * 8);
    for (let n = 0; n < count; n++) forge.u64(address + n * 8, value);
    return address;
  };
  const array = (struct: new () => object, parts: readonly Extent[]) => {
    const count = parts.reduce((sum, { capacity }) => sum + capacity, 0);
    const at = forge.array(count, 8, parts);
    const table = Number(forge.view.getBigUint64(at + 16, true));
    const fingerprint = fingerprintOf(struct);
    forge.header(at, { count, elementSize: 8, table, extents: parts.length, fingerprint });
    return at;
  };
  const room = fill(extents, 0);
  const parts = Array.from({ length: extents }, (_, n) => ({ address: room + n * 8, capacity: 1 }));
  const address = fill(nodes, array(Item, parts));
  const all = array(Node, [{ address, capacity: nodes }]);
  const memory = new PreservedMemory(
    { segments: [forge.memory.buffer] },
    { end: forge.byteLength },
  );
  const start = performance.now();
  const found = new ArrayOwner(memory.pool("p")).load(all, Node).decode();
  expect(found.at(-1)?.items.length).toBe(extents);
  expect(found.at(-1)?.items.at(-1)?.id).toBe(0);
  expect(performance.now() - start).toBeLessThan(MILLISECONDS);
});

/** Identifiers of 12 letters that collide in a multiplicative hash which begins with no secret. */
function colliding(count: number): string[] {
  const step = (hash: number, word: number) => {
    const product = Math.imul(hash ^ word, 0x9e37_79b1);
    return product ^ (product >>> 15);
  };
  const found: string[] = [];
  const words = new Uint32Array(3);
  const bytes = new Uint8Array(words.buffer);
  for (let number = 0; found.length < count; number++) {
    for (let at = 0; at < 8; at++) bytes[at] = 97 + ((number >>> (at * 4)) & 15);
    words[2] = step(step(12, words[0] as number), words[1] as number) ^ 0x1234_5678;
    if (bytes.every((byte) => byte >= 32 && byte < 127)) found.push(String.fromCharCode(...bytes));
  }
  return found;
}

test("identifiers that were chosen to have one hash are found as fast as others", () => {
  const store = ObjectStore.create(heapBacking());
  const identifiers = colliding(60_000);
  expect(new Set(identifiers).size).toBe(identifiers.length);
  const item = family(Item);
  const start = performance.now();
  for (const identifier of identifiers) store.put(identifier, new Item(), { family: item });
  expect(performance.now() - start).toBeLessThan(MILLISECONDS);
  expect(store.size).toBe(identifiers.length);
});
