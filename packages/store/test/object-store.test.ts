import { type Backing, BadImageError, BadObjectError, heapBacking, ObjectStore } from "@luo/store";
import { char, LuoStruct, ref, type Sequence, u32, u64 } from "@luo/struct";
import { family, NegotiationError } from "@luo/version";
import { describe, expect, test } from "vitest";

@LuoStruct(0, { family: "page" })
class Page {
  @u64 number = 0n;
}
@LuoStruct(0, { family: "file" })
class FileV0 {
  @u64 size = 0n;
  @ref(() => Page) pages: Sequence<Page> = [];
}
@LuoStruct(1, { family: "file" })
class FileV1 {
  @u64 size = 0n;
  @char(32) name = "";
  @ref(() => Page) pages: Sequence<Page> = [];
}
const OldFile = family(FileV0);
const File = family(FileV0).version(FileV1, { upgrade: { name: () => "(unknown)" } });
@LuoStruct(0)
class Other {
  @u32 x = 0;
}
family(Other);

const file = (size = 3): FileV1 =>
  Object.assign(new FileV1(), {
    size: BigInt(size),
    name: "räksmörgås",
    pages: Array.from({ length: size }, (_, n) => Object.assign(new Page(), { number: BigInt(n) })),
  });

const backing = heapBacking;

function image(): Backing {
  const memory = backing();
  const store = ObjectStore.create(memory);
  store.put("file/a", file(), { alongside: [0] });
  store.put("file/b", file(2000));
  store.put("other", Object.assign(new Other(), { x: 9 }));
  store.seal();
  return memory;
}

test("the reader gets the highest version that it knows, upgraded to its newest class", () => {
  const store = ObjectStore.open(image());
  const newest = store.take("file/a", File);
  expect(newest).toBeInstanceOf(FileV1);
  expect(newest?.name).toBe("räksmörgås");
  const older = store.take("file/a", OldFile);
  expect(older).toBeInstanceOf(FileV0);
  expect(older?.size).toBe(3n);
  expect([...(older?.pages ?? [])].map(({ number }) => number)).toEqual([0n, 1n, 2n]);
  expect(store.take("file/b", File)?.pages.at(-1)?.number).toBe(1999n);
});

test("what was written by an older release is upgraded", () => {
  const memory = backing();
  const store = ObjectStore.create(memory);
  store.put("file/a", Object.assign(new FileV0(), { size: 5n, pages: [] }));
  store.seal();
  expect(ObjectStore.open(memory).take("file/a", File)).toMatchObject({
    size: 5n,
    name: "(unknown)",
  });
});

test("no shared version is an error that lists both sides", () => {
  const store = ObjectStore.open(image());
  expect(() => store.take("file/b", OldFile)).toThrow(NegotiationError);
  expect(() => store.take("file/b", OldFile)).toThrow(
    "the writer writes version 1, the reader reads version 0",
  );
});

test("an identifier that is not there gives undefined, one of another family an error", () => {
  const store = ObjectStore.open(image());
  expect(store.take("file/c", File)).toBeUndefined();
  expect(() => store.take("other", File)).toThrow(BadObjectError);
});

test("an image lists what is inside, with the layouts", () => {
  const store = ObjectStore.open(image());
  expect(store.list().map(({ identifier, version }) => `${identifier}@${version}`)).toEqual([
    "file/a@1",
    "file/a@0",
    "file/b@1",
    "other@0",
  ]);
  expect(store.schemas.map(({ family, version }) => `${family}@${version}`).sort()).toEqual([
    "Other@0",
    "file@0",
    "file@1",
    "page@0",
  ]);
});

test("put replaces, delete forgets", () => {
  const memory = backing();
  const store = ObjectStore.create(memory);
  store.put("file/a", file(1), { alongside: [0] });
  store.put("file/a", file(2));
  store.put("other", new Other());
  expect([store.delete("other"), store.delete("other")]).toEqual([true, false]);
  store.seal();
  const opened = ObjectStore.open(memory);
  expect(opened.list()).toHaveLength(1);
  expect(opened.take("file/a", File)?.size).toBe(2n);
});

test("what does not fit is refused by name, and the store goes on", () => {
  const store = ObjectStore.create(backing());
  expect(() => store.put("x", Object.assign(file(), { size: -1n }))).toThrow(
    "FileV1.size: found -1n",
  );
  expect(() => store.put("x", file(), { alongside: [7] })).toThrow("family file: has no version 7");
  expect(() => store.put("x".repeat(129), file())).not.toThrow();
  expect(() => store.seal()).toThrow("DirectoryEntry.identifier");
});

describe("a damaged image is refused", () => {
  test("every single bit that is used is guarded", () => {
    const memory = image();
    const length = ObjectStore.open(memory).byteLength;
    const bytes = new Uint8Array(memory.buffer);
    const step = Math.ceil((length - 4096) / 400);
    const places = [
      ...Array.from({ length: 48 }, (_, place) => place),
      ...Array.from({ length: 400 }, (_, n) => 4096 + n * step).filter((place) => place < length),
    ];
    for (const place of places) {
      bytes[place] = (bytes[place] ?? 0) ^ (1 << (place % 8));
      expect(() => ObjectStore.open(memory), `bit flipped in byte ${place}`).toThrow(BadImageError);
      bytes[place] = (bytes[place] ?? 0) ^ (1 << (place % 8));
    }
    expect(ObjectStore.open(memory).list()).toHaveLength(4);
  });

  test("one that is cut short, empty, or never sealed", () => {
    const { buffer } = image();
    expect(() => ObjectStore.open({ buffer: buffer.slice(0, 8192) })).toThrow(
      "the length in the header",
    );
    expect(() => ObjectStore.open({ buffer: new ArrayBuffer(0) })).toThrow("its length is 0");
    expect(() => ObjectStore.open({ buffer: new ArrayBuffer(8192) })).toThrow('the magic is ""');
  });
});
