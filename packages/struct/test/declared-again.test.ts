import {
  array,
  codecOf,
  descriptorOf,
  type FieldDecorator,
  flexible,
  LuoStruct,
  layoutOf,
  Memory,
  ref,
  type Sequence,
  type StructClass,
  struct,
  u8,
  u16,
  u32,
  union,
} from "@luo/struct";
import { describe, expect, test } from "vitest";

@LuoStruct(0)
class SlotV0 {
  @u8 size = 0;
}

@LuoStruct(1)
class SlotV1 extends SlotV0 {
  @u32 capacity = 0;
}

@LuoStruct(0)
class OtherV0 {
  @u16 wide = 0;
}

/** A class with a field `x` between two others, and one that extends it and declares `x` again. */
function twice(base: Pick<FieldDecorator<unknown>, "type">, again: typeof base) {
  class Base {
    kind = 0;
    x: unknown;
  }
  class Derived extends Base {
    override x: unknown = undefined;
    last = 0;
  }
  const annotate = (of: StructClass<Base>, key: string, decorator: typeof base) =>
    (decorator as FieldDecorator<unknown>)(of.prototype, key as "x");
  annotate(Base, "kind", u8);
  annotate(Base, "x", base);
  LuoStruct(0)(Base);
  annotate(Derived, "x", again);
  if (again.type.kind !== "flexible") annotate(Derived, "last", u8);
  LuoStruct(0)(Derived);
  return Derived;
}

const names = (of: StructClass) => descriptorOf(of).fields.map(({ name }) => name);

describe("a field that holds structs can be declared again with other classes, and keeps its place", () => {
  test.each<[string, Parameters<typeof twice>, size: number]>([
    ["struct", [struct(() => SlotV0), struct(() => SlotV1)], 16],
    ["array", [array(SlotV0, 2), array(SlotV1, 2)], 24],
    ["array of arrays", [array(SlotV0, 2, 1), array(SlotV1, 2, 1)], 24],
    ["flexible", [flexible(SlotV0, { count: "kind" }), flexible(SlotV1, { count: "kind" })], 4],
    ["union", [union("kind", () => ({ 0: SlotV0 })), union("kind", () => ({ 0: SlotV1 }))], 16],
    ["ref", [ref(() => SlotV0), ref(() => OtherV0)], 24],
  ])("%s", (kind, types, size) => {
    const of = twice(...types);
    expect(names(of)).toEqual(kind === "flexible" ? ["kind", "x"] : ["kind", "x", "last"]);
    expect(layoutOf(of).size).toBe(size);
  });

  test("the base class is as it was", () => {
    const base: StructClass = Object.getPrototypeOf(twice(array(SlotV0, 2), array(SlotV1, 2)));
    expect(layoutOf(base).size).toBe(3);
  });

  test("a class that is declared further down can be named", () => {
    @LuoStruct(0)
    class Base {
      @ref(() => SlotV0) list: Sequence<SlotV0> = [];
    }
    @LuoStruct(1)
    class Derived extends Base {
      @ref(() => Later) override list: Sequence<Later> = [];
    }
    @LuoStruct(0)
    class Later extends SlotV0 {
      @u8 more = 0;
    }
    expect(names(Derived)).toEqual(["list"]);
  });

  test("decoded objects hold objects of the newer class", () => {
    @LuoStruct(0)
    class TableV0 {
      @array(SlotV0, 1) slots = [new SlotV0()];
      @u8 used = 0;
    }
    @LuoStruct(1)
    class TableV1 extends TableV0 {
      @array(SlotV1, 1) override slots = [new SlotV1()];
    }
    const memory = new Memory(new Uint8Array(16));
    const table = new TableV1();
    table.slots = [Object.assign(new SlotV1(), { size: 1, capacity: 7 })];
    codecOf(TableV1).encode(table, memory, 0);
    expect(codecOf(TableV1).decode(memory, 0)).toEqual(table);
  });
});

describe("anything else cannot be changed by declaring it again", () => {
  test.each<[string, Parameters<typeof twice>]>([
    ["the same number", [u8, u8]],
    ["a wider number", [u8, u32]],
    ["another kind", [struct(() => SlotV0), ref(() => SlotV0)]],
    ["another length", [array(SlotV0, 2), array(SlotV1, 3)]],
    ["other elements", [array(SlotV0, 2), array(u8, 2)]],
    ["an array of numbers", [array(u8, 2), array(u8, 2)]],
    ["another counter", [flexible(SlotV0, { count: "kind" }), flexible(SlotV1)]],
    ["another discriminator", [union("kind", () => ({})), union("last", () => ({}))]],
  ])("%s", (_, types) => {
    expect(() => twice(...types)).toThrow(
      "Derived.x: is a field of the base class already; remove it, or change nothing but the classes of nested structs",
    );
  });
});
