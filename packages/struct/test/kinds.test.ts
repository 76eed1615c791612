import {
  aligned,
  array,
  BoundsError,
  big,
  bits,
  bool,
  bytes,
  char,
  codecOf,
  enumeration,
  FieldRangeError,
  flexible,
  InvalidBytesError,
  i16,
  i64,
  LuoStruct,
  layoutOf,
  Memory,
  type Operations,
  packed,
  reserved,
  type StructClass,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
} from "@luo/struct";
import { describe, expect, test } from "vitest";
import { closures } from "../src/closures.js";
import { EverythingV3, everything } from "./fixtures.js";

enum Color {
  Red = 1,
  Green = 5,
}

@LuoStruct(0)
class Circle {
  @u32 radius = 0;
}

@LuoStruct(0)
class Box {
  @u64 width = 0n;
  @u16 height = 0;
}

@LuoStruct(0)
class Header {
  @enumeration(u8, Color) color: Color = Color.Red;
  @enumeration(u16, ["idle", "busy"]) state: "idle" | "busy" = "idle";
  @bits(u32, 3) low = 0;
  @bits(u32, 29) high = 0;
  @bits(u64, 52) pfn = 0n;
  @bits(u64, 12) flags = 0n;
  @bits(i16, 5) signed = 0;
  @bits(bool, 1) dirty = false;
  @reserved(bits(u16, 0)) _end: unknown;
  @bits(i64, 40) far = 0n;
  @char(8, { terminated: true }) name = "";
  @reserved(bytes(3), { checked: true }) _zero: unknown;
  @big @u32 port = 0;
  @aligned(16) @big @array(u16, 2) ports: number[] = [0, 0];
  @packed @u64 loose = 0n;
  @u32 kind = 0;
  @union("kind", () => ({ 0: Circle, 7: Box })) shape: Circle | Box = new Circle();
  @array(u8, 2, 3) grid: number[][] = [
    [0, 0, 0],
    [0, 0, 0],
  ];
}

const header = (): Header =>
  Object.assign(new Header(), {
    color: Color.Green,
    state: "busy",
    low: 5,
    high: 2 ** 29 - 1,
    pfn: 2n ** 52n - 2n,
    flags: 0xabcn,
    signed: -16,
    dirty: true,
    far: -(2n ** 39n),
    name: "seventy",
    port: 0x01020304,
    ports: [0x0102, 0xfffe],
    loose: 2n ** 63n + 1n,
    kind: 7,
    shape: Object.assign(new Box(), { width: 2n ** 40n, height: 9 }),
    grid: [
      [1, 2, 3],
      [4, 5, 6],
    ],
  });

@LuoStruct(0)
class Packet {
  @u16 count = 0;
  @u8 kind = 0;
  @flexible(Circle, { count: "count" }) circles: Circle[] = [];
}

@LuoStruct(0)
class Base {
  @u8 a = 0;
  @u32 b = 0;
  get sum(): number {
    return this.a + this.b;
  }
}
@LuoStruct(1, { family: "Base" })
class Derived extends Base {
  @u16 c = 0;
  @struct(() => Circle) inner: Circle = new Circle();
}

const circle = (radius: number) => Object.assign(new Circle(), { radius });

/** The compiled operations, and those for pages that forbid code at run time. */
const backends: [string, <T extends object>(of: StructClass<T>) => Operations<T>][] = [
  ["compiled", codecOf],
  ["closures", (of) => closures(layoutOf(of), codecOf)],
];

describe.each(backends)("%s", (_, operationsOf) => {
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
    const packet = Object.assign(new Packet(), {
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
    const value = Object.assign(new Derived(), { a: 1, b: 2, c: 3, inner: circle(4) });
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
          expect(view[name as keyof Header], name).toEqual(wanted[name as keyof Header]);
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
