import { create, LuoStruct, u32, u64 } from "@luo/struct";
import { family, follows, renamed } from "@luo/version";
import { expect, test } from "vitest";

@LuoStruct(0, { family: "triple" })
class TripleV0 {
  @u32 a = 0;
  @u32 b = 0;
  @u32 c = 0;
}

/** a and b exchange their names, and b becomes wider. */
@LuoStruct(1, { family: "triple" })
@follows(TripleV0)
class TripleV1 {
  @renamed("b") @u32 a = 0;
  @renamed("a") @u64 b = 0n;
  @u32 c = 0;
}

/** A copy, which repeats the annotations, and a further field. */
@LuoStruct(2, { family: "triple" })
class TripleV2 extends TripleV1 {}

/** All three names rotate. */
@LuoStruct(3, { family: "triple" })
@follows(TripleV2)
class TripleV3 {
  @renamed("c") @u32 a = 0;
  @renamed("a") @u32 d = 0;
  @renamed("b") @u64 c = 0n;
}

const Triple = family(TripleV3);
const versions = [
  create(TripleV0, { a: 1, b: 2, c: 3 }),
  create(TripleV1, { a: 2, b: 1n, c: 3 }),
  create(TripleV2, { a: 2, b: 1n, c: 3 }),
  create(TripleV3, { a: 3, d: 2, c: 1n }),
];

test("fields exchange and rotate their names, and each value goes with its field", () => {
  for (const [from, value] of versions.entries()) {
    for (const [to, other] of versions.entries()) {
      expect(Triple.convert(value, to), `${from} to ${to}`).toEqual(other);
    }
  }
});

test("two fields that would come from one are refused", () => {
  @LuoStruct(0, { family: "pair" })
  class PairV0 {
    @u32 a = 0;
    @u32 b = 0;
  }
  @LuoStruct(1, { family: "pair" })
  @follows(PairV0)
  class PairV1 {
    @renamed("b") @u32 a = 0;
    @u32 b = 0;
  }
  expect(() => family(PairV1).versions).toThrow("is renamed from b, but a and b cannot both be");
});
