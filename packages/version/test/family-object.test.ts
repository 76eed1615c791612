import { inspect } from "node:util";
import {
  array,
  create,
  LuoStruct,
  layoutOf,
  ref,
  type Sequence,
  struct,
  transient,
  UnknownFieldError,
  u8,
  u32,
  union,
} from "@luo/struct";
import { type Family, family, follows, since } from "@luo/version";
import { describe, expect, test } from "vitest";

test("create gives an object of the class that the family is seen as", () => {
  @LuoStruct(0)
  class CounterV0 {
    @u32 hits = 1;
  }
  @LuoStruct(1)
  class CounterV1 extends CounterV0 {
    @since(1) @u8 limit = 5;
  }
  expect(family(CounterV0).create({ hits: 7 })).toEqual({ hits: 7 });
  const newer = family(CounterV1).create({ hits: 7 });
  expect(newer).toBeInstanceOf(CounterV1);
  expect(newer).toEqual({ hits: 7, limit: 5 });
  // @ts-expect-error the older class has no such field
  expect(() => family(CounterV0).create({ limit: 1 })).toThrow(UnknownFieldError);
  const families: readonly Family[] = [family(CounterV0), family(CounterV1)];
  expect(families).toHaveLength(2);
});

test("console.log shows the versions, and those that it reads and writes once it is in use", () => {
  @LuoStruct(0)
  class LampV0 {
    @u8 on = 0;
  }
  const Lamp = family(LampV0);
  expect(inspect(Lamp)).toBe("Family Lamp of LampV0: versions 0 (LampV0); not used yet");
  // To look at a family is not to use it: a version can still be declared.
  @LuoStruct(1)
  class LampV1 extends LampV0 {
    @since(1) @u8 colour = 0;
  }
  const Newer = family(LampV1, { writes: { to: 0 } });
  expect(Newer.reads).toEqual([0, 1]);
  expect(inspect(Newer)).toBe(
    "Family Lamp of LampV1: versions 0 (LampV0), 1 (LampV1); reads 0, 1; writes 0",
  );
  expect(inspect(Lamp)).toBe(
    "Family Lamp of LampV0: versions 0 (LampV0), 1 (LampV1); not used yet",
  );
});

test("console.log shows a family that does not fit together", () => {
  @LuoStruct(0)
  class GapV0 {
    @u8 x = 0;
  }
  @LuoStruct(2)
  class GapV2 extends GapV0 {
    @since(2) @u8 y = 0;
  }
  expect(inspect(family(GapV2))).toMatch(/^Family Gap of GapV2: FamilyError: .*go up by one/);
});

test("a @transient property has its initial value in a converted object, in both directions", () => {
  @LuoStruct(0)
  class CacheV0 {
    @u8 x = 0;
    @transient warm = "cold";
  }
  @LuoStruct(1)
  @follows(CacheV0)
  class CacheV1 {
    @u8 x = 0;
    @since(1) @u8 y = 0;
    @transient warm = "new";
  }
  const Cache = family(CacheV1);
  const older = create(CacheV0, { x: 1, warm: "hot" });
  const newer = Cache.create({ x: 2, warm: "hot" });
  expect(Cache.convert(older, 1)).toEqual({ x: 1, y: 0, warm: "new" });
  expect(Cache.convert(newer, 0)).toEqual({ x: 2, warm: "cold" });
});

describe("a field that is declared again with a newer nested class", () => {
  @LuoStruct(0)
  class SlotV0 {
    @u8 size = 0;
  }
  @LuoStruct(1)
  class SlotV1 extends SlotV0 {
    @since(1, 9) @u8 capacity = 0;
  }
  @LuoStruct(0)
  class TableV0 {
    @u8 kind = 0;
    @array(SlotV0, 1) slots = [new SlotV0()];
    @struct(() => SlotV0) one = new SlotV0();
    @union("kind", () => ({ 0: SlotV0 })) chosen = new SlotV0();
    @ref(() => SlotV0) list: Sequence<SlotV0> = [];
    @u8 used = 3;
  }
  @LuoStruct(1)
  class TableV1 extends TableV0 {
    @array(SlotV1, 1) override slots = [new SlotV1()];
    @struct(() => SlotV1) override one = new SlotV1();
    @union("kind", () => ({ 0: SlotV1 })) override chosen = new SlotV1();
    @ref(() => SlotV1) override list: Sequence<SlotV1> = [];
  }
  const Table = family(TableV1);

  test("keeps its place", () => {
    expect(layoutOf(TableV1).fields.map(({ name }) => name)).toEqual(
      layoutOf(TableV0).fields.map(({ name }) => name),
    );
  });

  test("is converted as its classes are, up and down", () => {
    const slot = create(SlotV0, { size: 2 });
    const older = create(TableV0, {
      slots: [slot],
      one: slot,
      chosen: slot,
      list: [slot],
    });
    const newer = Table.convert(older, 1) as TableV1;
    for (const each of [newer.slots[0], newer.one, newer.chosen, newer.list.at(0)]) {
      expect(each).toBeInstanceOf(SlotV1);
      expect(each).toEqual({ size: 2, capacity: 9 });
    }
    expect(newer.used).toBe(3);
    expect(Table.convert(newer, 0)).toEqual(older);
    newer.one.capacity = 1;
    expect(() => Table.convert(newer, 0)).toThrow("one.capacity");
  });
});
