import {
  array,
  bytes,
  create,
  f32,
  LuoStruct,
  ref,
  type Sequence,
  struct,
  u8,
  u32,
  union,
} from "@luo/struct";
import { family, since } from "@luo/version";
import { describe, expect, test } from "vitest";

@LuoStruct(0)
class Circle {
  @u32 radius = 1;
}
@LuoStruct(0)
class Square {
  @u32 side = 2;
}

describe("what is compared on the way down is the bytes, not the objects", () => {
  @LuoStruct(0)
  class KitV0 {
    @u8 id = 0;
  }
  @LuoStruct(1)
  class KitV1 extends KitV0 {
    @since(1, 0.1) @f32 ratio = 0;
    @since(1) @bytes(2) raw = Uint8Array.of(1, 2);
    @since(1) @array(u8, 2) list = [1, 2];
    @since(1) @struct(() => Circle) circle = new Circle();
    @since(1) @ref(() => Circle) circles: Sequence<Circle> = [new Circle()];
    @since(1) @union("id", () => ({ 0: Circle, 1: Square })) shape: Circle | Square = new Circle();
  }
  const Kit = family(KitV1);
  const newest = (change: Partial<KitV1>) => () =>
    Kit.convert(Object.assign(Kit.convert(new KitV0(), 1), change), 0);

  test.each<[string, Partial<KitV1>]>([
    ["the float that f32 makes of the default", { ratio: Math.fround(0.1) }],
    ["an array that is typed", { list: Uint8Array.of(1, 2) as unknown as number[] }],
    ["objects that only look alike", { circle: { radius: 1 } }],
    [
      "a view",
      {
        circles: {
          length: 1,
          at: () => new Circle(),
          *[Symbol.iterator]() {
            yield new Circle();
          },
        },
      },
    ],
    ["another object", { shape: new Circle() }],
  ])("%s is the same", (_, change) => {
    expect(newest(change)()).toEqual(new KitV0());
  });

  test.each<[string, Partial<KitV1>]>([
    ["ratio", { ratio: 0.2 }],
    ["raw", { raw: Uint8Array.of(1, 3) }],
    ["raw", { raw: Uint8Array.of(1) }],
    ["list", { list: [1, 3] }],
    ["circle", { circle: create(Circle, { radius: 2 }) }],
    ["circles", { circles: [] }],
    ["circles", { circles: [create(Circle, { radius: 2 })] }],
    ["shape", { shape: new Square() }],
  ])("another %s is not", (field, change) => {
    expect(newest(change)).toThrow(`${field}: found`);
  });
});
