import { BadObjectError, heapBacking, ObjectStore } from "@luo/store";
import { family } from "@luo/version";
import { expect, test } from "vitest";
import { EverythingV3, everything, Header, header } from "../../struct/test/fixtures.js";
import { FileV1, file, image, Shelf, some } from "./fixture.js";

/** Values as they are without classes: members alone, arrays with their elements. */
function plain(value: unknown): unknown {
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, plain);
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

test("an object is shown in every version, as what was put, by the image alone", () => {
  const [newest, older] = ObjectStore.open(some()).decode("file/a");
  expect([newest?.family, newest?.version]).toEqual(["file", 1]);
  expect([older?.family, older?.version]).toEqual(["file", 0]);
  const pages = [{ number: 0n }, { number: 1n }, { number: 2n }];
  expect(plain(newest?.value)).toEqual({ size: 3n, name: "(unknown)", pages });
  expect(plain(older?.value)).toEqual({ size: 3n, pages });
  expect(newest?.value).not.toBeInstanceOf(FileV1);
});

test("every kind of field, and arrays behind arrays", () => {
  const values = {
    everything: [everything(), family(EverythingV3)],
    header: [header(), family(Header)],
    shelf: [Object.assign(new Shelf(), { files: [file(1), file(2, "b")] }), family(Shelf)],
  } as const;
  const backing = image((store) => {
    for (const [identifier, [value, of]] of Object.entries(values)) {
      store.put(identifier, value, { family: of });
    }
  });
  const store = ObjectStore.open(backing);
  for (const [identifier, [value]] of Object.entries(values)) {
    const expected = Object.entries(value).filter(([, member]) => member !== undefined);
    expect(plain(store.decode(identifier)[0]?.value)).toEqual(plain(Object.fromEntries(expected)));
  }
});

test("what was put a moment ago is shown as what was sealed before", () => {
  const store = ObjectStore.create(heapBacking());
  expect(store.decode("shelf")).toEqual([]);
  for (const size of [1, 2]) {
    store.put("shelf", Object.assign(new Shelf(), { files: [file(size)] }), {
      family: family(Shelf),
    });
    expect(plain(store.decode("shelf")[0]?.value)).toMatchObject({
      files: [{ size: BigInt(size) }],
    });
    store.seal();
  }
});

test("bytes that have changed since they were written are not shown", () => {
  const bytes = some().toBytes();
  const text = new TextEncoder().encode("räksmörgås");
  const at = bytes.findIndex((_, start) => text.every((byte, n) => bytes[start + n] === byte));
  bytes[at] = 0x52;
  const backing = heapBacking(bytes.buffer);
  expect(() => ObjectStore.open(backing).decode("file/b")).toThrow(BadObjectError);
  expect(ObjectStore.open(backing).decode("file/a")).toHaveLength(2);
});
