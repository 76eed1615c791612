import { heapBacking, ObjectStore } from "@luo/store";
import {
  aligned,
  array,
  enumeration,
  flexible,
  LuoStruct,
  notation,
  packed,
  ref,
  reserved,
  type Sequence,
  struct,
  u8,
  u16,
  union,
} from "@luo/struct";
import { family, familyOf } from "@luo/version";
import { expect, test } from "vitest";
import { image, Page, page, pages } from "./fixture.js";

/** Expects that an object is found, complete and accounted for, and gone when it is deleted. */
function keeps<T extends object>(value: T): T {
  const backing = image((store) => store.put("object", value));
  const store = ObjectStore.open(backing, { verify: true });
  const taken = store.take("object", familyOf(value.constructor as new () => T)) as T;
  const writable = ObjectStore.open(heapBacking(backing.toBytes().buffer));
  writable.delete("object");
  expect(writable.usage.pools["luo.objects"]?.allocations).toBe(0);
  return taken;
}

test("a flexible array of structs that refer, with space behind that is not of it", () => {
  @LuoStruct(0, { packed: true })
  class Row {
    @ref(() => Page) pages: Sequence<Page> = [];
  }
  @LuoStruct(0, { packed: true, align: 16 })
  class Table {
    @u8 count = 0;
    @flexible(Row, { count: "count" }) rows: Row[] = [];
  }
  for (const count of [0, 1, 2, 5]) {
    const rows = Array.from({ length: count }, (_, n) =>
      Object.assign(new Row(), { pages: pages(n) }),
    );
    const found = keeps(Object.assign(new Table(), { count, rows }));
    expect(found.rows.map(({ pages }) => pages.length)).toEqual(rows.map((_, n) => n));
  }
});

test("a flexible array of fixed ones", () => {
  @LuoStruct(0)
  class Row {
    @ref(() => Page) pages: Sequence<Page> = [];
  }
  @LuoStruct(0)
  class Grid {
    @u8 count = 0;
    @flexible(array(Row, 2), { count: "count" }) rows: Row[][] = [];
  }
  const rows = [1, 2].map((n) =>
    [n, n + 1].map((m) => Object.assign(new Row(), { pages: pages(m) })),
  );
  const found = keeps(Object.assign(new Grid(), { count: 2, rows }));
  expect(found.rows.flat().map(({ pages }) => pages.length)).toEqual([1, 2, 2, 3]);
});

test("a struct without bytes inside of another", () => {
  @LuoStruct(0)
  class Empty {
    @array(u8, 0) nothing: number[] = [];
  }
  @LuoStruct(0)
  class Outer {
    @struct empty: Empty = new Empty();
    @array(Empty, 3) more: Empty[] = [new Empty(), new Empty(), new Empty()];
    @ref(() => Page) pages: Sequence<Page> = [];
  }
  expect(keeps(Object.assign(new Outer(), { pages: [page(7)] })).pages.at(0)?.number).toBe(7n);
});

test("a C union, which is reserved space", () => {
  @LuoStruct(0)
  class Pair {
    @struct a: Page = new Page();
    @struct b: Page = new Page();
  }
  @LuoStruct(0, { overlay: true })
  class Either {
    @struct pair: Pair = new Pair();
    @struct single: Page = new Page();
  }
  @LuoStruct(0)
  class Holder {
    @reserved(array(Either, 2)) _space: unknown;
    @ref(() => Page) pages: Sequence<Page> = [];
  }
  expect(keeps(Object.assign(new Holder(), { pages: [page(7)] })).pages.length).toBe(1);
});

test("a union whose members refer, told apart by any integer", () => {
  @LuoStruct(0)
  class Full {
    @ref(() => Page) pages: Sequence<Page> = [];
  }
  @LuoStruct(0)
  class Plain {
    @u8 x = 0;
  }
  @LuoStruct(0, { endian: "big" })
  class Tagged {
    @enumeration(u16, ["a,b", "0", "c=d"]) kind: "a,b" | "0" | "c=d" = "a,b";
    @union("kind", () => ({ "a,b": Plain, "0": Full, "c=d": Full })) body: Plain | Full =
      new Plain();
  }
  const full = Object.assign(new Full(), { pages: pages(3) });
  for (const kind of ["0", "c=d"] as const) {
    const found = keeps(Object.assign(new Tagged(), { kind, body: full }));
    expect((found.body as Full).pages.length).toBe(3);
  }
  expect(keeps(new Tagged()).body).toEqual(new Plain());
});

test("notations say what they mean", () => {
  expect(notation(array(enumeration(u8, ["a[b", "c"]), 2).type)).toBe('u8{0="a[b",1=c}[2]');
  expect(notation(enumeration(u8, ["0", "x"]).type)).toBe('u8{0="0",1=x}');
  expect(notation(enumeration(u8, [3, 4]).type)).toBe("u8{3=3,4=4}");
  expect(notation(flexible(u8, { count: "3" }).type)).toBe('u8["3"]');
});

test("what is packed and aligned refers as well", () => {
  @LuoStruct(0)
  class Odd {
    @u8 x = 1;
    @packed @ref(() => Page) first: Sequence<Page> = [];
    @aligned(32) @ref(() => Page) second: Sequence<Page> = [];
  }
  const found = keeps(Object.assign(new Odd(), { first: pages(2), second: pages(3) }));
  expect([found.first.length, found.second.length]).toEqual([2, 3]);
});

test("structs in structs as deep as C promises, and no deeper", () => {
  @LuoStruct(0, { family: "level/1" })
  class First {
    @ref(() => Page) pages: Sequence<Page> = [];
  }
  const around = (level: number, inner: new () => object) => {
    @LuoStruct(0, { family: `level/${level}` })
    class Outer {
      @struct(() => inner) inner: object = new inner();
    }
    return Outer;
  };
  let deepest: new () => object = First;
  for (let level = 2; level <= 63; level++) deepest = around(level, deepest);
  keeps(new deepest());
  const store = ObjectStore.create(heapBacking());
  const Deeper = around(64, deepest);
  expect(() => store.put("object", new Deeper(), { family: family(Deeper) })).toThrow(
    /level\/64@0: has structs in structs over more than 63 levels/,
  );
  expect(store.schemas).toEqual([]);
});
