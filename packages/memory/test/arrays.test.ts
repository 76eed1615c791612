import {
  ArrayOwner,
  BadAddressError,
  type PreservedArray,
  type PreservedMemory,
} from "@luo/memory";
import { bytes, create, LuoStruct, ref, type Sequence, u8, u32 } from "@luo/struct";
import { describe, expect, test } from "vitest";
import { bytesAt, Group, growable, Item, item, items } from "./fixture.js";

/** As a program that opens the memory has it: an owner that knows of no array. */
const restored = ({ pool }: ArrayOwner, address: bigint | number) =>
  new ArrayOwner(pool).load(address, Item);

function prepare(pages?: number): { memory: PreservedMemory; arrays: ArrayOwner } {
  const memory = growable(pages);
  return { memory, arrays: new ArrayOwner(memory.pool("test")) };
}

const ids = (array: Iterable<Item>) => Array.from(array, ({ id }) => Number(id));

test("an array grows without moving what is there, and is restored from its address", () => {
  const { memory, arrays } = prepare();
  const array = arrays.alloc(Item);
  const { address } = array;
  const places: number[][] = [];
  let count = 0;
  for (const more of [1, 1, 3, 100, 70_000, 5]) {
    array.append(items(more, count));
    count += more;
    arrays.pool.allocate(13);
    places.push([...array.allocations]);
  }
  const extents = places.map((allocations) => allocations.slice(2));
  for (const before of extents) expect(extents.at(-1)?.slice(0, before.length)).toEqual(before);
  expect(array.address).toBe(address);
  memory.flush();
  for (const found of [array, restored(arrays, address)]) {
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
  const { arrays } = prepare();
  const array = arrays.alloc(Item);
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
  const { memory, arrays } = prepare();
  const { pool } = arrays;
  const groups = Array.from({ length: 300 }, (_, number) =>
    create(Group, { number, items: items(number % 5) }),
  );
  const address = arrays.store(groups, Group);
  memory.flush();
  const found = arrays.load(address, Group);
  expect(Array.from(found, ({ number, items }) => [number, ids(items)])).toEqual(
    groups.map(({ number, items }) => [number, ids(items)]),
  );
  const inner = found.at(3)?.items as PreservedArray<Item>;
  arrays.free(found as PreservedArray);
  expect(pool.usage).toEqual({ allocations: 0, bytes: 0, pages: 0 });
  expect(() => inner.at(0)).toThrow(/was freed/);
  expect(() => found.at(0)).toThrow(/was freed/);
  expect(() => found.append([])).toThrow(BadAddressError);
});

test("an element that does not fit leaves the array as it was", () => {
  const { memory, arrays } = prepare();
  const array = arrays.alloc(Item);
  array.append([item(1)]);
  expect(() => array.append([item(2), Object.assign(item(3), { kind: -1 })])).toThrow(RangeError);
  expect(array.length).toBe(1);
  array.append([item(4)]);
  memory.flush();
  expect(ids(restored(arrays, array.address))).toEqual([1, 4]);
});

test("an append that fails in a later extent leaves what there is, with its checksums", () => {
  const { memory, arrays } = prepare();
  const array = arrays.alloc(Item);
  array.append(items(10_000));
  const bad = items(40_000);
  bad[39_999] = Object.assign(item(1), { kind: -1 });
  expect(() => array.append(bad)).toThrow(RangeError);
  memory.flush();
  const found = restored(arrays, array.address);
  found.verify();
  expect(ids(found)).toEqual(Array.from({ length: 10_000 }, (_, n) => n));
  // Only extents with elements are kept.
  expect(arrays.pool.usage.bytes).toBeLessThan(10_000 * 16 + 4 * 4096);
  array.append(items(30_000, 10_000));
  memory.flush();
  const more = restored(arrays, array.address);
  more.verify();
  expect([more.length, more.at(-1)?.id]).toEqual([40_000, 39_999n]);
});

test("an append that fails with the first leaves nothing but a header", () => {
  const { memory, arrays } = prepare();
  const array = arrays.alloc(Item);
  expect(() => array.append([Object.assign(item(1), { kind: -1 })])).toThrow(RangeError);
  memory.flush();
  expect(restored(arrays, array.address).length).toBe(0);
  expect(arrays.pool.usage).toEqual({ allocations: 1, bytes: 40, pages: 1 });
  array.append([item(2)]);
  memory.flush();
  expect(ids(restored(arrays, array.address))).toEqual([2]);
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
  const { arrays } = prepare();
  const large = arrays.alloc(Large);
  for (const id of [1, 2, 3]) large.append([create(Large, { id })]);
  expect(Array.from(large, ({ id }) => id)).toEqual([1, 2, 3]);
  const small = arrays.alloc(Small);
  small.append(Array.from({ length: 2_200_000 }, (_, n) => create(Small, { id: n % 251 })));
  expect([small.length, small.at(2_199_999)?.id]).toEqual([2_200_000, 2_199_999 % 251]);
});

test("a view of an element stays good while the memory grows", () => {
  const { arrays } = prepare(4);
  const array = arrays.alloc(Item);
  array.append(items(5));
  const views = array.views();
  const { value } = views.next();
  arrays.pool.allocate(1_000_000);
  expect(value?.id).toBe(0n);
  expect(ids(array)).toEqual([0, 1, 2, 3, 4]);
});

describe("a generation that was sealed is not written to", () => {
  test("the first change gives the array another address and copies what changes", () => {
    const { memory, arrays } = prepare();
    const array = arrays.alloc(Item);
    array.append(items(100_000));
    memory.commit();
    const { address } = array;
    const sealed = new Map(
      array.allocations.map((at) => [at, bytesAt(memory, at, 40).slice()] as const),
    );
    array.set(3, item(33));
    array.append(items(2, 500));
    expect(array.address).not.toBe(address);
    for (const at of restored(arrays, address).allocations) {
      expect(bytesAt(memory, at, 40)).toEqual(sealed.get(at));
    }
    const former = restored(arrays, address);
    former.verify();
    expect([former.length, former.at(3)?.id]).toEqual([100_000, 3n]);
    expect([array.length, array.at(3)?.id, array.at(-1)?.id]).toEqual([100_002, 33n, 501n]);
    // The first and the last extent changed.
    const shared = array.allocations.filter((at) => former.allocations.includes(at));
    expect(shared).toEqual(former.allocations.slice(3, -1));
    expect(shared.length).toBeGreaterThan(2);
    arrays.freeFormer();
    memory.commit();
    const found = restored(arrays, array.address);
    found.verify();
    expect(found.length).toBe(100_002);
    arrays.free(array as PreservedArray);
    expect(arrays.pool.usage.allocations).toBe(0);
  });

  test("extents that do not change are shared", () => {
    const { memory, arrays } = prepare();
    const array = arrays.alloc(Item);
    array.append(items(200_000));
    memory.commit();
    const before = array.allocations.slice(2);
    array.set(0, item(9));
    arrays.flush();
    const after = array.allocations.slice(2);
    expect(before.length).toBeGreaterThan(2);
    expect(after.slice(1)).toEqual(before.slice(1));
    expect(after[0]).not.toBe(before[0]);
  });
});

describe("bytes are not trusted", () => {
  const prepared = () => {
    const { memory, arrays } = prepare(4);
    const array = arrays.alloc(Item);
    array.append(items(2));
    array.append(items(1, 2));
    memory.commit();
    const [header = 0, table = 0, first = 0] = array.allocations;
    const { view } = memory.at(0).memory;
    const restore = () => restored(arrays, array.address);
    return { arrays, header, table, first, view, restore };
  };

  test.each([0n, 8n, 4095n, 4097n, 2n ** 40n, 2n ** 64n - 1n])(
    "an array at address %d",
    (address) => {
      expect(() => restored(prepared().arrays, address)).toThrow(BadAddressError);
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
    const message = new RegExp(
      `0x${first.toString(16)}, .*: found elements 0 to 1 .* they have changed`,
    );
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
    const { arrays, restore } = prepared();
    const { pool } = arrays;
    @LuoStruct(0, { family: "Item" })
    class Narrow {
      @u8 id = 0;
    }
    expect(() => new ArrayOwner(pool).load(restore().address, Narrow)).toThrow(
      "found elements of 16 bytes, expected 1",
    );
    expect(() => new ArrayOwner(pool).load(restore().address, Group)).toThrow("with fingerprint");
  });
});

/** A tree or a graph: nodes that refer to arrays of nodes. */
@LuoStruct(0)
class Node {
  @u32 id = 0;
  @ref(() => Node) next: Sequence<Node> = [];
}

const node = (id: number, next: Sequence<Node> = []) => create(Node, { id, next });

describe("an array is its address", () => {
  test("all views of one array see its changes, also over generations", () => {
    const { memory, arrays } = prepare();
    const shared = [node(1)];
    const address = arrays.put(Node, node(0, [node(10, shared), node(11, shared)]));
    memory.commit();
    const [first, second] = arrays.get(Node, address).next;
    const [one, two] = [first?.next, second?.next] as [PreservedArray<Node>, PreservedArray<Node>];
    expect(one.address).toBe(two.address);
    for (let generation = 0; generation < 3; generation++) {
      one.append([node(generation)]);
      two.set(0, node(100 + generation));
      const again = arrays.get(Node, address).next.at(1)?.next as PreservedArray<Node>;
      for (const view of [one, two, again]) {
        expect(view.length).toBe(2 + generation);
        expect(view.at(0)?.id).toBe(100 + generation);
        expect(view.at(-1)?.id).toBe(generation);
        expect(view.address).toBe(one.address);
      }
      memory.commit();
    }
    arrays.freeFormer();
    arrays.free(one as PreservedArray);
    expect(() => two.at(0)).toThrow(/was freed/);
  });

  test("sharing and circles survive being written, and being copied to another owner", () => {
    const { memory, arrays } = prepare();
    const circle: Node[] = [node(1), node(2)];
    circle[0] = node(1, circle);
    circle[1] = node(2, [node(3, circle)]);
    const address = arrays.put(Node, node(0, circle));
    const usage = memory.pool("test").usage.allocations;
    const other = new ArrayOwner(memory.pool("other"));
    const copied = other.put(Node, arrays.get(Node, address));
    expect(memory.pool("other").usage.allocations).toBe(usage);
    const found = other.get(Node, copied).next as PreservedArray<Node>;
    expect(found.at(0)?.next.identity).toBe(found.identity);
    expect(found.at(1)?.next.at(0)?.next.at(1)?.id).toBe(2);
    other.free(found as PreservedArray);
    expect(memory.pool("other").usage.allocations).toBe(1);
  });

  test("two references a level take two arrays a level, and deep lists no stack", () => {
    const { memory, arrays } = prepare();
    let level: Node[] = [node(0)];
    for (let id = 1; id < 40; id++) level = [node(id, level), node(id, level)];
    const address = arrays.put(Node, node(0, level));
    // A struct; header, table and extent of 40 arrays; the header of an empty one.
    expect(memory.pool("test").usage.allocations).toBe(1 + 40 * 3 + 1);
    let list: Node[] = [];
    for (let id = 0; id < 30_000; id++) list = [node(id, list)];
    const deep = arrays.put(Node, node(0, list));
    const other = new ArrayOwner(memory.pool("other"));
    const copy = other.put(Node, arrays.get(Node, deep));
    let [at, depth] = [other.get(Node, copy), 0];
    for (; at.next.length > 0; at = at.next.at(0) as Node) depth++;
    expect(depth).toBe(30_000);
    other.free(other.get(Node, copy).next as PreservedArray);
    expect(memory.pool("other").usage.allocations).toBe(1);
    expect(arrays.get(Node, address).next.at(1)?.id).toBe(39);
  });

  test("a write that fails leaves the elements and the pool as they were", () => {
    const { memory, arrays } = prepare();
    const array = arrays.alloc(Node);
    array.append([node(1, [node(2)]), node(3)]);
    memory.commit();
    const before = memory.pool("test").usage.allocations;
    const bad = node(4, [node(5, [node(-1)])]);
    expect(() => array.set(0, node(9), bad)).toThrow(RangeError);
    expect(() => array.append([node(9), bad])).toThrow(RangeError);
    expect(Array.from(array, ({ id, next }) => [id, next.length])).toEqual([
      [1, 1],
      [3, 0],
    ]);
    arrays.flush();
    arrays.freeFormer();
    expect(memory.pool("test").usage.allocations).toBe(before);
  });

  test("an array that is appended to itself doubles", () => {
    const { arrays } = prepare();
    const array = arrays.alloc(Item);
    array.append(items(3000));
    array.append(array);
    expect(ids(array)).toEqual([...items(3000), ...items(3000)].map(({ id }) => Number(id)));
  });
});
