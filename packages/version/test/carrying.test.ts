import {
  array,
  bits,
  bool,
  bytes,
  char,
  create,
  enumeration,
  type FieldDecorator,
  f32,
  f64,
  flexible,
  i8,
  i16,
  i64,
  LuoStruct,
  ref,
  reserved,
  type Sequence,
  type StructClass,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
} from "@luo/struct";
import { dropped, type Family, FamilyError, family, follows, since } from "@luo/version";
import { describe, expect, test } from "vitest";

interface Box {
  x: unknown;
}

type Annotation = Pick<FieldDecorator<unknown>, "type">;

/** Two versions of a struct of one field, whose type changes. */
function versions(older: Annotation, newer: Annotation) {
  class Older implements Box {
    x: unknown = undefined;
  }
  class Newer implements Box {
    x: unknown = undefined;
  }
  for (const [version, box, type] of [[0, Older, older] as const, [1, Newer, newer] as const]) {
    (type as FieldDecorator<unknown>)(box.prototype, "x");
    LuoStruct(version, { family: "box" })(box);
  }
  follows(Older)(Newer);
  return { Older, Newer, Box: family(Newer) };
}

const made = (struct: StructClass<Box>, x: unknown) => create(struct, { x });
const through = (Box: Family<Box>, value: Box, to: number) => (Box.convert(value, to) as Box).x;

const wide = 2n ** 63n;
describe("a type that takes every value of the one before carries over by itself", () => {
  test.each<
    [
      what: string,
      older: Annotation,
      newer: Annotation,
      values: readonly (readonly [older: unknown, newer: unknown])[],
      tooMuch: unknown,
      problem: string,
    ]
  >([
    ["u8 to u32", u8, u32, [[255, 255]], 256, "x: found 256, expected an integer from 0 to 255"],
    ["u8 to i16", u8, i16, [[255, 255]], -1, "x: found -1, expected an integer from 0 to 255"],
    ["u32 to u64", u32, u64, [[7, 7n]], 2n ** 32n, "x: found 4294967296n"],
    ["i8 to i64", i8, i64, [[-128, -128n]], -129n, "x: found -129n"],
    ["u64.number to u64", u64.number, u64, [[2 ** 53 - 1, 2n ** 53n - 1n]], wide, "x: found 9223"],
    ["u16 to u64.number", u16, u64.number, [[7, 7]], 65_536, "x: found 65536"],
    ["bits to more bits", bits(u32, 3), bits(u32, 9), [[7, 7]], 8, "x: found 8, expected"],
    ["bits to an integer", bits(u64, 12), u16, [[4095n, 4095]], 4096, "x: found 4096"],
    ["f32 to f64", f32, f64, [[0.5, 0.5]], 0.1, "x: found 0.1, expected a number that f32 holds"],
    ["text to longer text", char(4), char(9), [["abcd", "abcd"]], "abcdé", "at most 4 bytes"],
    [
      "text to as much terminated text",
      char(4),
      char(6, { terminated: true }),
      [["abcd", "abcd"]],
      "abcde",
      "at most 4 bytes",
    ],
    [
      "members to more members",
      enumeration(u8, ["idle", "busy"]),
      enumeration(u16, ["busy", "idle", "gone"]),
      [["busy", "busy"]],
      "gone",
      'x: found "gone", expected one of idle, busy',
    ],
    [
      "arrays of what carries over",
      array(u8, 2),
      array(u64, 2),
      [
        [
          [1, 2],
          [1n, 2n],
        ],
      ],
      [1n, 256n],
      "x[1]: found 256n, expected an integer from 0 to 255",
    ],
  ])("%s", (_, older, newer, values, tooMuch, problem) => {
    const { Older, Newer, Box } = versions(older, newer);
    for (const [before, after] of values) {
      expect(through(Box, made(Older, before), 1)).toEqual(after);
      expect(through(Box, made(Newer, after), 0)).toEqual(before);
    }
    expect(() => through(Box, made(Newer, tooMuch), 0)).toThrow(problem);
  });

  test.each<[string, Annotation, unknown]>([
    ["bool", bool, true],
    ["one bit of bool", bits(bool, 1), true],
    ["bytes", bytes(2), Uint8Array.of(1, 2)],
    ["f64", f64, Number.NaN],
    ["members", enumeration(u8, ["a", "b"]), "b"],
    ["i64", i64, -5n],
  ])("%s as it is", (_, type, value) => {
    const { Older, Newer, Box } = versions(type, type);
    expect(through(Box, made(Older, value), 1)).toBe(value);
    expect(through(Box, made(Newer, value), 0)).toBe(value);
  });
});

test.each<[string, Annotation, Annotation]>([
  ["a narrower integer", u32, u16],
  ["a signed integer of the same size", u32, i16],
  ["a float for an integer", u8, f32],
  ["an integer for a bool", bool, u8],
  ["shorter text", char(4), char(3)],
  ["text for bytes", bytes(4), char(4)],
  ["bytes of another number", bytes(4), bytes(5)],
  ["fewer members", enumeration(u8, ["a", "b"]), enumeration(u8, ["a"])],
  ["an array of another length", array(u8, 2), array(u8, 3)],
  ["an array of what does not carry over", array(u32, 2), array(u8, 2)],
])("%s takes a function", (_, older, newer) => {
  expect(() => versions(older, newer).Box.versions).toThrow(FamilyError);
});

@LuoStruct(0, { family: "circle" })
class CircleV0 {
  @u32 radius = 1;
}
@LuoStruct(1, { family: "circle" })
class CircleV1 extends CircleV0 {
  @u8 colour = 3;
}
@LuoStruct(0, { family: "square" })
class Square {
  @u32 side = 2;
}
@LuoStruct(0, { family: "dot" })
class Dot {
  @u32 x = 2;
}
@LuoStruct(0, { family: "unrelated" })
class Unrelated {
  @u32 radius = 1;
}

test("unions: members are converted along, and a new member has no place in an older version", () => {
  @LuoStruct(0)
  class ShapeV0 {
    @enumeration(u8, ["circle", "square"]) kind: "circle" | "square" = "circle";
    @union("kind", () => ({ circle: CircleV0, square: Square })) shape: CircleV0 | Square =
      new CircleV0();
  }
  @LuoStruct(1)
  @follows(ShapeV0)
  class ShapeV1 {
    @enumeration(u8, ["circle", "square", "dot"]) kind: "circle" | "square" | "dot" = "circle";
    @union("kind", () => ({ circle: CircleV1, square: Square, dot: Dot })) shape:
      | CircleV1
      | Square
      | Dot = new CircleV1();
  }
  const Shape = family(ShapeV1);
  const round = Shape.convert(new ShapeV0(), 1) as ShapeV1;
  expect(round.shape).toBeInstanceOf(CircleV1);
  expect(Shape.convert(round, 0)).toEqual(new ShapeV0());
  const square = create(ShapeV0, { kind: "square", shape: new Square() });
  expect((Shape.convert(square, 1) as ShapeV1).shape).toBe(square.shape);
  const dot = create(ShapeV1, { kind: "dot", shape: new Dot() });
  expect(() => Shape.convert(dot, 0)).toThrow('kind: found "dot", expected one of circle, square');
  const coloured = create(ShapeV1, {
    shape: create(CircleV1, { colour: 4 }),
  });
  expect(() => Shape.convert(coloured, 0)).toThrow("shape.colour: found 4");
});

test("unions in which a class would go two ways take a function", () => {
  @LuoStruct(0)
  class EndsV0 {
    @u8 kind = 0;
    @union("kind", () => ({ 0: CircleV0, 1: CircleV0 })) shape = new CircleV0();
  }
  @LuoStruct(1)
  @follows(EndsV0)
  class EndsV1 {
    @u8 kind = 0;
    @union("kind", () => ({ 0: CircleV0, 1: CircleV1 })) shape: CircleV0 | CircleV1 =
      new CircleV0();
  }
  expect(() => family(EndsV1).versions).toThrow("give @follows(EndsV0, { upgrade: { shape:");
});

test("flexible arrays and references are converted along", () => {
  @LuoStruct(0)
  class DrawingV0 {
    @ref(() => CircleV0) far: Sequence<CircleV0> = [];
    @u32 count = 0;
    @flexible(CircleV0, { count: "count" }) near: CircleV0[] = [];
  }
  @LuoStruct(1)
  @follows(DrawingV0)
  class DrawingV1 {
    @ref(() => CircleV1) far: Sequence<CircleV1> = [];
    @u32 count = 0;
    @flexible(CircleV1, { count: "count" }) near: CircleV1[] = [];
  }
  const circles = () => [new CircleV0(), create(CircleV0, { radius: 9 })];
  const older = create(DrawingV0, { count: 2, near: circles(), far: circles() });
  const newer = family(DrawingV1).convert(older, 1) as DrawingV1;
  for (const list of [newer.near, [...newer.far]]) {
    expect(list).toEqual([new CircleV1(), create(CircleV1, { radius: 9 })]);
  }
  expect(family(DrawingV1).convert(newer, 0)).toEqual(older);
});

test("structs that refer to themselves are converted all the way down", () => {
  @LuoStruct(0)
  class NodeV0 {
    @u8 value = 0;
    @ref(() => NodeV0) children: Sequence<NodeV0> = [];
  }
  @LuoStruct(1)
  @follows(NodeV0)
  class NodeV1 {
    @u64 value = 0n;
    @ref(() => NodeV1) children: Sequence<NodeV1> = [];
  }
  const leaf = (value: number) => create(NodeV0, { value });
  const tree = Object.assign(leaf(1), {
    children: [Object.assign(leaf(2), { children: [leaf(3)] })],
  });
  const newer = family(NodeV1).convert(tree, 1) as NodeV1;
  expect(newer.children.at(0)?.children.at(0)).toEqual(create(NodeV1, { value: 3n }));
  expect(family(NodeV1).convert(newer, 0)).toEqual(tree);
});

test("a struct of another family takes a function, whatever its fields are called", () => {
  @LuoStruct(0)
  class HolderV0 {
    @struct(() => CircleV0) x = new CircleV0();
  }
  @LuoStruct(1)
  @follows(HolderV0)
  class HolderV1 {
    @struct(() => Unrelated) x = new Unrelated();
  }
  expect(() => family(HolderV1).versions).toThrow(
    "HolderV1.x is unrelated@0, but HolderV0.x is circle@0; give @follows(HolderV0",
  );
});

test("reserved space is no field: it comes, goes and is reused without a word", () => {
  @LuoStruct(0)
  class RoomV0 {
    @u32 doors = 0;
    @reserved(u32) spare: unknown;
  }
  @LuoStruct(1)
  @follows(RoomV0)
  class RoomV1 {
    @u32 doors = 0;
    @since(1, 4) @u32 walls = 4;
  }
  @LuoStruct(2)
  @follows(RoomV1)
  class RoomV2 {
    @u32 doors = 0;
    @u32 walls = 0;
    @reserved(bytes(8)) spare: unknown;
  }
  const Room = family(RoomV2);
  const newest = Room.convert(create(RoomV0, { doors: 2 }), 2);
  expect(newest).toMatchObject({ doors: 2, walls: 4 });
  expect(Room.convert(newest, 0)).toMatchObject({ doors: 2 });
});

test("a name that means something else from now on is dropped, and new", () => {
  @LuoStruct(0)
  class JobV0 {
    @u32 owner = 0;
  }
  @LuoStruct(1)
  @follows(JobV0)
  @dropped("owner", 65_534)
  class JobV1 {
    @since(1, "nobody") @char(16) owner = "";
  }
  const Job = family(JobV1);
  const newest = Job.convert(new JobV0(), 1);
  expect(newest).toMatchObject({ owner: "nobody" });
  expect(Job.convert(newest, 0)).toMatchObject({ owner: 65_534 });
  expect(() => Job.convert(Object.assign(newest, { owner: "ada" }), 0)).toThrow("owner: found");
});

test("a type that becomes narrower needs a function for the way up alone", () => {
  @LuoStruct(0)
  class GaugeV0 {
    @u64 level = 0n;
  }
  @LuoStruct(1)
  @follows(GaugeV0, { upgrade: { level: ({ level }) => (level > 255n ? 255 : Number(level)) } })
  class GaugeV1 {
    @u8 level = 0;
  }
  const Gauge = family(GaugeV1);
  const high = create(GaugeV0, { level: 1000n });
  expect(Gauge.convert(high, 1)).toMatchObject({ level: 255 });
  expect(Gauge.convert(Gauge.convert(high, 1), 0)).toMatchObject({ level: 255n });
});
