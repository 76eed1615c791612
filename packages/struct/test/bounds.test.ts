import {
  array,
  BoundsError,
  bytes,
  char,
  codecOf,
  create,
  DetachedError,
  flexible,
  LuoStruct,
  Memory,
  struct,
  u8,
  u16,
  u32,
} from "@luo/struct";
import { describe, expect, test } from "vitest";
import { BACKENDS } from "./backends.js";
import { Circle, circle, Packet } from "./fixtures.js";

@LuoStruct(0)
class Tail {
  @u32 head = 0;
  @flexible(u8) items: number[] = [];
}

@LuoStruct(0)
class Mixed {
  @u32 number = 0;
  @char(4) text = "";
  @bytes(4) raw = new Uint8Array(4);
  @array(u16, 2) pair: number[] = [0, 0];
  @struct(() => Circle) inner: Circle = new Circle();
}

const VALUES: Partial<Mixed> = {
  number: 7,
  text: "abc",
  raw: Uint8Array.of(1, 2, 3, 4),
  pair: [1, 2],
};

/** A buffer that can be resized to at most 32 bytes; TypeScript's library knows it from ES2024 on. */
function resizable(length: number) {
  const make = ArrayBuffer as new (length: number, options: object) => ArrayBuffer;
  return new make(length, { maxByteLength: 32 }) as ArrayBuffer & { resize(length: number): void };
}

/** A window of a larger buffer, and the test that nothing outside of it was written. */
function windowOf(length: number, base = 16) {
  const whole = new Uint8Array(64).fill(0xee);
  whole.fill(0, base, base + length);
  const untouched = () => {
    const outside = [...whole.subarray(0, base), ...whole.subarray(base + length)];
    expect(outside.every((byte) => byte === 0xee)).toBe(true);
  };
  return { memory: new Memory(whole.subarray(base, base + length)), untouched };
}

describe.each(BACKENDS)("%s: no byte outside of the memory is read or written", (_, of) => {
  test.each([0, 1, 4])("by the flexible array of a view, at offset %d", (offset) => {
    const { memory, untouched } = windowOf(16);
    const view = of(Tail).view(memory, offset);
    const room = 16 - offset - 4;
    view.items = new Array(room).fill(1);
    expect(view.items).toHaveLength(room);
    expect(() => {
      view.items = new Array(room + 1).fill(2);
    }).toThrow(BoundsError);
    expect(view.items).toEqual(new Array(room).fill(1));
    untouched();
  });

  test("by a counted flexible array of a view, where the count was raised", () => {
    const { memory, untouched } = windowOf(16);
    const view = of(Packet).view(memory, 0);
    view.count = 4;
    expect(() => {
      view.circles = [1, 2, 3, 4].map(circle);
    }).toThrow(BoundsError);
    untouched();
  });

  test("by an array that grows between its measure and its writing", () => {
    const { memory, untouched } = windowOf(8);
    let reads = 0;
    const growing = Object.defineProperty(create(Tail, { head: 1 }), "items", {
      get: () => new Array(reads++ === 0 ? 4 : 20).fill(9),
    });
    expect(() => of(Tail).encode(growing, memory, 0)).toThrow(BoundsError);
    untouched();
    const items: unknown[] = [1, 2, 3, 4];
    Object.defineProperty(items, 0, {
      get: () => {
        if (items.length < 40) items.push(5);
        return 1;
      },
    });
    const second = create(Tail, { head: 1, items: items as number[] });
    of(Tail).encode(second, memory, 0);
    untouched();
  });

  test.each([
    [0, 0],
    [8, 0],
    [9, 0],
    [20, 1],
    [21, 1],
  ])("by a cursor at offset %d over %d elements that stands on none", (offset, count) => {
    const { memory, untouched } = windowOf(46, 8);
    const cursor = of(Mixed).cursor(memory, offset, count);
    const use = () => {
      for (const name of ["number", "text", "raw", "pair", "inner"] as const) {
        expect(() => cursor[name], name).toThrow(BoundsError);
        expect(() => Object.assign(cursor, { [name]: VALUES[name] }), name).toThrow(BoundsError);
      }
    };
    use();
    expect(() => cursor.number).toThrow("call next()");
    expect(cursor.next()).toBe(count === 1);
    if (count === 1) Object.assign(cursor, VALUES);
    else use();
    expect(cursor.next()).toBe(false);
    untouched();
  });

  test("by the codec or views of a buffer that shrank", () => {
    const buffer = resizable(32);
    const memory = new Memory(new Uint8Array(buffer, 0, 16));
    const view = of(Tail).view(memory, 0);
    view.head = 5;
    for (const length of [17, 8, 0]) {
      buffer.resize(length);
      expect(() => of(Tail).encode(new Tail(), memory, 0)).toThrow(DetachedError);
      expect(() => of(Tail).decode(memory, 0)).toThrow(DetachedError);
      expect(() => {
        view.head = 9;
      }).toThrow(DetachedError);
      expect(() => view.items).toThrow(DetachedError);
      expect(`${memory.u8.slice(0, 1)}`).toBe(length === 0 ? "" : "5");
    }
  });
});

test("a memory over a buffer that grew stays as it was", () => {
  const buffer = resizable(8);
  const memory = new Memory(buffer);
  buffer.resize(32);
  codecOf(Circle).encode(circle(3), memory, 4);
  expect(codecOf(Circle).decode(memory, 4).radius).toBe(3);
  expect(() => codecOf(Circle).encode(circle(3), memory, 8)).toThrow(BoundsError);
});
