import { BusyStoreError, heapBacking, ObjectStore } from "@luo/store";
import { create, LuoStruct, type Sequence, u32 } from "@luo/struct";
import { family, familyOf, follows, since } from "@luo/version";
import { describe, expect, test } from "vitest";
import { File, FileV1, file, Other, other, page, some } from "./fixture.js";

const Others = familyOf(Other);

/** An object of a class, whose getter or iterator calls a function. */
const CALLERS: [string, (call: () => void) => object][] = [
  [
    "a getter",
    (call) =>
      Object.defineProperty(other(7), "x", {
        get: () => {
          call();
          return 7;
        },
      }),
  ],
  [
    "an iterator",
    (call) =>
      create(FileV1, {
        pages: {
          length: 2,
          at: (index: number) => page(index),
          *[Symbol.iterator]() {
            yield page(0);
            call();
            yield page(1);
          },
        } as Sequence<ReturnType<typeof page>>,
      }),
  ],
];

const CHANGES: [string, (store: ObjectStore) => unknown][] = [
  ["puts the same identifier", (store) => store.put("a", other(1))],
  ["puts another one", (store) => store.put("b", file(5))],
  ["deletes", (store) => store.delete("a")],
  ["seals", (store) => store.seal()],
  ["refreshes", (store) => store.refresh()],
];

describe.each(CALLERS)("%s of an object that is put", (_, caller) => {
  test.each(CHANGES)("%s: refused, and nothing is lost", (_, change) => {
    for (const passesOn of [true, false]) {
      const store = ObjectStore.open(some());
      store.put("a", other(5));
      store.put("b", file(3));
      const before = store.usage;
      const calls: unknown[] = [];
      const value = caller(() => {
        try {
          change(store);
        } catch (error) {
          calls.push(error);
          if (passesOn) throw error;
        }
      });
      const put = () => store.put("a", value);
      if (passesOn) expect(put).toThrow(BusyStoreError);
      else put();
      expect(calls.length).toBeGreaterThan(0);
      for (const error of calls) expect(error).toBeInstanceOf(BusyStoreError);
      if (passesOn) {
        expect(store.usage).toEqual(before);
        expect(store.take("a", Others)?.x).toBe(5);
      } else if (value instanceof FileV1) expect(store.take("a", File)?.pages.length).toBe(2);
      else expect(store.take("a", Others)?.x).toBe(7);
      expect(store.take("b", File)?.pages.length).toBe(3);
      store.put("c", other(1));
      store.seal();
      store.verify();
    }
  });

  test("takes: it gets what the identifier held before", () => {
    const store = ObjectStore.open(some());
    store.put("a", file(4));
    const lengths: (number | undefined)[] = [];
    store.put(
      "a",
      caller(() => lengths.push(store.take("a", File)?.pages.length)),
    );
    expect(new Set(lengths)).toEqual(new Set([4]));
    store.seal();
    store.verify();
  });
});

@LuoStruct(0)
class LampV0 {
  @u32 level = 0;
}

@LuoStruct(1)
@follows(LampV0)
class LampV1 {
  @u32 level = 0;
  @since(1, 0) @u32 hue = 0;
}

test("versions that are listed by code that puts are refused as well", () => {
  const store = ObjectStore.create(heapBacking());
  const alongside = {
    *[Symbol.iterator]() {
      store.put("b", other(1));
      yield 0;
    },
  };
  const Lamp = family(LampV1);
  expect(() => store.put("a", new LampV1(), { family: Lamp, alongside })).toThrow(BusyStoreError);
  store.put("a", new LampV1(), { alongside: [0] });
  expect(store.list()).toHaveLength(2);
});
