import { ArrayOwner, HeapBacking, heapBacking, type PreservedArray } from "@luo/memory";
import { MemoryLockedError, ObjectStore, StaleStoreError, UnsealedError } from "@luo/store";
import { familyOf } from "@luo/version";
import { describe, expect, test } from "vitest";
import {
  File,
  type FileV1,
  file,
  image,
  Other,
  other,
  Page,
  pages,
  Shelf,
  some,
} from "./fixture.js";

const Others = familyOf(Other);

const numberOf = (store: ObjectStore, identifier: string) => store.take(identifier, Others)?.x;

/** Two stores over the same image. */
function two(backing = some()) {
  return { backing, one: ObjectStore.open(backing), two: ObjectStore.open(backing) };
}

/** Every call that reads or changes objects. */
const CALLS: [string, (store: ObjectStore) => unknown][] = [
  ["take", (store) => store.take("other", Others)],
  ["decode", (store) => store.decode("other")],
  ["list", (store) => store.list()],
  ["verify", (store) => store.verify()],
  ["usage", (store) => store.usage],
  ["put", (store) => store.put("other", other(5))],
  ["delete", (store) => store.delete("other")],
  ["pool", (store) => store.pool("more")],
  ["seal", (store) => store.seal()],
];

describe("a store notices that another one has sealed", () => {
  test.each(CALLS)("by %s", (_, call) => {
    const { one, two: stale } = two();
    one.put("other", other(10));
    one.seal();
    expect(() => call(stale)).toThrow(StaleStoreError);
    expect(() => call(stale)).toThrow(
      /store of generation 1: .* sealed a later generation; call refresh/,
    );
    stale.refresh();
    expect(() => call(stale)).not.toThrow();
    one.refresh();
  });

  test.each(CALLS)("by %s, in memory where no image was when it was made", (_, call) => {
    const backing = heapBacking();
    const first = ObjectStore.create(backing);
    const second = ObjectStore.create(backing);
    second.put("other", other(1));
    second.seal();
    expect(() => call(first)).toThrow(StaleStoreError);
    expect(first.refresh()).toBe(true);
    expect(numberOf(first, "other")).toBe(1);
  });

  test("also an even number of generations later", () => {
    const { one, two: stale } = two();
    for (let n = 0; n < 6; n++) {
      one.put("other", other(n));
      one.seal();
      expect(() => stale.list()).toThrow(StaleStoreError);
    }
    stale.refresh();
    expect([stale.generation, numberOf(stale, "other")]).toEqual([7, 5]);
  });

  test("by an allocation from a pool that it gave", () => {
    const { one, two: stale } = two();
    const pool = stale.pool("mine");
    stale.seal();
    one.refresh();
    one.put("other", other(1));
    one.seal();
    expect(() => pool.allocate(8)).toThrow(StaleStoreError);
  });

  test("but not when a writer ended before its generation was complete", () => {
    const { backing, one } = two();
    const bytes = new Uint8Array(backing.segments[0] as ArrayBuffer);
    const before = bytes.slice(0, 320);
    const writer = ObjectStore.open(backing);
    writer.put("new", other(1));
    writer.seal();
    // All of the header and the root but the checksum, which is written last.
    bytes.set(before.subarray(316), 316);
    expect(numberOf(one, "other")).toBe(9);
    one.put("other", other(11));
    one.seal();
    expect(numberOf(ObjectStore.open(backing, { verify: true }), "other")).toBe(11);
  });
});

describe("of two writers, one is refused and nothing that was sealed is lost", () => {
  test("when both put and the first seals first", () => {
    const { backing, one, two: second } = two();
    one.put("one", other(1));
    second.put("two", other(2));
    // The second wrote where the first had written, so only its changes are whole.
    expect(() => one.put("one", other(3))).toThrow(StaleStoreError);
    expect(() => one.seal()).toThrow(/another store began to change the image/);
    expect(() => one.refresh()).toThrow(UnsealedError);
    second.seal();
    const found = ObjectStore.open(backing, { verify: true });
    expect([numberOf(found, "one"), numberOf(found, "two")]).toEqual([undefined, 2]);
  });

  test("when they take turns, with a refresh before each", () => {
    const { backing, one, two: second } = two();
    for (let n = 0; n < 400; n++) {
      const store = n % 2 === 0 ? one : second;
      expect(store.refresh()).toBe(n > 0);
      store.put(`object/${n % 50}`, n % 7 === 0 ? file(n) : other(n));
      if (n % 5 === 0) store.delete(`object/${(n * 3) % 50}`);
      if (n === 200) store.put("shelf", Object.assign(new Shelf(), { files: [file(3)] }));
      store.seal();
    }
    one.refresh();
    const fresh = ObjectStore.open(backing, { verify: true });
    expect(one.list()).toEqual(fresh.list());
    expect(one.size).toBe(fresh.size);
    one.verify();
  });
});

describe("refresh", () => {
  test("gives what was put, replaced, deleted and compacted since", () => {
    const { one, two: reader } = two();
    expect(reader.refresh()).toBe(false);
    for (let round = 0; round < 30; round++) {
      for (let n = 0; n < 100; n++) one.put(`object/${n}`, other(round * 100 + n));
      one.delete(`object/${round}`);
      one.seal();
      expect(reader.refresh()).toBe(true);
      expect(reader.list()).toEqual(one.list());
      for (let n = 0; n < 100; n++) {
        expect(numberOf(reader, `object/${n}`)).toBe(n === round ? undefined : round * 100 + n);
      }
    }
    reader.verify();
  });

  test("costs what has changed, not what there is", () => {
    const backing = image((store) => {
      for (let n = 0; n < 100_000; n++) store.put(`object/${n}`, other(n));
    });
    const { one, two: reader } = two(backing);
    let [opening, refreshing] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let n = 0; n < 20; n++) {
      one.put("object/5", other(n));
      one.seal();
      const start = performance.now();
      reader.refresh();
      refreshing = Math.min(refreshing, performance.now() - start);
      const opened = performance.now();
      ObjectStore.open(backing);
      opening = Math.min(opening, performance.now() - opened);
    }
    expect(numberOf(reader, "object/5")).toBe(19);
    expect(refreshing).toBeLessThan(opening / 5);
  });

  test("refuses a store with changes, which stay", () => {
    const { one } = two();
    one.put("new", other(1));
    expect(() => one.refresh()).toThrow(UnsealedError);
    expect(numberOf(one, "new")).toBe(1);
    one.seal();
    expect(one.refresh()).toBe(false);
  });

  test("ends arrays that were taken before, which may lie elsewhere by now", () => {
    const { one, two: reader } = two();
    const { pages: taken } = reader.take("file/b", File) as FileV1;
    one.put("file/b", file(3));
    one.seal();
    reader.refresh();
    expect(() => taken.at(0)).toThrow(/take it again/);
    const again = reader.take("file/b", File)?.pages as PreservedArray<Page>;
    again.append(pages(2));
    reader.seal();
    expect(again.length).toBe(5);
  });

  test("keeps what resident pools hold", () => {
    const { one, two: other_ } = two();
    const list = new ArrayOwner(one.pool("index", { resident: true })).alloc(Page);
    list.append(pages(1000));
    one.seal();
    other_.refresh();
    for (let n = 0; n < 100; n++) other_.put(`object/${n}`, file(n));
    other_.seal();
    one.refresh();
    const pool = one.pool("index", { resident: true });
    const found = new ArrayOwner(pool).load(list.address, Page);
    expect([found.length, found.at(999)?.number]).toEqual([1000, 999n]);
    one.verify();
  });

  test("leaves a store stale when what was sealed is damaged", () => {
    const { backing, one, two: reader } = two();
    one.put("new", other(1));
    one.seal();
    const bytes = Buffer.from(backing.segments[0] as ArrayBuffer);
    // The identifier in its entry, and in memory that the entry was moved from.
    const name = Buffer.from("new\0\0\0\0\0");
    for (let at = bytes.indexOf(name); at >= 0; at = bytes.indexOf(name)) bytes[at] = 0x78;
    for (let n = 0; n < 2; n++) {
      expect(() => reader.refresh()).toThrow(/directory segment at .* has changed/);
      expect(() => reader.list()).toThrow(StaleStoreError);
    }
  });
});

/** Memory that several programs share, each with a view of its own. */
class SharedBacking extends HeapBacking {
  static holder: SharedBacking | undefined;
  lock(): boolean {
    SharedBacking.holder ??= this;
    return SharedBacking.holder === this;
  }
  unlock(): void {
    if (SharedBacking.holder === this) SharedBacking.holder = undefined;
  }
}

test("where memory has a lock, one program at a time changes it, until it seals", () => {
  const buffer = some().toBytes().buffer;
  const backings = [new SharedBacking(buffer), new SharedBacking(buffer)];
  const [one, second] = backings.map((backing) => ObjectStore.open(backing)) as [
    ObjectStore,
    ObjectStore,
  ];
  for (const refused of [
    () => one.put("a", "no object" as never),
    () => one.put("", other(1)),
    () => one.take("other", Others),
  ]) {
    try {
      refused();
    } catch {}
    expect(SharedBacking.holder).toBeUndefined();
  }
  one.put("a", other(1));
  for (const [name, call] of CALLS) {
    if (["take", "decode", "list", "verify", "usage"].includes(name)) call(second);
    else expect(() => call(second), name).toThrow(MemoryLockedError);
  }
  one.seal();
  expect(() => second.put("b", other(2))).toThrow(StaleStoreError);
  expect(SharedBacking.holder).toBeUndefined();
  second.refresh();
  second.put("b", other(2));
  second.seal();
  expect(SharedBacking.holder).toBeUndefined();
  expect(ObjectStore.open(backings[0] as SharedBacking, { verify: true }).size).toBe(5);
});
