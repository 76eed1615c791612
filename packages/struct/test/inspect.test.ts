import { inspect } from "node:util";
import {
  big,
  bits,
  codecOf,
  create,
  INSPECT,
  LuoStruct,
  layoutOf,
  Memory,
  type Operations,
  ref,
  reserved,
  type Sequence,
  struct,
  u8,
  u32,
  u64,
} from "@luo/struct";
import { describe, expect, test } from "vitest";
import { closures } from "../src/codec/closures.js";

@LuoStruct(0)
class Point {
  @u8 x = 1;
  @u32 y = 2;
}

@LuoStruct(3)
class Everything {
  @u64 hits = 5n;
  @big @u32 order = 1;
  @bits(u8, 3) low = 1;
  @bits(u8, 4) high = 2;
  @struct(() => Point) point = new Point();
  @reserved(u8) gap: unknown;
  @ref(() => Point) points: Sequence<Point> = [];
}

const refs = { store: () => 0n, load: () => [] };
const memory = () => {
  const memory = new Memory(new ArrayBuffer(64));
  codecOf(Everything).encode(new Everything(), memory, 0, refs);
  return memory;
};

test("a layout is shown as a table of its fields and padding", () => {
  expect(inspect(layoutOf(Everything))).toBe(
    `
Everything, version 3: 40 bytes, aligned to 8
offset  size  field   type
     0     8  hits    @u64
     8     4  order   @big @u32
  12:0     1  low     @bits(u8, 3)
  12:3     1  high    @bits(u8, 4)
    13     3          padding
    16     8  point   @struct(() => Point)
    24     1  gap     @reserved(u8)
    25     7          padding
    32     8  points  @ref(() => Point)`.trimStart(),
  );
});

test("a layout has no property more because of that", () => {
  const layout = layoutOf(Point);
  expect(Reflect.ownKeys({ ...layout })).not.toContain(INSPECT);
});

test("a memory is shown with its place and first bytes", () => {
  const { buffer } = memory();
  expect(inspect(new Memory(buffer))).toBe(
    "Memory(64) <05 00 00 00 00 00 00 00 00 00 00 01 11 00 00 00 ...>",
  );
  expect(inspect(new Memory(new Uint8Array(buffer, 8, 4)))).toBe(
    "Memory(4 from 8 of 64) <00 00 00 01>",
  );
  expect(inspect(new Memory(new ArrayBuffer(0)))).toBe("Memory(0) <>");
});

test("a memory that is gone says so", () => {
  const gone = memory();
  structuredClone(gone.buffer, { transfer: [gone.buffer as ArrayBuffer] });
  expect(inspect(gone)).toBe("Memory(64, unmapped)");
});

describe.each<[string, <T extends object>(of: new () => T) => Operations<T>]>([
  ["compiled", codecOf],
  ["closures", (of) => closures(layoutOf(of), codecOf)],
])("%s", (_, operationsOf) => {
  test("a view is shown as an object of its class", () => {
    expect(inspect(operationsOf(Everything).view(memory(), 0, refs))).toBe(
      `
Everything {
  hits: 5n,
  order: 1,
  low: 1,
  high: 2,
  point: Point { x: 1, y: 2 },
  points: []
}`.trimStart(),
    );
  });

  test("a field that cannot be read shows why", () => {
    expect(inspect(operationsOf(Everything).view(memory(), 0))).toContain(
      'points: \'FieldRangeError: Everything.points: found "@ref to Point", expected a preserved memory',
    );
  });

  test("a class that shows itself goes on to do so", () => {
    @LuoStruct(0)
    class Own {
      @u8 x = 3;
      [INSPECT](): string {
        return `<${this.x}>`;
      }
    }
    const memory = new Memory(new Uint8Array(1));
    const operations = operationsOf(Own);
    operations.encode(create(Own, { x: 7 }), memory, 0);
    expect(inspect(operations.view(memory, 0))).toBe("<7>");
  });
});
