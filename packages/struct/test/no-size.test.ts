import { createContext, runInContext } from "node:vm";
import {
  array,
  bytes,
  codecOf,
  create,
  DeclarationError,
  flexible,
  LuoStruct,
  layoutOf,
  Memory,
  ref,
  reserved,
  SchemaLayouts,
  type Sequence,
  schemaOf,
  u8,
  u16,
  u32,
} from "@luo/struct";
import { describe, expect, test } from "vitest";
import { BACKENDS } from "./backends.js";

@LuoStruct(0)
class Nothing {
  @array(u8, 0) none: number[] = [];
}

describe("a flexible array", () => {
  test("that can begin in padding needs a count or reserved bytes", () => {
    @LuoStruct(0)
    class Padded {
      @u32 head = 0;
      @u8 kind = 0;
      @flexible(u8) items: number[] = [];
    }
    expect(layoutOf(Padded).size, "the layout is that of C").toBe(8);
    expect(() => codecOf(Padded)).toThrow(DeclarationError);
    expect(() => codecOf(Padded)).toThrow("Padded.items: is a flexible array without a count");
    expect(() => codecOf(Padded)).toThrow("@reserved(bytes(3))");
  });

  test("with the advice followed is read back as it was written", () => {
    @LuoStruct(0)
    class Counted {
      @u32 head = 0;
      @u8 count = 0;
      @flexible(u8, { count: "count" }) items: number[] = [];
    }
    @LuoStruct(0)
    class Reserved {
      @u32 head = 0;
      @u8 kind = 0;
      @reserved(bytes(3)) _: unknown;
      @flexible(u8) items: number[] = [];
    }
    @LuoStruct(0)
    class Wide {
      @u32 head = 0;
      @u8 kind = 0;
      @flexible(array(u16, 2)) items: number[][] = [];
    }
    for (let length = 0; length < 6; length++) {
      const items = Array.from({ length }, () => 7);
      const pairs = items.map((item) => [item, item]);
      for (const [of, value] of [
        [Counted, create(Counted, { count: length, items })],
        [Reserved, create(Reserved, { items })],
        [Wide, create(Wide, { items: pairs })],
      ] as const) {
        const codec = codecOf<object>(of);
        const memory = new Memory(new ArrayBuffer(codec.sizeOf(value)));
        codec.encode(value, memory, 0);
        expect(codec.decode(memory, 0)).toEqual(value);
      }
    }
  });

  test("of elements without bytes has no codec, and no layout in an image", () => {
    @LuoStruct(0)
    class Empties {
      @u32 count = 0;
      @flexible(array(u8, 0), { count: "count" }) items: number[][] = [];
    }
    @LuoStruct(0)
    class Nothings {
      @u32 count = 0;
      @flexible(Nothing, { count: "count" }) items: Nothing[] = [];
    }
    for (const of of [Empties, Nothings]) {
      expect(() => codecOf<object>(of)).toThrow("is a flexible array of elements of no bytes");
      const layouts = new SchemaLayouts(schemaOf(of));
      expect(() => layouts.get(`${of.name}@0`)).toThrow("in the 0 bytes of an element");
    }
  });
});

test("a reference to structs without bytes is refused", () => {
  @LuoStruct(0)
  class Refers {
    @ref(() => Nothing) list: Sequence<Nothing> = [];
  }
  const refs = { store: () => 0n, load: () => [] };
  const memory = new Memory(new ArrayBuffer(8));
  const codec = codecOf(Refers);
  for (const use of [
    () => codec.encode(new Refers(), memory, 0, refs),
    () => codec.decode(memory, 0, refs),
    () => codec.view(memory, 0, refs),
  ]) {
    expect(use).toThrow("Refers.list: refers to an array of Nothing, which has no bytes");
  }
});

describe.each(BACKENDS)("%s", (_, of) => {
  test("bytes of another realm are bytes, and other views of four bytes are not", () => {
    @LuoStruct(0)
    class Raw {
      @bytes(4) raw: Uint8Array = new Uint8Array(4);
    }
    const run = (code: string) => runInContext(code, createContext()) as Uint8Array;
    const memory = new Memory(new ArrayBuffer(4));
    of(Raw).encode(create(Raw, { raw: run("Uint8Array.of(1, 2, 3, 4)") }), memory, 0);
    expect([...memory.u8]).toEqual([1, 2, 3, 4]);
    of(Raw).encode(create(Raw, { raw: Buffer.from("abcd") }), memory, 0);
    for (const other of [
      "Int8Array.of(1, 2, 3, 4)",
      "Uint8ClampedArray.of(1, 2, 3, 4)",
      "[1,2,3,4]",
    ]) {
      const wrong = create(Raw, { raw: run(other) });
      expect(() => of(Raw).encode(wrong, memory, 0), other).toThrow("a Uint8Array of 4 bytes");
    }
  });
});
