import {
  BoundsError,
  codecOf,
  create,
  FieldRangeError,
  InvalidBytesError,
  layoutOf,
  Memory,
} from "@luo/struct";
import { describe, expect, test } from "vitest";
import { BACKENDS } from "./backends.js";
import {
  Base,
  Box,
  Circle,
  circle,
  Derived,
  EverythingV3,
  everything,
  Header,
  header,
  Packet,
} from "./fixtures.js";

describe.each(BACKENDS)("%s", (_, operationsOf) => {
  const operations = operationsOf(Header);
  const size = codecOf(Header).size;
  const written = (value: Header, offset = 0) => {
    const memory = new Memory(new Uint8Array(size * 3).fill(0xee));
    operations.encode(value, memory, offset);
    return memory;
  };

  test.each([0, 16, 3])("every kind of field is read back at offset %d", (offset) => {
    const memory = written(header(), offset);
    expect(operations.decode(memory, offset)).toEqual(header());
    expect(operations.decode(memory, offset).shape).toBeInstanceOf(Box);
    expect(memory.u8.subarray(offset, offset + size)).toEqual(
      written(header()).u8.subarray(0, size),
    );
  });

  test("both backends write the same bytes", () => {
    const other = new Memory(new ArrayBuffer(size));
    codecOf(Header).encode(header(), other, 0);
    expect(written(header()).u8.subarray(0, size)).toEqual(other.u8);
    const wide = new Memory(new ArrayBuffer(codecOf(EverythingV3).size));
    operationsOf(EverythingV3).encode(everything(), wide, 0);
    expect(codecOf(EverythingV3).decode(wide, 0)).toEqual(everything());
  });

  test("big-endian numbers are", () => {
    const { u8: raw } = written(header());
    const place = layoutOf(Header).fields.find(({ name }) => name === "port");
    expect([...raw.subarray(place?.offset, (place?.offset ?? 0) + 4)]).toEqual([1, 2, 3, 4]);
  });

  const misfits: Partial<Record<keyof Header, unknown[]>> = {
    color: [0, 2, "Red", undefined],
    state: ["Idle", 0],
    low: [8, -1, 1.5, "1", 1n],
    high: [2 ** 29],
    pfn: [2n ** 52n, -1n, 5],
    signed: [16, -17],
    dirty: [1],
    far: [2n ** 39n],
    name: ["eight888"],
    kind: [3],
    shape: [null, circle(1)],
    grid: [
      [[1, 2, 3]],
      [
        [1, 2],
        [3, 4],
      ],
    ],
  };
  test.each(Object.entries(misfits))("a value that does not fit %s is refused", (name, values) => {
    for (const value of values) {
      const wrong = Object.assign(header(), { [name]: value });
      expect(() => written(wrong)).toThrow(FieldRangeError);
    }
  });

  test("reserved space is written as zeros, and checked where that is asked for", () => {
    const memory = written(header());
    const place = layoutOf(Header).fields.find(({ name }) => name === "_zero")?.offset ?? 0;
    expect([...memory.u8.subarray(place, place + 3)]).toEqual([0, 0, 0]);
    memory.u8[place + 1] = 1;
    expect(() => operations.decode(memory, 0)).toThrow(InvalidBytesError);
  });

  test("an unknown enum or discriminator is refused on reading", () => {
    for (const name of ["color", "state", "kind"]) {
      const memory = written(header());
      const place = layoutOf(Header).fields.find((field) => field.name === name)?.offset ?? 0;
      memory.u8[place] = 0x77;
      expect(() => operations.decode(memory, 0), name).toThrow(InvalidBytesError);
    }
  });

  test("a flexible array is as long as its count says, and never longer than the memory", () => {
    const packets = operationsOf(Packet);
    const packet = create(Packet, {
      count: 3,
      kind: 1,
      circles: [1, 2, 3].map(circle),
    });
    expect(codecOf(Packet).size).toBe(4);
    expect(codecOf(Packet).sizeOf(packet)).toBe(16);
    const memory = new Memory(new ArrayBuffer(16));
    packets.encode(packet, memory, 0);
    expect(packets.decode(memory, 0)).toEqual(packet);
    expect(() => packets.encode(packet, memory, 4)).toThrow(BoundsError);
    expect(() => packets.encode(Object.assign(packet, { count: 2 }), memory, 0)).toThrow(
      "as many as count says",
    );
    memory.u16[0] = 4;
    expect(() => packets.decode(memory, 0)).toThrow(BoundsError);
    expect(() => packets.encodeArray([packet], memory, 0)).toThrow("flexible array");
    expect(() => packets.decodeArray(memory, 0, 1)).toThrow("flexible array");
  });

  test("a derived class appends, and has what the base class has", () => {
    expect(layoutOf(Derived).fields.map(({ name, offset }) => [name, offset])).toEqual([
      ["a", 0],
      ["b", 4],
      ["c", 8],
      ["inner", 12],
    ]);
    const value = create(Derived, { a: 1, b: 2, c: 3, inner: circle(4) });
    const memory = new Memory(new ArrayBuffer(16));
    operationsOf(Derived).encode(value, memory, 0);
    expect(operationsOf(Derived).decode(memory, 0)).toEqual(value);
  });

  describe("a view", () => {
    test.each([0, 16, 5])("reads and writes in place, at offset %d", (offset) => {
      const memory = written(new Header(), offset);
      const view = operations.view(memory, offset);
      const wanted = header();
      for (const { name, type } of layoutOf(Header).fields) {
        if (type.kind !== "reserved") Object.assign(view, { [name]: wanted[name as keyof Header] });
      }
      expect(operations.decode(memory, offset)).toEqual(wanted);
      for (const { name, type } of layoutOf(Header).fields) {
        if (type.kind !== "reserved") {
          // The struct of a union is a view.
          const value: unknown = view[name as keyof Header];
          const fields = type.kind === "union" && (value as { toJSON(): object }).toJSON();
          const found = fields ? Object.assign(new Box(), fields) : value;
          expect(found, name).toEqual(wanted[name as keyof Header]);
        }
      }
      view.flags = 0n;
      view.dirty = false;
      const changed = Object.assign(header(), { flags: 0n, dirty: false });
      expect(operations.decode(memory, offset)).toEqual(changed);
      expect(() => {
        view.low = 8;
      }).toThrow("Header.low: found 8");
      expect(() => {
        view.loose = 2n ** 64n;
      }).toThrow("Header.loose: found 18446744073709551616n");
      expect(operations.decode(memory, offset)).toEqual(changed);
    });

    test("of a nested struct is a view as well, with the methods of the class", () => {
      const memory = new Memory(new ArrayBuffer(16));
      const view = operationsOf(Derived).view(memory, 0);
      view.inner.radius = 77;
      view.a = 1;
      view.b = 2;
      expect(view.sum).toBe(3);
      expect(view).toBeInstanceOf(Base);
      expect(operationsOf(Derived).decode(memory, 0).inner.radius).toBe(77);
    });

    test("throws when its memory is gone", () => {
      const memory = new Memory(new ArrayBuffer(16));
      const view = operationsOf(Derived).view(memory, 0);
      structuredClone(memory.buffer, { transfer: [memory.buffer as ArrayBuffer] });
      expect(() => view.b).toThrow();
      expect(() => {
        view.b = 1;
      }).toThrow();
    });

    test("outside of the memory is refused", () => {
      const memory = new Memory(new ArrayBuffer(15));
      expect(() => operationsOf(Derived).view(memory, 0)).toThrow(BoundsError);
      expect(() => operationsOf(Derived).cursor(memory, 0, 1)).toThrow(BoundsError);
      expect(() => operationsOf(Derived).cursor(memory, 0, -1)).toThrow(RangeError);
    });
  });

  test.each([0, 2])(
    "a part of an array is written, and read into an array, at offset %d",
    (offset) => {
      const memory = new Memory(new ArrayBuffer(64));
      const circles = operationsOf(Circle);
      circles.encodeArray([5, 6, 7, 8].map(circle), memory, offset, undefined, 1, 3);
      const into = [1, 2, 3].map(circle);
      expect(circles.decodeArray(memory, offset, 2, undefined, into, 1)).toBe(into);
      expect(into).toEqual([1, 6, 7].map(circle));
      expect(circles.decodeArray(memory, offset, 3)[2]?.radius).toBe(0);
      const write = (from: number, to: number) => () =>
        circles.encodeArray(into, memory, offset, undefined, from, to);
      expect(write(2, 4)).toThrow(FieldRangeError);
      expect(write(2, 1)).toThrow(BoundsError);
      expect(write(0, Number.NaN)).toThrow(BoundsError);
    },
  );

  test.each([0, 2])("a cursor walks an array, at offset %d", (offset) => {
    const memory = new Memory(new ArrayBuffer(64));
    operationsOf(Circle).encodeArray([5, 6, 7].map(circle), memory, offset);
    const cursor = operationsOf(Circle).cursor(memory, offset, 3);
    const found: number[] = [];
    while (cursor.next()) {
      found.push(cursor.radius);
      cursor.radius += 10;
    }
    expect(found).toEqual([5, 6, 7]);
    expect(cursor.next()).toBe(false);
    expect(
      operationsOf(Circle)
        .decodeArray(memory, offset, 3)
        .map(({ radius }) => radius),
    ).toEqual([15, 16, 17]);
  });
});
