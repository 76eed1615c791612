import {
  ArrayOwner,
  type HeapBacking,
  heapBacking,
  OutOfMemoryError,
  type PreservedArray,
} from "@luo/memory";
import { BadObjectError, ImageExistsError, ObjectStore, PoolNameError } from "@luo/store";
import type { StructClass } from "@luo/struct";
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
  page,
  pages,
  Shelf,
  some,
} from "./fixture.js";

/** Bytes in the first page: from one slot to the next, and from a slot to the end of its root. */
const [SLOT, ROOT_END] = [2048, 256 + 64];

const Others = familyOf(Other);

const copyOf = (backing: HeapBacking) => heapBacking(backing.toBytes().buffer);

const content = (backing: HeapBacking) => {
  const store = ObjectStore.open(backing, { verify: true });
  return store.list().map(({ identifier, family }) => {
    if (family === "Other") return [identifier, store.take(identifier, Others)?.x];
    return [identifier, store.take(identifier, File)?.pages.length];
  });
};

describe("what is not sealed is not there", () => {
  test("a reader sees the last sealed generation, whatever is done to the store", () => {
    const backing = some();
    const before = content(copyOf(backing));
    const store = ObjectStore.open(backing);
    const unchanged = () => expect(content(copyOf(backing))).toEqual(before);
    store.put("other", other(10));
    unchanged();
    store.delete("file/a");
    unchanged();
    for (let n = 0; n < 3000; n++) store.put(`new/${n}`, other(n));
    unchanged();
    for (let n = 0; n < 3000; n++) store.put(`new/${n}`, file(n % 4));
    for (let n = 0; n < 3000; n++) store.delete(`new/${n}`);
    unchanged();
    store.put("file/b", file(1));
    unchanged();
    store.seal();
    expect(content(backing)).toEqual([
      ["other", 10],
      ["file/b", 1],
    ]);
  });

  test("a root that was half written leaves the generation before", () => {
    const backing = some();
    const before = content(copyOf(backing));
    const store = ObjectStore.open(backing);
    store.put("other", other(10));
    store.seal();
    const bytes = new Uint8Array(backing.segments[0] as ArrayBuffer);
    // The second generation's header and root are the first in the page.
    const whole = bytes.slice(0, ROOT_END);
    for (let written = 8; written < ROOT_END; written++) {
      bytes.fill(0, written, ROOT_END);
      const found = content(copyOf(backing));
      expect(found, `${written} bytes`).toEqual(before);
      bytes.set(whole);
    }
    expect(content(backing)).not.toEqual(before);
  });

  test("an image is not created over another, whose content stays", () => {
    const backing = some();
    const before = content(backing);
    expect(() => ObjectStore.create(backing)).toThrow(ImageExistsError);
    expect(content(backing)).toEqual(before);
  });

  test("memory in which no generation was completed is none to open, but to create one in", () => {
    const backing = some();
    const bytes = new Uint8Array(backing.segments[0] as ArrayBuffer);
    expect(ObjectStore.isSealed(backing)).toBe(true);
    // As a program leaves it that ends just before its first checksum.
    bytes.fill(0, SLOT + ROOT_END - 4, SLOT + ROOT_END);
    expect(ObjectStore.isSealed(backing)).toBe(false);
    expect(ObjectStore.isSealed(heapBacking())).toBe(false);
    expect(ObjectStore.isSealed({ segments: [] })).toBe(false);
    const store = ObjectStore.create(backing);
    store.put("other", other(3));
    store.seal();
    expect(content(backing)).toEqual([["other", 3]]);
  });

  test("the generation before is complete as long as the next is written", () => {
    const backing = heapBacking();
    let store = ObjectStore.create(backing);
    store.put("a", file(100));
    store.seal();
    for (let generation = 2; generation < 40; generation++) {
      if (generation % 7 === 0) store = ObjectStore.open(backing);
      const before = copyOf(backing);
      const found = content(before);
      store.put("a", file(100 + generation));
      store.put(`b${generation % 3}`, other(generation));
      if (generation % 5 === 0) store.delete("b1");
      // As a program that is killed now would leave it.
      expect(content(copyOf(backing))).toEqual(found);
      store.seal();
      expect(store.generation).toBe(generation);
      expect(ObjectStore.open(copyOf(backing)).generation).toBe(generation);
      expect(Object.fromEntries(content(copyOf(backing)))).toMatchObject({ a: 100 + generation });
    }
  });
});

test("where there is no room to compact, what was put is put all the same", () => {
  const store = ObjectStore.create({ segments: [new ArrayBuffer(40 * 4096)] });
  store.put("first", other(1));
  store.seal();
  let puts = 0;
  expect(() => {
    for (; ; puts++) store.put(`${"x".repeat(100)}${puts % 300}`, other(puts));
  }).toThrow(/would need/);
  expect(puts).toBeGreaterThan(300);
  store.seal();
  store.verify();
  for (let n = puts - 300; n < puts; n++) {
    expect(store.take(`${"x".repeat(100)}${n % 300}`, Others)?.x).toBe(n);
  }
});

describe("a generation costs what has changed", () => {
  test("one object among many, again and again, takes no more memory", () => {
    const backing = image((store) => {
      for (let n = 0; n < 20_000; n++) store.put(`object/${n}`, other(n));
    });
    const store = ObjectStore.open(backing);
    const changed = (act: () => void) => {
      const before = backing.toBytes();
      act();
      const after = backing.toBytes();
      let bytes = Math.abs(after.length - before.length);
      for (let at = 0; at < Math.min(before.length, after.length); at++) {
        if (before[at] !== after[at]) bytes++;
      }
      return bytes;
    };
    store.put("object/7", other(1));
    store.seal();
    const length = store.byteLength;
    for (let generation = 0; generation < 100; generation++) {
      const bytes = changed(() => {
        store.put("object/7", other(generation));
        store.seal();
      });
      expect(bytes).toBeLessThan(600);
    }
    expect(store.byteLength).toBeLessThan(length + 150 * 4096);
  });

  test("what is put over and over, or put and deleted, does not grow the image", () => {
    const store = ObjectStore.create(heapBacking());
    const step = (n: number) => {
      store.put("same", file(n % 50));
      store.put(`new/${n}`, file(3));
      if (n >= 10) store.delete(`new/${n - 10}`);
      if (n % 3 === 0) store.seal();
    };
    for (let n = 0; n < 2000; n++) step(n);
    const length = store.byteLength;
    for (let n = 2000; n < 6000; n++) step(n);
    expect(store.byteLength).toBe(length);
    store.seal();
    store.verify();
  });

  test("an object that is put again keeps the arrays that were taken with it", () => {
    const backing = image((store) => store.put("big", file(100_000)));
    const store = ObjectStore.open(backing);
    const taken = store.take("big", File) as FileV1;
    const before = store.usage.pools["luo.objects"];
    taken.name = "renamed";
    store.put("big", taken, { alongside: [] });
    store.seal();
    store.verify();
    expect(store.usage.pools["luo.objects"]).toEqual(before);
    const again = ObjectStore.open(backing, { verify: true }).take("big", File);
    expect([again?.name, again?.pages.length, again?.pages.at(99_999)?.number]).toEqual([
      "renamed",
      100_000,
      99_999n,
    ]);
  });

  test("an array that was taken grows and changes without being copied", () => {
    const backing = image((store) => store.put("big", file(200_000)));
    const store = ObjectStore.open(backing);
    const sealed = copyOf(backing);
    const taken = store.take("big", File) as FileV1;
    const array = taken.pages as PreservedArray<Page>;
    array.append(pages(10));
    array.set(3, page(333));
    expect(
      ObjectStore.open(copyOf(backing), { verify: true }).take("big", File)?.pages.at(3)?.number,
    ).toBe(3n);
    const before = store.byteLength;
    store.put("big", taken);
    store.seal();
    store.verify();
    // 200 000 elements of 8 bytes are two extents; both changed.
    expect(store.byteLength - before).toBeLessThan(200_000 * 8 * 1.5);
    expect(content(sealed)).toEqual([["big", 200_000]]);
    const found = ObjectStore.open(backing, { verify: true }).take("big", File)?.pages;
    expect([
      found?.length,
      found?.at(3)?.number,
      found?.at(4)?.number,
      found?.at(-1)?.number,
    ]).toEqual([200_010, 333n, 4n, 9n]);
  });
});

test("arrays inside of a taken array grow and change as well", () => {
  const shelf = Object.assign(new Shelf(), { files: [file(2), file(3)] });
  const backing = image((store) => store.put("shelf", shelf));
  const store = ObjectStore.open(backing);
  const Shelves = familyOf(Shelf);
  const taken = store.take("shelf", Shelves) as Shelf;
  const files = taken.files as PreservedArray<FileV1>;
  const first = files.at(0) as FileV1;
  (first.pages as PreservedArray<Page>).append(pages(7));
  files.set(0, first);
  files.append([file(5, "new")]);
  const sizes = (shelf?: Shelf) => Array.from(shelf?.files ?? [], ({ pages }) => pages.length);
  expect(sizes(store.take("shelf", Shelves))).toEqual([2, 3]);
  store.put("shelf", taken);
  store.seal();
  store.verify();
  expect(sizes(taken)).toEqual([9, 3, 5]);
  expect(sizes(ObjectStore.open(backing, { verify: true }).take("shelf", Shelves))).toEqual([
    9, 3, 5,
  ]);
});

describe("what changed in a taken array and was not put is freed with the object", () => {
  const started = () => {
    const store = ObjectStore.open(image((store) => store.put("shelf", shelfOf(2, 3))));
    const { files } = store.take("shelf", familyOf(Shelf)) as Shelf;
    return { store, files: files as PreservedArray<FileV1> };
  };
  const shelfOf = (...sizes: number[]) =>
    Object.assign(new Shelf(), { files: sizes.map((size) => file(size)) });
  const emptied = (store: ObjectStore) => {
    store.delete("shelf");
    // Nothing of it is written any more, where something else may lie by then.
    store.put("other", other(1));
    store.seal();
    store.verify();
    expect(store.usage.pools["luo.objects"]?.allocations).toBe(1);
  };

  test("elements that were added, with their arrays", () => {
    const { store, files } = started();
    files.append([file(4), file(5)]);
    files.set(0, file(6));
    emptied(store);
  });

  test("over several generations", () => {
    const { store, files } = started();
    for (let generation = 0; generation < 3; generation++) {
      files.append([file(4)]);
      files.set(0, file(generation));
      store.seal();
      store.verify();
    }
    emptied(store);
  });

  test("an array that is read again by way of what refers to it", () => {
    const { store, files } = started();
    const first = files.at(0) as FileV1;
    for (let generation = 0; generation < 3; generation++) {
      (first.pages as PreservedArray<Page>).append(pages(3));
      files.set(0, first);
      expect(files.at(0)?.pages.length).toBe(5 + generation * 3);
      store.seal();
    }
    emptied(store);
  });
});

test("an object whose bytes have changed is an error when it is taken, and others are not", () => {
  const backing = image((store) => {
    store.put("a", other(0x1234_5678));
    store.put("b", other(7));
  });
  const bytes = new Uint8Array(backing.segments[0] as ArrayBuffer);
  const at = bytes.findIndex((byte, index) => byte === 0x78 && bytes[index + 1] === 0x56);
  bytes[at] = 0x79;
  const store = ObjectStore.open(backing);
  expect(() => store.take("a", Others)).toThrow(BadObjectError);
  expect(() => store.take("a", Others)).toThrow(
    new RegExp(`object "a": found 4 bytes at 0x${at.toString(16)} with checksum`),
  );
  expect(store.take("b", Others)?.x).toBe(7);
  expect(() => ObjectStore.open(backing, { verify: true })).toThrow(BadObjectError);
});

test("layouts that are written anew take the place of those before", () => {
  const store = ObjectStore.create(heapBacking());
  const allocations = [other(1), file(1), new Shelf()].map((value, index) => {
    store.put(`${index}`, value);
    store.seal();
    return store.usage.pools["luo.directory"]?.allocations;
  });
  // A segment for each generation, and the schemas once.
  expect(allocations).toEqual([2, 3, 4]);
});

describe("arrays that were taken", () => {
  const taken = (store: ObjectStore) => store.take("a", File) as FileV1;

  test("are good until their object is put or deleted", () => {
    for (const change of [
      (store: ObjectStore) => store.delete("a"),
      (store: ObjectStore) => store.put("a", file(1)),
      (store: ObjectStore) => store.put("a", other(1)),
    ]) {
      const store = ObjectStore.open(image((store) => store.put("a", file(5))));
      const { pages } = taken(store);
      expect(pages.at(0)?.number).toBe(0n);
      change(store);
      expect(() => pages.at(0)).toThrow(/take it again/);
      expect(() => [...pages]).toThrow(/take it again/);
    }
  });

  test("are copied when they are put under another identifier", () => {
    const store = ObjectStore.open(image((store) => store.put("a", file(5))));
    store.put("b", taken(store));
    store.delete("a");
    store.seal();
    store.verify();
    expect(store.take("b", File)?.pages.length).toBe(5);
  });

  test("belong to no other store", () => {
    const one = ObjectStore.open(image((store) => store.put("a", file(5))));
    const two = ObjectStore.create(heapBacking());
    two.put("a", taken(one));
    two.seal();
    two.verify();
    expect(two.take("a", File)?.pages.length).toBe(5);
  });

  test("are shared by the versions that lie alongside", () => {
    const store = ObjectStore.create(heapBacking());
    store.put("a", file(50_000));
    const { bytes } = store.usage.pools["luo.objects"] as { bytes: number };
    store.put("a", file(50_000), { alongside: [0] });
    expect(store.usage.pools["luo.objects"]?.bytes).toBe(bytes + 16);
    store.seal();
    store.verify();
    const opened = ObjectStore.open(image((store) => store.put("a", file(9), { alongside: [0] })));
    opened.put("b", other(1));
    opened.verify();
    opened.delete("a");
    expect(opened.usage.pools["luo.objects"]?.allocations).toBe(1);
  });

  test("inside of arrays are freed with them", () => {
    const store = ObjectStore.create(heapBacking());
    store.put("shelf", Object.assign(new Shelf(), { files: [file(3), file(500)] }));
    store.seal();
    const reopened = ObjectStore.open(some());
    reopened.put("shelf", Object.assign(new Shelf(), { files: [file(3), file(500)] }));
    reopened.delete("shelf");
    reopened.verify();
    store.delete("shelf");
    store.seal();
    store.verify();
    expect(store.usage.pools["luo.objects"]).toMatchObject({ allocations: 0, bytes: 0, pages: 0 });
  });
});

describe("pools of the program's own", () => {
  const Numbers = Page as StructClass<Page>;

  test("resident ones stay, others end with the program", () => {
    const backing = some();
    let store = ObjectStore.open(backing);
    const kept = new ArrayOwner(store.pool("index", { resident: true })).alloc(Numbers);
    kept.append(pages(3000));
    const scratch = store.pool("scratch");
    scratch.allocate(100_000);
    store.put("other", other(7));
    store.seal();
    const address = kept.address;

    store = ObjectStore.open(backing);
    store.put("other", other(8));
    const { pools } = store.usage;
    expect(Object.keys(pools)).not.toContain("scratch");
    const index = store.pool("index", { resident: true });
    const found = new ArrayOwner(index).load(address, Numbers);
    expect([found.length, found.at(-1)?.number]).toEqual([3000, 2999n]);
    for (let n = 0; n < 500; n++) store.put(`more/${n}`, file(20));
    found.verify();
    store.seal();
    expect(() => index.free(Number(address) + 8)).toThrow(/no allocation begins here/);
    for (const allocation of found.allocations) index.free(allocation);
    index.close();
    store.seal();
    store.verify();
    expect(ObjectStore.open(backing).pool("index", { resident: true }).usage.allocations).toBe(0);
  });

  test.each(["", "ä".repeat(21), "luo.objects", undefined, 5])(
    "one cannot be called %j",
    (name) => {
      const store = ObjectStore.create(heapBacking());
      expect(() => store.pool(name as string, { resident: true })).toThrow(PoolNameError);
    },
  );

  test("one that is released at once leaves everything else alone", () => {
    const store = ObjectStore.create(heapBacking());
    store.put("a", file(100));
    const before = store.usage.pools["luo.objects"];
    const staging = store.pool("staging");
    for (let n = 1; n < 2000; n++) staging.allocate(n * 7);
    expect(staging.usage.allocations).toBe(1999);
    staging.release();
    expect(staging.usage).toEqual({ allocations: 0, bytes: 0, pages: 0 });
    expect(store.usage.pools["luo.objects"]).toEqual(before);
    store.seal();
    store.verify();
    expect(store.take("a", File)?.pages.length).toBe(100);
  });
});

describe("the directory takes little memory", () => {
  /** Puts one object of 16 bytes a generation until the memory is full, and gives their number. */
  const fill = (store: ObjectStore, seals = true) => {
    let puts = 0;
    try {
      for (; ; puts++) {
        store.put(`object/${puts}`, file(0));
        if (seals) store.seal();
      }
    } catch (error) {
      expect(error).toBeInstanceOf(OutOfMemoryError);
    }
    return puts;
  };

  test("when each generation has one object", () => {
    const memory = new ArrayBuffer(64 << 10);
    const store = ObjectStore.create({ segments: [memory] });
    expect(fill(store)).toBeGreaterThan(150);
    expect(ObjectStore.open({ segments: [memory] }, { verify: true }).size).toBeGreaterThan(150);
  });

  test("also when segments with many entries were trimmed", () => {
    const store = ObjectStore.create(heapBacking());
    for (let generation = 1; generation < 80; generation++) {
      for (let n = 0; n < generation * 3; n++)
        store.put(`${n % 40}/${"x".repeat(n % 90)}`, other(n));
      store.delete("0/");
      store.seal();
    }
    store.verify();
    for (const { identifier } of store.list()) expect(store.take(identifier, Others)).toBeDefined();
  });
});
