import { bits, create, enumeration, f32, f64, i32, LuoStruct, u8, u64 } from "@luo/struct";
import { ConversionError, family, since } from "@luo/version";
import { describe, expect, test } from "vitest";

@LuoStruct(0, { family: "zeros" })
class ZerosV0 {
  @u8 kind = 0;
}

@LuoStruct(1, { family: "zeros" })
class ZerosV1 extends ZerosV0 {
  @since(1, 0) @i32 integer = 0;
  @since(1, 0) @u64.number wide = 0;
  @since(1, 0) @bits(u8, 3) few = 0;
  @since(1, 0) @enumeration(u8, [0, 1]) member: 0 | 1 = 0;
  @since(1, 0) @f32 single = 0;
  @since(1, 0) @f64 double = 0;
}

const Zeros = family(ZerosV1);

describe("a downgrade compares values by their bytes", () => {
  test.each(["integer", "wide", "few", "member"] as const)("%s: -0 is 0", (name) => {
    const value = Object.assign(create(ZerosV1, {}), { [name]: -0 });
    expect(Zeros.convert(value, 0)).toBeInstanceOf(ZerosV0);
  });

  test.each(["single", "double"] as const)("%s: -0 is another value, and is named", (name) => {
    const value = Object.assign(create(ZerosV1, {}), { [name]: -0 });
    expect(() => Zeros.convert(value, 0)).toThrow(ConversionError);
    expect(() => Zeros.convert(value, 0)).toThrow(`${name}: found -0, expected`);
  });
});
