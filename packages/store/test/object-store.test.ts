import {
  BadImageError,
  BadObjectError,
  costOf,
  heapBacking,
  IdentifierError,
  ObjectStore,
} from "@luo/store";
import { bool, create, DeclarationError, flexible, LuoStruct, u16, u64 } from "@luo/struct";
import { ConversionError, family, familyOf, NegotiationError } from "@luo/version";
import { describe, expect, test } from "vitest";
import {
  File,
  FileV0,
  FileV1,
  file,
  image,
  OldFile,
  Other,
  other,
  page,
  Shelf,
  some,
} from "./fixture.js";

test("the reader gets the highest version that it knows, as its own class", () => {
  const store = ObjectStore.open(some());
  const newest = store.take("file/b", File);
  expect(newest).toBeInstanceOf(FileV1);
  expect(newest?.name).toBe("räksmörgås");
  expect(newest?.pages.at(-1)?.number).toBe(1999n);
  const older = store.take("file/a", OldFile);
  expect(older).toBeInstanceOf(FileV0);
  expect(older?.size).toBe(3n);
  expect([...(older?.pages ?? [])].map(({ number }) => number)).toEqual([0n, 1n, 2n]);
});

test("what was written by an older release is upgraded", () => {
  const old = create(FileV0, { size: 5n, pages: [page(7)] });
  const backing = image((store) => store.put("file/a", old, { family: OldFile }));
  const taken = ObjectStore.open(backing).take("file/a", File);
  expect(taken).toMatchObject({ size: 5n, name: "(unknown)" });
  expect(taken?.pages.at(0)?.number).toBe(7n);
});

test("a program that works with an older class reads and writes the newest version", () => {
  const Older = family(FileV0);
  const old = create(FileV0, { size: 5n });
  const backing = image((store) => store.put("file/a", old, { family: Older }));
  expect(ObjectStore.open(backing).list()).toMatchObject([{ identifier: "file/a", version: 1 }]);
  expect(ObjectStore.open(backing).take("file/a", Older)).toBeInstanceOf(FileV0);
});

test("no shared version is an error that lists both sides", () => {
  const store = ObjectStore.open(some());
  expect(() => store.take("file/b", OldFile)).toThrow(NegotiationError);
  expect(() => store.take("file/b", OldFile)).toThrow(/writes version 1.*reads version 0/s);
});

test("an identifier that is not there gives undefined, one of another family an error", () => {
  const store = ObjectStore.open(some());
  expect(store.take("file/c", File)).toBeUndefined();
  expect(() => store.take("other", File)).toThrow(BadObjectError);
  expect(() => store.take("other", File)).toThrow(
    'object "other": found an object of family Other, expected file',
  );
});

test("an image lists what is inside, with the layouts", () => {
  const store = ObjectStore.open(some());
  expect(store.list()).toEqual([
    { identifier: "file/a", family: "file", version: 1, size: 48 },
    { identifier: "file/a", family: "file", version: 0, size: 16 },
    { identifier: "file/b", family: "file", version: 1, size: 48 },
    { identifier: "other", family: "Other", version: 0, size: 4 },
  ]);
  expect(store.schemas.map(({ family, version }) => `${family}@${version}`).sort()).toEqual([
    "Other@0",
    "file@0",
    "file@1",
    "page@0",
  ]);
});

test("put replaces, delete forgets", () => {
  const backing = image((store) => {
    store.put("file/a", file(1), { alongside: [0] });
    store.put("file/a", file(2));
    store.put("other", new Other());
    expect([store.delete("other"), store.delete("other")]).toEqual([true, false]);
  });
  const opened = ObjectStore.open(backing);
  expect(opened.list()).toHaveLength(1);
  expect(opened.size).toBe(1);
  expect(opened.take("file/a", File)?.size).toBe(2n);
  expect(opened.take("other", familyOf(Other))).toBeUndefined();
});

describe("what cannot be written leaves the store as it was", () => {
  const refused: [string, (store: ObjectStore) => void, new (...args: never[]) => Error, RegExp][] =
    [
      [
        "a value that does not fit",
        (store) => store.put("other", other(-1)),
        RangeError,
        /Other\.x: found -1/,
      ],
      [
        "an element of an array that does not fit",
        (store) => store.put("other", Object.assign(file(), { pages: [page(1), page(-1)] })),
        RangeError,
        /Page\.number: found -1n/,
      ],
      [
        "a version that there is not",
        (store) => store.put("other", file(), { alongside: [7] }),
        Error,
        /found version 7/,
      ],
      [
        "an older version that cannot hold it",
        (store) => store.put("other", file(1, "named"), { alongside: [0] }),
        ConversionError,
        /name/,
      ],
      [
        "an identifier that is too long",
        (store) => store.put("ä".repeat(65), other(1)),
        IdentifierError,
        /130 bytes/,
      ],
      [
        "a number",
        (store) => store.put(5 as never, other(1)),
        IdentifierError,
        /identifier 5: found/,
      ],
      ["one that is empty", (store) => store.put("", other(1)), IdentifierError, /0 bytes/],
      ["no object", (store) => store.put("a", null as never), DeclarationError, /not a struct/],
      [
        "one with half a character",
        (store) => store.put("\ud800", other(1)),
        IdentifierError,
        /half/,
      ],
    ];
  test.each(refused)("%s", (_, put, type, message) => {
    const store = ObjectStore.create(heapBacking());
    store.put("other", other(5));
    const before = store.usage;
    expect(() => put(store)).toThrow(message);
    expect(() => put(store)).toThrow(type);
    expect(store.usage.pools["luo.objects"]).toMatchObject({ allocations: 1, bytes: 8 });
    expect(before.pools["luo.objects"]).toMatchObject({ allocations: 1, bytes: 8 });
    expect(store.take("other", familyOf(Other))?.x).toBe(5);
    store.seal();
    store.verify();
  });

  test("memory that cannot grow", () => {
    const store = ObjectStore.create({ segments: [new ArrayBuffer(16_384)] });
    store.put("other", other(5));
    expect(() => store.put("big", file(5000))).toThrow(
      /would need .* bytes, but its buffer ends at 16384/,
    );
    store.seal();
    store.verify();
    expect(store.list()).toHaveLength(1);
  });

  test("another layout of a version that the image holds", () => {
    @LuoStruct(0, { family: "Other" })
    class Edited {
      @u64 x = 0n;
    }
    const store = ObjectStore.open(some());
    expect(() => store.put("edited", new Edited())).toThrow(BadImageError);
    expect(() => store.put("edited", new Edited())).toThrow(/Other@0 with another layout/);
  });
});

test("identifiers are any text, and as many as there are", () => {
  const names = [
    "a",
    "räksmörgås",
    "ä".repeat(64),
    "x".repeat(128),
    "emoji 🪛",
    "a\0b",
    "constructor",
  ];
  const many = Array.from({ length: 5000 }, (_, n) => `object/${n}`);
  const backing = image((store) => {
    for (const [x, name] of [...names, ...many].entries()) store.put(name, other(x));
    for (const name of many.slice(1000, 4000)) store.delete(name);
  });
  const store = ObjectStore.open(backing);
  const left = [...names, ...many.slice(0, 1000), ...many.slice(4000)];
  expect(store.list().map(({ identifier }) => identifier)).toEqual(left);
  const all = [...names, ...many];
  for (const name of left) expect(store.take(name, familyOf(Other))?.x).toBe(all.indexOf(name));
  expect(store.take("object/2000", familyOf(Other))).toBeUndefined();
});

test("an object whose size varies, and one larger than any page", () => {
  @LuoStruct(0)
  class Numbers {
    @u16 count = 0;
    @flexible(u64, { count: "count" }) values: bigint[] = [];
  }
  const sized = (count: number) =>
    create(Numbers, {
      count,
      values: Array.from({ length: count }, (_, n) => BigInt(n)),
    });
  const backing = image((store) => {
    for (const count of [0, 1, 3, 60_000]) store.put(`${count}`, sized(count));
  });
  const store = ObjectStore.open(backing, { verify: true });
  for (const count of [0, 1, 3, 60_000]) {
    expect(store.take(`${count}`, familyOf(Numbers))?.values).toEqual(sized(count).values);
  }
});

test("a class that the program does not annotate as a field's value is invalid when it is read", () => {
  @LuoStruct(0, { family: "flag" })
  class Byte {
    @u16 on = 2;
  }
  @LuoStruct(0, { family: "flag" })
  class Flag {
    @bool on = false;
  }
  const backing = image((store) => store.put("flag", new Byte()));
  expect(() => ObjectStore.open(backing).take("flag", familyOf(Flag))).toThrow(NegotiationError);
});

test("what versions alongside would cost is known before they are written", () => {
  // A page of 8 bytes each, with header and table; the older version shares them.
  expect([...costOf(file(500), [0])]).toEqual([
    [1, 48 + 40 + 16 + 4096],
    [0, 16],
  ]);
  expect([...costOf(other(1))]).toEqual([[0, 8]]);
  const store = ObjectStore.create(heapBacking());
  store.put("a", file(500), { alongside: [0] });
  expect(store.usage.pools["luo.objects"]?.bytes).toBe(48 + 40 + 16 + 4096 + 16);
  expect(() => costOf(file(1, "named"), [0])).toThrow(ConversionError);
});

test("references behind references are read as far as they are asked for", () => {
  const backing = image((store) =>
    store.put("shelf", create(Shelf, { files: [file(3), file(0), file(700, "long")] })),
  );
  const shelf = ObjectStore.open(backing, { verify: true }).take("shelf", familyOf(Shelf));
  expect(Array.from(shelf?.files ?? [], ({ name, pages }) => [name, pages.length])).toEqual([
    ["(unknown)", 3],
    ["(unknown)", 0],
    ["long", 700],
  ]);
  expect(shelf?.files.at(2)?.pages.at(699)?.number).toBe(699n);
});

describe("an identifier that is no text", () => {
  const values = [undefined, null, 5, {}, Symbol("a"), ["file/a"]];
  const calls: [string, (store: ObjectStore, identifier: never) => unknown][] = [
    ["take", (store, identifier) => store.take(identifier, File)],
    ["decode", (store, identifier) => store.decode(identifier)],
    ["put", (store, identifier) => store.put(identifier, other(2))],
    ["delete", (store, identifier) => store.delete(identifier)],
  ];
  test.each(calls)("is refused by %s, whatever was read before", (_, call) => {
    const store = ObjectStore.open(some());
    for (const value of values) {
      // The identifiers of the last calls stay in the store's buffer, as text and as bytes.
      for (const before of [() => store.list(), () => store.take("file/a", File)]) {
        before();
        expect(() => call(store, value as never)).toThrow(IdentifierError);
      }
    }
    expect(new Set(store.list().map(({ identifier }) => identifier))).toEqual(
      new Set(["file/a", "file/b", "other"]),
    );
    store.verify();
  });
});
