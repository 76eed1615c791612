import {
  BoundsError,
  codecOf,
  FieldRangeError,
  fingerprintOf,
  InvalidBytesError,
  LuoStruct,
  layoutOf,
  Memory,
  ref,
  type Sequence,
  schemaOf,
  u64,
} from "@luo/struct";
import { describe, expect, test } from "vitest";
import { EverythingV3, everything, Point } from "./fixtures.js";

const codec = codecOf(EverythingV3);
const fresh = () => new Memory(new ArrayBuffer(codec.size * 4));

describe("a value that does not fit is refused by name, never truncated", () => {
  const misfits: [keyof EverythingV3, unknown][] = [
    ["a", 256],
    ["a", -1],
    ["a", 1.5],
    ["a", "7"],
    ["a", Number.NaN],
    ["a", undefined],
    ["a", 7n],
    ["b", -1n],
    ["b", 2n ** 64n],
    ["b", 7],
    ["c", 65_536],
    ["d", 2n ** 63n],
    ["d", -(2n ** 63n) - 1n],
    ["e", 1],
    ["f", 1e300],
    ["f", "1"],
    ["g", 128],
    ["g", -129],
    ["h", 2 ** 32],
    ["i", 2 ** 31],
    ["name", "a text too long"],
    ["name", "a\0b"],
    ["name", "\ud800"],
    ["name", "fünfüüü"],
    ["raw", new Uint8Array(4)],
    ["raw", [1, 2, 3, 4, 5]],
    ["big", 2 ** 53],
    ["big", -1],
    ["signed", -(2 ** 53)],
    ["triple", [1, 2]],
    ["triple", [1, 2, 70_000]],
    ["grid", [[1, 2, 3, 4], [5]]],
    ["point", null],
    ["point", { x: 40_000, y: 0 }],
    ["last", 1n],
  ];
  test.each(misfits)("%s = %o", (field, value) => {
    const wrong = Object.assign(everything(), { [field]: value });
    for (const offset of [0, 1]) {
      const attempt = () => codec.encode(wrong, fresh(), offset);
      expect(attempt).toThrow(FieldRangeError);
      expect(attempt).toThrow(RangeError);
      expect(attempt).toThrow(`EverythingV3.${field}`);
    }
  });

  test("the message names class, field, value and bound", () => {
    expect(() => codec.encode(Object.assign(everything(), { h: -5 }), fresh(), 0)).toThrow(
      "EverythingV3.h: found -5, expected an integer from 0 to 4294967295 (u32)",
    );
  });
});

describe("bytes that no value has are refused", () => {
  const damaged = (field: string, patch: (bytes: Uint8Array) => void) => {
    const memory = fresh();
    codec.encode(everything(), memory, 8);
    const { offset } = layoutOf(EverythingV3).fields.find(({ name }) => name === field) ?? {
      offset: 0,
    };
    patch(memory.u8.subarray(8 + offset));
    return () => codec.decode(memory, 8);
  };
  test.each([
    ["e", (bytes: Uint8Array) => bytes.fill(2, 0, 1)],
    ["name", (bytes: Uint8Array) => bytes.fill(0xff, 0, 1)],
    ["name", (bytes: Uint8Array) => bytes.fill(65, 8, 9)],
    ["big", (bytes: Uint8Array) => bytes.fill(0xff, 0, 8)],
    ["signed", (bytes: Uint8Array) => bytes.fill(0x7f, 0, 8)],
  ])("%s", (field, patch) => {
    expect(damaged(field, patch)).toThrow(InvalidBytesError);
    expect(damaged(field, patch)).toThrow(`EverythingV3.${field} at offset`);
  });
});

test.each([-1, -8, 0.5, Number.NaN, codec.size * 3 + 1, 2 ** 40, Number.POSITIVE_INFINITY])(
  "an offset of %d is outside of the memory",
  (offset) => {
    expect(() => codec.encode(everything(), fresh(), offset)).toThrow(BoundsError);
    expect(() => codec.decode(fresh(), offset)).toThrow(BoundsError);
  },
);

test.each([0, 1, 4])("arrays are read back as they were written, at offset %d", (offset) => {
  const values = [everything(), Object.assign(everything(), { a: 1 }), everything()];
  const memory = fresh();
  codec.encodeArray(values, memory, offset);
  expect(codec.decodeArray(memory, offset, 3)).toEqual(values);
  expect(codec.decode(memory, offset + codec.size)).toEqual(values[1]);
  expect(() => codec.encodeArray(values, memory, codec.size * 1.5)).toThrow(BoundsError);
  expect(() => codec.decodeArray(memory, 0, 5)).toThrow(BoundsError);
  expect(() => codec.decodeArray(memory, 0, -1)).toThrow(RangeError);
});

test("a view into a larger buffer is written at its own offsets, aligned or not", () => {
  for (const base of [8, 3]) {
    const bytes = new Uint8Array(codec.size + 32);
    codec.encode(everything(), new Memory(bytes.subarray(base, base + codec.size)), 0);
    expect(codec.decode(new Memory(bytes), base)).toEqual(everything());
  }
});

test("decoding gives objects of the class", () => {
  const memory = fresh();
  codec.encode(everything(), memory, 0);
  const value = codec.decode(memory, 0);
  expect(value).toBeInstanceOf(EverythingV3);
  expect(value.point).toBeInstanceOf(Point);
  expect(value.path[1]).toBeInstanceOf(Point);
});

test("a reference without a memory to resolve it says so", () => {
  @LuoStruct(0)
  class Holder {
    @ref(() => Point) points: Sequence<Point> = [];
  }
  const attempt = () => codecOf(Holder).encode(new Holder(), fresh(), 0);
  expect(attempt).toThrow(/Holder.points: found "@ref to Point".*preserved memory/);
});

test("the fingerprint changes with a field's name, type, order or nested layout, and with nothing else", () => {
  const variants = [
    () => {
      @LuoStruct(0, { family: "S" })
      class A {
        @u64 x = 0n;
        @u64 y = 0n;
      }
      return A;
    },
    () => {
      @LuoStruct(0, { family: "S" })
      class B {
        @u64 y = 0n;
        @u64 x = 0n;
      }
      return B;
    },
    () => {
      @LuoStruct(1, { family: "S" })
      class C {
        @u64 x = 0n;
        @u64 y = 0n;
      }
      return C;
    },
  ].map((make) => fingerprintOf(make()));
  expect(new Set(variants).size).toBe(3);
  @LuoStruct(0, { family: "S" })
  class Renamed {
    @u64.number x = 0;
    @u64 y = 5n;
  }
  expect(fingerprintOf(Renamed)).toBe(variants[0]);
});

test("the schema tells every field's place and type, and that of every struct it mentions", () => {
  const [own, nested] = schemaOf(EverythingV3);
  expect(own).toMatchObject({ family: "Everything", version: 3, size: codec.size, align: 8 });
  expect(Object.fromEntries(own?.fields.map(({ name, type }) => [name, type]) ?? [])).toMatchObject(
    {
      big: "u64",
      name: "char[9]",
      raw: "byte[5]",
      grid: "u8[2][4]",
      point: "Point@0",
      path: "Point@0[2]",
    },
  );
  expect(nested).toMatchObject({ family: "Point", version: 0, size: 16 });
});
