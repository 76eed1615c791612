import {
  array,
  create,
  flexible,
  LuoStruct,
  ref,
  type Sequence,
  struct,
  u8,
  u32,
  union,
} from "@luo/struct";
import { ConversionError, family, follows } from "@luo/version";
import { describe, expect, test } from "vitest";

@LuoStruct(0)
class PartV0 {
  @u32 size = 0;
}

/** The size is ten times that of version 0. */
@LuoStruct(1)
@follows(PartV0, {
  upgrade: { size: ({ size }: PartV0) => size * 10 },
  downgrade: { size: ({ size }: PartV1) => size / 10 },
})
class PartV1 {
  @u32 size = 0;
}

@LuoStruct(0)
class Unrelated {
  @u32 size = 0;
}

@LuoStruct(0)
class LinkV1 {
  @struct(() => PartV1) part: PartV1 = new PartV1();
  @ref(() => LinkV1) next: Sequence<LinkV1> = [];
}

@LuoStruct(0, { family: "state" })
class StateV0 {
  @u8 key = 1;
  @struct(() => PartV0) one: PartV0 = new PartV0();
  @array(PartV0, 2) two: PartV0[] = [new PartV0(), new PartV0()];
  @union("key", () => ({ 1: PartV0 })) either: PartV0 = new PartV0();
  @ref(() => PartV0) list: Sequence<PartV0> = [];
  @flexible(PartV0) rest: PartV0[] = [];
}

type Places = Pick<StateV0, "one" | "two" | "either" | "list" | "rest">;

/** Passes every object on, as programs in JavaScript and by assertion do. */
const pass = {
  one: ({ one }: Places) => one,
  two: ({ two }: Places) => two,
  either: ({ either }: Places) => either,
  list: ({ list }: Places) => list,
  rest: ({ rest }: Places) => rest,
};

@LuoStruct(1, { family: "state" })
@follows(StateV0, { upgrade: pass, downgrade: pass })
class StateV1 {
  @u8 key = 1;
  @struct(() => PartV1) one: PartV1 = new PartV1();
  @array(PartV1, 2) two: PartV1[] = [new PartV1(), new PartV1()];
  @union("key", () => ({ 1: PartV1 })) either: PartV1 = new PartV1();
  @ref(() => PartV1) list: Sequence<PartV1> = [];
  @flexible(PartV1) rest: PartV1[] = [];
}

const v0 = (size: number) => create(PartV0, { size });
const v1 = (size: number) => create(PartV1, { size });
const full = <T extends object>(make: () => T, part: (size: number) => object): T =>
  Object.assign(make(), {
    one: part(1),
    two: [part(2), part(3)],
    either: part(4),
    list: [part(5), part(6)],
    rest: [part(7)],
  });
const State = family(StateV1);
const ten = (size: number) => v1(size * 10);

describe("objects of another version of the family are converted", () => {
  test("where a function passes them on, in both directions", () => {
    const older = full(() => new StateV0(), v0);
    const newer = full(() => new StateV1(), ten);
    expect(State.convert(older, 1)).toEqual(newer);
    expect((State.convert(older, 1) as StateV1).two[0]).toBeInstanceOf(PartV1);
    expect(State.convert(newer, 0)).toEqual(older);
    expect((State.convert(newer, 0) as StateV0).list.at(1)).toBeInstanceOf(PartV0);
  });

  test("where the program put them", () => {
    const mixed = full(() => new StateV1(), v0);
    mixed.two = [ten(2), v0(3) as PartV1];
    expect(State.conform(mixed)).toEqual(full(() => new StateV1(), ten));
    expect(mixed.one, "the object itself").toBeInstanceOf(PartV0);
    const right = full(() => new StateV1(), ten);
    expect(State.conform(right)).toBe(right);
  });

  test("behind references of any depth, in circles, and each array once", () => {
    const last = create(LinkV1, { part: v0(3) as PartV1 });
    const first = create(LinkV1, { part: v0(1) as PartV1, next: [last] });
    last.next = [first];
    let link = family(LinkV1).conform(first) as LinkV1;
    for (const size of [10, 30, 10, 30]) {
      expect(link.part).toEqual(v1(size));
      expect(link.part).toBeInstanceOf(PartV1);
      link = link.next.at(0) as LinkV1;
    }
  });

  test("an object of another family is refused or stays for encoding to refuse", () => {
    const odd = Object.assign(new StateV0(), { two: [v0(1), new Unrelated()] });
    expect(() => State.convert(odd, 1)).toThrow(ConversionError);
    expect(() => State.convert(odd, 1)).toThrow("two");
  });

  test("a version that cannot hold the object is named with the path", () => {
    const half = Object.assign(new StateV0(), { two: [v0(0), v1(5)] });
    expect(() => State.conform(half)).toThrow(ConversionError);
    expect(() => State.conform(half)).toThrow("two[1].size");
  });
});
