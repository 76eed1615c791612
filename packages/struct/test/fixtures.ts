import {
  aligned,
  array,
  big,
  bits,
  bool,
  bytes,
  char,
  create,
  enumeration,
  f32,
  f64,
  flexible,
  i8,
  i16,
  i32,
  i64,
  LuoStruct,
  packed,
  reserved,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
} from "@luo/struct";

@LuoStruct(0)
export class Point {
  @i16 x = 0;
  @f64 y = 0;
}

/** Every kind of field, ordered so that there is padding in front, between and behind. */
@LuoStruct(3)
export class EverythingV3 {
  @u8 a = 0;
  @u64 b = 0n;
  @u16 c = 0;
  @i64 d = 0n;
  @bool e = false;
  @f32 f = 0;
  @i8 g = 0;
  @u32 h = 0;
  @i32 i = 0;
  @char(9) name = "";
  @bytes(5) raw = new Uint8Array(5);
  @u64.number big = 0;
  @i64.number signed = 0;
  @array(u16, 3) triple: number[] = [0, 0, 0];
  @array(array(u8, 4), 2) grid: number[][] = [
    [0, 0, 0, 0],
    [0, 0, 0, 0],
  ];
  @struct point: Point = new Point();
  @array(Point, 2) path: Point[] = [new Point(), new Point()];
  @f64 last = 0;
  @u8 tail = 0;
}

/** The same struct, as a C programmer writes it. */
export const EVERYTHING_C = `
#include <stdint.h>
#include <stdbool.h>
struct point { int16_t x; double y; };
struct everything {
  uint8_t a; uint64_t b; uint16_t c; int64_t d; bool e; float f; int8_t g; uint32_t h; int32_t i;
  char name[9]; unsigned char raw[5]; uint64_t big; int64_t signed_; uint16_t triple[3];
  uint8_t grid[2][4]; struct point point; struct point path[2]; double last; uint8_t tail;
};`;

/** The values that the C program below writes. */
export function everything(): EverythingV3 {
  return create(EverythingV3, {
    a: 255,
    b: 2n ** 64n - 1n,
    c: 65_535,
    d: -(2n ** 63n),
    e: true,
    f: 1.5,
    g: -128,
    h: 4_294_967_295,
    i: -2_147_483_648,
    name: "schön",
    raw: Uint8Array.of(1, 2, 3, 4, 5),
    big: Number.MAX_SAFE_INTEGER,
    signed: Number.MIN_SAFE_INTEGER,
    triple: [1, 2, 65_535],
    grid: [
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ],
    point: create(Point, { x: -1, y: Math.PI }),
    path: [create(Point, { x: 7, y: -0.5 }), create(Point, { x: 8, y: 1e300 })],
    last: Number.EPSILON,
    tail: 9,
  });
}

export const EVERYTHING_C_VALUES = `
  s.a = 255; s.b = UINT64_MAX; s.c = 65535; s.d = INT64_MIN; s.e = true; s.f = 1.5f; s.g = -128;
  s.h = UINT32_MAX; s.i = INT32_MIN; strcpy(s.name, "sch\\xc3\\xb6n");
  for (int k = 0; k < 5; k++) s.raw[k] = k + 1;
  s.big = 9007199254740991ULL; s.signed_ = -9007199254740991LL;
  s.triple[0] = 1; s.triple[1] = 2; s.triple[2] = 65535;
  for (int k = 0; k < 8; k++) s.grid[k / 4][k % 4] = k + 1;
  s.point.x = -1; s.point.y = 3.141592653589793; s.path[0].x = 7; s.path[0].y = -0.5;
  s.path[1].x = 8; s.path[1].y = 1e300; s.last = 2.220446049250313e-16; s.tail = 9;`;

export enum Color {
  Red = 1,
  Green = 5,
}

@LuoStruct(0)
export class Circle {
  @u32 radius = 0;
}

@LuoStruct(0)
export class Box {
  @u64 width = 0n;
  @u16 height = 0;
}

@LuoStruct(0)
export class Header {
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

export const header = (): Header =>
  create(Header, {
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
    shape: create(Box, { width: 2n ** 40n, height: 9 }),
    grid: [
      [1, 2, 3],
      [4, 5, 6],
    ],
  });

@LuoStruct(0)
export class Packet {
  @u16 count = 0;
  @u8 kind = 0;
  @flexible(Circle, { count: "count" }) circles: Circle[] = [];
}

@LuoStruct(0)
export class Base {
  @u8 a = 0;
  @u32 b = 0;
  get sum(): number {
    return this.a + this.b;
  }
}
@LuoStruct(1, { family: "Base" })
export class Derived extends Base {
  @u16 c = 0;
  @struct(() => Circle) inner: Circle = new Circle();
}

export const circle = (radius: number) => create(Circle, { radius });
