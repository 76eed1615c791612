import {
  allocArray,
  BadAddressError,
  OutOfMemoryError,
  PAGE_SIZE,
  PreservedMemory,
  restoreArray,
} from "@luo/memory";
import { LuoStruct, ref, type Sequence, u16, u64 } from "@luo/struct";
import { describe, expect, test } from "vitest";

@LuoStruct(0)
class Item {
  @u64 id = 0n;
  @u16 kind = 0;
}

@LuoStruct(0)
class Group {
  @u16 number = 0;
  @ref(() => Item) items: Sequence<Item> = [];
}

const item = (id: number) => Object.assign(new Item(), { id: BigInt(id), kind: id % 7 });

/** Memory as a memfd has it: it grows by a new mapping, and the old buffer is detached. */
function growable(pages = 1): PreservedMemory {
  const backing = {
    buffer: new ArrayBuffer(pages * PAGE_SIZE),
    resize(byteLength: number) {
      const old = new Uint8Array(structuredClone(this.buffer, { transfer: [this.buffer] }));
      this.buffer = new ArrayBuffer(byteLength);
      new Uint8Array(this.buffer).set(old);
      return this.buffer;
    },
  };
  return new PreservedMemory(backing);
}

test("an array grows without moving what is there, and is restored from its address", () => {
  const memory = growable();
  const array = allocArray(memory, Item);
  const ids: number[] = [];
  for (const count of [1, 1, 3, 100, 5000]) {
    const more = Array.from({ length: count }, (_, index) => ids.length + index);
    ids.push(...more);
    array.append(more.map(item));
    memory.allocate(13);
  }
  for (const found of [array, restoreArray(memory, array.address, Item)]) {
    expect(found.length).toBe(ids.length);
    expect(Array.from(found, ({ id }) => Number(id))).toEqual(ids);
    expect([found.at(0)?.id, found.at(1)?.id, found.at(104)?.id, found.at(-1)?.id]).toEqual([
      0n,
      1n,
      104n,
      5104n,
    ]);
    expect([found.at(5105), found.at(-5106), found.at(0.5)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(found.at(3)).toBeInstanceOf(Item);
  }
});

test("an array of structs that refer to arrays themselves", () => {
  const memory = growable();
  const groups = Array.from({ length: 300 }, (_, number) =>
    Object.assign(new Group(), {
      number,
      items: Array.from({ length: number % 5 }, (_, k) => item(k)),
    }),
  );
  const address = memory.store(groups, Group);
  const found = [...memory.load(address, Group)] as Group[];
  expect(found.map(({ number, items }) => ({ number, items: [...items] }))).toEqual(
    groups.map(({ number, items }) => ({ number, items: [...items] })),
  );
});

test("an element that does not fit leaves the array as it was", () => {
  const memory = growable();
  const array = allocArray(memory, Item);
  array.append([item(1)]);
  expect(() => array.append([item(2), Object.assign(item(3), { kind: -1 })])).toThrow(RangeError);
  expect(restoreArray(memory, array.address, Item).length).toBe(1);
  array.append([item(4)]);
  expect([...array].map(({ id }) => id)).toEqual([1n, 4n]);
});

test("a buffer that cannot grow says so", () => {
  const memory = new PreservedMemory({ buffer: new ArrayBuffer(2 * PAGE_SIZE) });
  expect(() => memory.allocate(2 * PAGE_SIZE)).toThrow(OutOfMemoryError);
  expect(memory.allocate(PAGE_SIZE)).toBe(BigInt(PAGE_SIZE));
});

describe("bytes are not trusted", () => {
  const prepared = () => {
    const memory = growable(4);
    const array = allocArray(memory, Item);
    array.append([item(1), item(2)]);
    array.append([item(3)]);
    const header = Number(array.address);
    const first = Number(memory.bytes.view.getBigUint64(header + 8, true));
    const patch = (offset: number, value: bigint) =>
      memory.bytes.view.setBigUint64(offset, value, true);
    return {
      memory,
      header,
      first,
      patch,
      restore: () => restoreArray(memory, array.address, Item),
    };
  };
  test.each([0n, 8n, 4095n, 2n ** 40n, 2n ** 64n - 1n])("an array at address %d", (address) => {
    expect(() => restoreArray(prepared().memory, address, Item)).toThrow(BadAddressError);
  });
  test("an extent chain that loops", () => {
    const { first, patch, restore } = prepared();
    patch(first, BigInt(first));
    expect(restore).toThrow(/overlap or form a loop/);
  });
  test("an extent without room, which could loop for ever", () => {
    const { first, patch, restore } = prepared();
    patch(first, BigInt(first));
    patch(first + 8, 0n);
    expect(restore).toThrow(/without room/);
  });
  test.each([2n ** 32n, 2n ** 53n - 1n])("a capacity of %d", (capacity) => {
    const { first, patch, restore } = prepared();
    patch(first + 8, capacity);
    expect(restore).toThrow(BadAddressError);
  });
  test("more elements than the extents hold", () => {
    const { header, patch, restore } = prepared();
    patch(header, 1000n);
    expect(restore).toThrow("counts 1000 elements, but its extents hold");
  });
  test("elements of another layout", () => {
    const { header, patch, restore } = prepared();
    patch(header + 16, 1n);
    expect(restore).toThrow("with fingerprint 1, expected 16 bytes");
  });
});
