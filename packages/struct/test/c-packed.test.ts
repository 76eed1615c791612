import {
  ABIS,
  aligned,
  array,
  LuoStruct,
  layoutOf,
  packed,
  struct,
  toCHeader,
  u8,
  u32,
  u64,
} from "@luo/struct";
import { expect, test } from "vitest";
import { ABSENT, complaints } from "./complaints.js";
import { COMPILERS } from "./differential/compilers.js";

@LuoStruct(0, { align: 16 })
class Inner {
  @u64 wide = 0n;
}

@LuoStruct(0)
class Loose {
  @aligned(8) @u32 x = 0;
}

@LuoStruct(0, { packed: true })
class Outer {
  @u8 first = 0;
  @struct(() => Inner) inner: Inner = new Inner();
  @array(Loose, 2) loose: Loose[] = [new Loose(), new Loose()];
}

@LuoStruct(0)
class Member {
  @u8 first = 0;
  @packed @struct(() => Inner) inner: Inner = new Inner();
}

test.each(COMPILERS.map((compiler) => [compiler.name, compiler] as const))(
  "%s takes a packed struct that holds an aligned one without a warning",
  (_, compiler) => {
    if (ABSENT.has(compiler)) return;
    const header = toCHeader([Outer, Member], { abi: ABIS[compiler.abi] });
    expect(complaints(compiler, header)).toBe("");
  },
);

test("a header without such a struct says nothing about warnings", () => {
  expect(toCHeader([Inner, Loose])).not.toContain("#pragma");
});

test("a struct whose places a number cannot hold exactly is refused", () => {
  const large = (length: number) => {
    @LuoStruct(0)
    class Large {
      @array(u64, length, 8) rows: bigint[][] = [];
    }
    return layoutOf(Large).size;
  };
  expect(large(2 ** 44)).toBe(2 ** 50);
  expect(() => large(2 ** 44 + 1)).toThrow("Large: found a size of");
  expect(() => large(2 ** 52)).toThrow("expected at most 1125899906842624");
});
