import { heapBacking, ObjectStore } from "@luo/store";
import {
  array,
  codecOf,
  create,
  DeclarationError,
  FieldRangeError,
  LuoStruct,
  Memory,
  ref,
  type Sequence,
  u32,
} from "@luo/struct";
import { family, follows } from "@luo/version";
import { describe, expect, test } from "vitest";

@LuoStruct(0, { family: "part" })
class PartV0 {
  @u32 size = 0;
}

@LuoStruct(1, { family: "part" })
@follows(PartV0, {
  upgrade: { size: ({ size }: PartV0) => size * 10 },
  downgrade: { size: ({ size }: PartV1) => size / 10 },
})
class PartV1 {
  @u32 size = 0;
}

@LuoStruct(0, { family: "foreign" })
class Foreign {
  @u32 size = 0;
}

@LuoStruct(0, { family: "whole" })
class Whole {
  @array(PartV1, 1) parts: PartV1[] = [new PartV1()];
  @ref(() => PartV1) list: Sequence<PartV1> = [];
}

class PlainWhole extends Whole {
  extra = 1;
}

const v0 = (size: number) => create(PartV0, { size }) as PartV1;
const v1 = (size: number) => create(PartV1, { size });
const sealed = (value: object) => {
  const backing = heapBacking();
  const store = ObjectStore.create(backing);
  store.put("whole", value);
  store.seal();
  const taken = ObjectStore.open(backing, { verify: true }).take("whole", family(Whole));
  return [taken?.parts[0]?.size, ...Array.from(taken?.list ?? [], ({ size }) => size)];
};

describe("put", () => {
  test("converts objects of another version of their place's family", () => {
    expect(sealed(create(Whole, { parts: [v0(2)], list: [v0(3), v1(40)] }))).toEqual([20, 30, 40]);
    expect(sealed(create(Whole, { parts: [v1(20)], list: [v1(1), v0(4)] }))).toEqual([20, 1, 40]);
  });

  test("refuses objects of another family, and the store stays as it was", () => {
    const store = ObjectStore.create(heapBacking());
    const foreign = new Foreign() as PartV1;
    for (const values of [{ parts: [foreign] }, { list: [foreign] }]) {
      expect(() => store.put("whole", create(Whole, values))).toThrow(FieldRangeError);
    }
    expect(store.size).toBe(0);
    store.verify();
  });

  test("takes an object of a subclass that is no struct, and a view", () => {
    const values = { parts: [v1(7)], list: [v1(8)] };
    expect(sealed(Object.assign(new PlainWhole(), values))).toEqual([7, 8]);
    const memory = new Memory(new ArrayBuffer(4));
    codecOf(PartV1).encode(v1(9), memory, 0);
    const store = ObjectStore.create(heapBacking());
    store.put("part", codecOf(PartV1).view(memory, 0));
    expect(store.take("part", family(PartV1))).toEqual(v1(9));
  });
});

test("a struct without bytes cannot be an object", () => {
  @LuoStruct(0, { family: "nothing" })
  class Nothing {
    @array(u32, 0) none: number[] = [];
  }
  const store = ObjectStore.create(heapBacking());
  expect(() => store.put("nothing", new Nothing())).toThrow(DeclarationError);
  expect(() => store.put("nothing", new Nothing())).toThrow("Nothing: has no bytes");
});
