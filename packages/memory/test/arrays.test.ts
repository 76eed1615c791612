import {
  allocArray,
  BadAddressError,
  freeArray,
  type PreservedArray,
  restoreArray,
} from "@luo/memory";
import { bytes, codecOf, DetachedError, LuoStruct, u8 } from "@luo/struct";
import { describe, expect, test } from "vitest";
import { Group, growable, Item, item, items } from "./fixture.js";

const ids = (array: Iterable<Item>) => Array.from(array, ({ id }) => Number(id));

test("an array grows without moving what is there, and is restored from its address", () => {
  const memory = growable();
  const pool = memory.pool("test");
  const array = allocArray(pool, Item);
  const { address } = array;
  const places: number[][] = [];
  let count = 0;
  for (const more of [1, 1, 3, 100, 70_000, 5]) {
    array.append(items(more, count));
    count += more;
    pool.allocate(13);
    places.push([...array.allocations]);
  }
  const extents = places.map((allocations) => allocations.slice(2));
  for (const before of extents) expect(extents.at(-1)?.slice(0, before.length)).toEqual(before);
  expect(array.address).toBe(address);
  memory.flush();
  for (const found of [array, restoreArray(pool, address, Item)]) {
    expect(found.length).toBe(count);
    expect(ids(found)).toEqual(Array.from({ length: count }, (_, n) => n));
    for (const index of [0, 1, 4, 104, 65_535, 65_536, count - 1]) {
      expect(found.at(index)?.id).toBe(BigInt(index));
    }
    expect(found.at(-1)?.id).toBe(BigInt(count - 1));
    expect([found.at(count), found.at(-count - 1), found.at(0.5)]).toEqual(
      Array(3).fill(undefined),
    );
    expect(found.at(3)).toBeInstanceOf(Item);
  }
});

test("elements are written over, in bulk and one by one, and walked without an object for each", () => {
  const memory = growable();
  const array = allocArray(memory.pool("test"), Item);
  array.append(items(10));
  array.append(items(90_000, 10));
  array.set(5, item(1005));
  array.set(8, ...items(5, 2000));
  array.set(65_530, ...items(20, 3000));
  const expected = Array.from({ length: 90_010 }, (_, n) => n);
  expected[5] = 1005;
  for (let n = 0; n < 5; n++) expected[8 + n] = 2000 + n;
  for (let n = 0; n < 20; n++) expected[65_530 + n] = 3000 + n;
  expect(ids(array)).toEqual(expected);
  expect(ids(array.decode(65_520, 40))).toEqual(expected.slice(65_520, 65_560));
  const seen = new Set<Item>();
  const walked: number[] = [];
  for (const view of array.views()) {
    seen.add(view);
    walked.push(Number(view.id));
  }
  expect(walked).toEqual(expected);
  expect(seen.size).toBeLessThan(10);
  expect(() => array.set(90_010, item(1))).toThrow(
    /found 1 elements from 90010 on, expected up to 90010/,
  );
  expect(() => array.decode(90_000, 11)).toThrow(RangeError);
  expect(() => array.decode(-1, 1)).toThrow(RangeError);
});

test("an array of structs that refer to arrays themselves, and its end", () => {
  const memory = growable();
  const pool = memory.pool("test");
  const groups = Array.from({ length: 300 }, (_, number) =>
    Object.assign(new Group(), { number, items: items(number % 5) }),
  );
  const address = pool.store(groups, Group);
  const found = restoreArray(pool, address, Group);
  expect(Array.from(found, ({ number, items }) => [number, ids(items)])).toEqual(
    groups.map(({ number, items }) => [number, ids(items)]),
  );
  freeArray(found as PreservedArray);
  expect(pool.usage).toEqual({ allocations: 0, bytes: 0, pages: 0 });
  expect(() => found.at(0)).toThrow(/was freed/);
  expect(() => found.append([])).toThrow(BadAddressError);
});

test("an element that does not fit leaves the array as it was", () => {
  const memory = growable();
  const pool = memory.pool("test");
  const array = allocArray(pool, Item);
  array.append([item(1)]);
  expect(() => array.append([item(2), Object.assign(item(3), { kind: -1 })])).toThrow(RangeError);
  expect(array.length).toBe(1);
  array.append([item(4)]);
  memory.flush();
  expect(ids(restoreArray(pool, array.address, Item))).toEqual([1, 4]);
});

test("an append that fails in a later extent leaves what there is, with its checksums", () => {
  const memory = growable();
  const pool = memory.pool("test");
  const array = allocArray(pool, Item);
  array.append(items(10_000));
  const bad = items(40_000);
  bad[39_999] = Object.assign(item(1), { kind: -1 });
  expect(() => array.append(bad)).toThrow(RangeError);
  memory.flush();
  const found = restoreArray(pool, array.address, Item);
  found.verify();
  expect(ids(found)).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  // Only extents with elements are kept.
  expect(pool.usage.bytes).toBeLessThan(10_000 * 16 + 4 * 4096);
  array.append(items(30_000, 10_000));
  memory.flush();
  const more = restoreArray(pool, array.address, Item);
  more.verify();
  expect([more.length, more.at(-1)?.id]).toEqual([40_000, 39_999n]);
});

test("an append that fails with the first leaves nothing but a header", () => {
  const memory = growable();
  const pool = memory.pool("test");
  const array = allocArray(pool, Item);
  expect(() => array.append([Object.assign(item(1), { kind: -1 })])).toThrow(RangeError);
  memory.flush();
  expect(restoreArray(pool, array.address, Item).length).toBe(0);
  expect(pool.usage).toEqual({ allocations: 1, bytes: 40, pages: 1 });
  array.append([item(2)]);
  memory.flush();
  expect(ids(restoreArray(pool, array.address, Item))).toEqual([2]);
});

test("elements larger than an extent, and elements of one byte", () => {
  @LuoStruct(0)
  class Large {
    @u8 id = 0;
    @bytes(3_000_000) content = new Uint8Array(3_000_000);
  }
  @LuoStruct(0)
  class Small {
    @u8 id = 0;
  }
  const pool = growable().pool("test");
  const large = allocArray(pool, Large);
  for (const id of [1, 2, 3]) large.append([Object.assign(new Large(), { id })]);
  expect(Array.from(large, ({ id }) => id)).toEqual([1, 2, 3]);
  const small = allocArray(pool, Small);
  small.append(
    Array.from({ length: 2_200_000 }, (_, n) => Object.assign(new Small(), { id: n % 251 })),
  );
  expect([small.length, small.at(2_199_999)?.id]).toEqual([2_200_000, 2_199_999 % 251]);
});

test("a buffer that was replaced throws and is never read", () => {
  const memory = growable(4);
  const pool = memory.pool("test");
  const array = allocArray(pool, Item);
  array.append(items(5));
  const before = memory.bytes;
  const view = codecOf(Item).view(before, array.allocations.at(-1) as number);
  expect(view.id).toBe(0n);
  pool.allocate(100_000);
  expect(() => view.id).toThrow(DetachedError);
  expect(() => before.byteLength).toThrow(DetachedError);
  expect(ids(array)).toEqual([0, 1, 2, 3, 4]);
});

describe("a generation that was sealed is not written to", () => {
  test("the first change gives the array another address and copies what changes", () => {
    const memory = growable();
    const pool = memory.pool("test");
    const array = allocArray(pool, Item);
    array.append(items(100_000));
    memory.commit();
    const { address } = array;
    const sealed = memory.bytes.u8.slice();
    array.set(3, item(33));
    array.append(items(2, 500));
    expect(array.address).not.toBe(address);
    for (const allocation of restoreArray(pool, address, Item).allocations) {
      const at = allocation;
      expect(memory.bytes.u8.slice(at, at + 40)).toEqual(sealed.slice(at, at + 40));
    }
    const former = restoreArray(pool, address, Item);
    former.verify();
    expect([former.length, former.at(3)?.id]).toEqual([100_000, 3n]);
    expect([array.length, array.at(3)?.id, array.at(-1)?.id]).toEqual([100_002, 33n, 501n]);
    // The first and the last extent changed.
    const shared = array.allocations.filter((at) => former.allocations.includes(at));
    expect(shared).toEqual(former.allocations.slice(3, -1));
    expect(shared.length).toBeGreaterThan(2);
    array.freeFormer();
    memory.commit();
    memory.flush();
    const found = restoreArray(pool, array.address, Item);
    found.verify();
    expect(found.length).toBe(100_002);
    freeArray(array as PreservedArray);
    expect(pool.usage.allocations).toBe(0);
  });

  test("extents that do not change are shared", () => {
    const memory = growable();
    const pool = memory.pool("test");
    const array = allocArray(pool, Item);
    array.append(items(200_000));
    memory.commit();
    const before = array.allocations.slice(2);
    array.set(0, item(9));
    array.flush();
    const after = array.allocations.slice(2);
    expect(before.length).toBeGreaterThan(2);
    expect(after.slice(1)).toEqual(before.slice(1));
    expect(after[0]).not.toBe(before[0]);
  });
});

describe("bytes are not trusted", () => {
  const prepared = () => {
    const memory = growable(4);
    const pool = memory.pool("test");
    const array = allocArray(pool, Item);
    array.append(items(2));
    array.append(items(1, 2));
    memory.commit();
    const [header = 0, table = 0, first = 0] = array.allocations;
    const { view } = memory.bytes;
    const restore = () => restoreArray(pool, array.address, Item);
    return { memory, pool, header, table, first, view, restore };
  };

  test.each([0n, 8n, 4095n, 4097n, 2n ** 40n, 2n ** 64n - 1n])(
    "an array at address %d",
    (address) => {
      expect(() => restoreArray(prepared().pool, address, Item)).toThrow(BadAddressError);
    },
  );

  test("every bit of header and table is guarded", () => {
    const { header, table, view, restore } = prepared();
    expect(ids(restore())).toEqual([0, 1, 2]);
    for (const [start, length] of [
      [header, 40],
      [table, 32],
    ] as const) {
      for (let bit = 0; bit < length * 8; bit++) {
        const at = start + (bit >> 3);
        view.setUint8(at, view.getUint8(at) ^ (1 << (bit & 7)));
        expect(() => restore().verify(), `bit ${bit} from ${start} on`).toThrow(BadAddressError);
        view.setUint8(at, view.getUint8(at) ^ (1 << (bit & 7)));
      }
    }
  });

  test("elements that changed are an error when they are read, with their address", () => {
    const { first, view, restore } = prepared();
    view.setUint8(first + 9, 1);
    const array = restore();
    expect(array.length).toBe(3);
    expect(array.at(2)?.id).toBe(2n);
    const message = new RegExp(`0x${first.toString(16)}: elements 0 to 1 .* they have changed`);
    for (const read of [
      () => array.at(0),
      () => [...array],
      () => array.decode(),
      () => array.verify(),
    ]) {
      expect(read).toThrow(message);
    }
  });

  test("elements of another layout", () => {
    const { pool, restore } = prepared();
    @LuoStruct(0, { family: "Item" })
    class Narrow {
      @u8 id = 0;
    }
    expect(() => restoreArray(pool, restore().address, Narrow)).toThrow(
      "holds elements of 16 bytes, expected 1",
    );
    expect(() => restoreArray(pool, restore().address, Group)).toThrow("with fingerprint");
  });
});
