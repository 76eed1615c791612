import {
  array,
  char,
  create,
  LuoStruct,
  ref,
  type Sequence,
  struct,
  u8,
  u32,
  u64,
} from "@luo/struct";
import {
  ConversionError,
  dropped,
  family,
  familyOf,
  follows,
  lossy,
  renamed,
  since,
} from "@luo/version";
import { describe, expect, test } from "vitest";

@LuoStruct(0)
class CounterV0 {
  @u64 hits = 0n;
  @u32 legacy = 0;
  @u8 colour = 0;
}

@LuoStruct(1)
@follows(CounterV0)
@dropped("legacy", 7)
class CounterV1 {
  @u64 hits = 0n;
  @since(1, 5n) @u64 limit = 0n;
  @renamed("colour") @u32 color = 0;
  @lossy @since(1, ({ hits }: CounterV0) => hits * 2n) @u64 started = 0n;
}

// The annotations of the version before are copied along with its fields, and say nothing new.
@follows(CounterV1)
@LuoStruct(2)
@dropped("legacy", 7)
class CounterV2 {
  @u64 hits = 0n;
  @since(1, 5n) @u64 limit = 0n;
  @renamed("colour") @u32 color = 0;
  @lossy @since(1, ({ hits }: CounterV0) => hits * 2n) @u64 started = 0n;
  @since(2) @char(8) name = "(none)";
}

@LuoStruct(3, { family: "Counter" })
class CounterV3 extends CounterV2 {
  @u32 shards = 1;
}

const Counter = family(CounterV3);
const v0 = () => create(CounterV0, { hits: 3n, legacy: 9, colour: 200 });

describe("what annotations say", () => {
  test("of an upgrade, step by step from the oldest to the newest", () => {
    const newest = Counter.convert(v0(), 3);
    expect(newest).toBeInstanceOf(CounterV3);
    const made = { hits: 3n, limit: 5n, color: 200, started: 6n, name: "(none)", shards: 1 };
    expect({ ...newest }).toEqual(made);
    expect({ ...Counter.convert(v0(), 1) }).toEqual({
      hits: 3n,
      limit: 5n,
      color: 200,
      started: 6n,
    });
  });

  test("of a downgrade: what was dropped is what older readers are given", () => {
    const newest = Counter.convert(v0(), 3);
    expect(Counter.convert(newest, 0)).toEqual(Object.assign(v0(), { legacy: 7 }));
    expect(Counter.convert(newest, 0)).toBeInstanceOf(CounterV0);
  });

  test("an object of the version that is asked for is not copied", () => {
    const value = v0();
    expect(Counter.convert(value, 0)).toBe(value);
  });
});

describe("nothing is lost without @lossy", () => {
  const lossOf = (change: Partial<CounterV3>) => () =>
    Counter.convert(Object.assign(Counter.convert(v0(), 3), change), 0);

  test.each<[Partial<CounterV3>, string]>([
    [
      { limit: 6n },
      "Counter from version 3 to 0, limit: found 6n, expected what version 0 can hold, while an upgrade would make it 5n; mark it @lossy if it may be lost",
    ],
    [{ name: "x" }, 'name: found "x", expected what version 1 can hold'],
    [
      { shards: 2 },
      "shards: found 2, expected what version 2 can hold, while an upgrade would make it 1",
    ],
    [{ color: 256 }, "color: found 256, expected an integer from 0 to 255"],
  ])("%o", (change, problem) => {
    expect(lossOf(change)).toThrow(ConversionError);
    expect(lossOf(change)).toThrow(problem);
  });

  test("what stands for a field that was dropped later is nobody's value, and no loss", () => {
    @LuoStruct(0)
    class TapV0 {
      @u32 litres = 0;
    }
    @LuoStruct(1)
    class TapV1 extends TapV0 {
      @since(1, 5) @u32 limit = 0;
    }
    @LuoStruct(2)
    @follows(TapV1)
    class TapV2 {
      @u32 litres = 0;
      @renamed("limit") @u32 bound = 0;
    }
    @LuoStruct(3)
    @follows(TapV2)
    @dropped("bound", 7)
    class TapV3 {
      @u32 litres = 0;
    }
    const Tap = family(TapV3);
    expect(Tap.convert(new TapV3(), 1)).toMatchObject({ limit: 7 });
    expect(Tap.convert(new TapV3(), 0)).toBeInstanceOf(TapV0);
    const bound = create(TapV2, { bound: 7 });
    expect(() => Tap.convert(bound, 0)).toThrow("limit: found 7, expected what version 0 can hold");
  });

  test("what is @lossy is", () => {
    expect(lossOf({ started: 99n })()).toBeInstanceOf(CounterV0);
  });

  test("the error names the field for programs too", () => {
    try {
      lossOf({ limit: 6n })();
    } catch (error) {
      expect(error).toMatchObject({
        ...{ code: "LUO_CONVERSION", family: "Counter", from: 3, to: 0, field: "limit" },
      });
    }
    expect.assertions(1);
  });
});

@LuoStruct(0, { family: "unit" })
class UnitV0 {
  @u32 id = 0;
}
@LuoStruct(1, { family: "unit" })
@follows(UnitV0)
class UnitV1 {
  @u32 id = 0;
  @since(1, ({ id }: UnitV0) => `unit ${id}`) @char(16) name = "";
}

@LuoStruct(4, { family: "plant" })
class PlantV4 {
  @u64 watts = 0n;
  @ref(() => UnitV0) units: Sequence<UnitV0> = [];
  @struct main: UnitV0 = new UnitV0();
  @array(UnitV0, 2) pair: UnitV0[] = [];
}
@LuoStruct(5, { family: "plant" })
@follows(PlantV4)
class PlantV5 {
  @u64 watts = 0n;
  @ref(() => UnitV1) units: Sequence<UnitV1> = [];
  @struct main: UnitV1 = new UnitV1();
  @array(UnitV1, 2) pair: UnitV1[] = [];
}
@LuoStruct(6, { family: "plant" })
@follows(PlantV5, {
  upgrade: { milliwatts: ({ watts }) => watts * 1000n },
  downgrade: {
    watts: ({ milliwatts }: PlantV6) => {
      if (milliwatts < 0n) throw new Error("no power at all");
      return milliwatts / 1000n;
    },
  },
})
class PlantV6 {
  @u64 milliwatts = 0n;
  @ref(() => UnitV1) units: Sequence<UnitV1> = [];
  @struct main: UnitV1 = new UnitV1();
  @array(UnitV1, 2) pair: UnitV1[] = [];
}
const Plant = family(PlantV6);

const unit = (id: number) => create(UnitV0, { id });
const plant = () =>
  create(PlantV4, {
    watts: 7n,
    units: [unit(1), unit(2)],
    main: unit(3),
    pair: [unit(4), unit(5)],
  });

describe("structs of one family inside of structs are converted along", () => {
  test("alone, in arrays and behind references", () => {
    const newest = Plant.convert(plant(), 6) as PlantV6;
    expect(newest.milliwatts).toBe(7000n);
    expect([...newest.units].map(({ name }) => name)).toEqual(["unit 1", "unit 2"]);
    expect([...newest.units].every((element) => element instanceof UnitV1)).toBe(true);
    expect(newest.main).toEqual(create(UnitV1, { id: 3, name: "unit 3" }));
    expect(newest.pair[1]?.name).toBe("unit 5");
  });

  test("down and up again gives what the older version held", () => {
    const back = Plant.convert(Plant.convert(plant(), 6), 4);
    expect(back).toEqual(plant());
    expect(back).toBeInstanceOf(PlantV4);
  });

  test("what one of them would lose is told by its place", () => {
    const newest = Plant.convert(plant(), 6) as PlantV6;
    newest.pair[1] = create(UnitV1, { id: 5, name: "five" });
    expect(() => Plant.convert(newest, 4)).toThrow(
      'plant from version 6 to 4, pair[1].name: found "five", expected what version 0 can hold',
    );
    const other = Plant.convert(plant(), 6) as PlantV6;
    const units = [...other.units, create(UnitV1, { id: 1, name: "" })];
    expect(() => Plant.convert(Object.assign(other, { units }), 4)).toThrow("units[2].name: found");
  });

  test("a view of preserved memory stays one: elements are converted as they are read", () => {
    let reads = 0;
    const view: Sequence<UnitV0> = {
      length: 1000,
      at: (index) => {
        reads++;
        return unit(index);
      },
      *[Symbol.iterator]() {
        for (let index = 0; index < 1000; index++) yield this.at(index) as UnitV0;
      },
    };
    const { units } = Plant.convert(Object.assign(plant(), { units: view }), 6) as PlantV6;
    expect(reads).toBe(0);
    expect(units.length).toBe(1000);
    expect(units.at(17)?.name).toBe("unit 17");
    expect(reads).toBe(1);
    expect(Array.from(units, ({ id }) => id)).toHaveLength(1000);
  });
});

describe("functions", () => {
  test("that give another value on the way back are found: a fraction would be lost", () => {
    const value = Object.assign(Plant.convert(plant(), 6), { milliwatts: 1n });
    expect(() => Plant.convert(value, 5)).toThrow(
      "plant from version 6 to 5, milliwatts: found 1n, expected what version 5 can hold, while an upgrade would make it 0n",
    );
  });
  // As JavaScript would have them, or TypeScript that was persuaded.
  const gives = (value: unknown) => (() => value) as () => never;
  test.each([
    ["size", "7", /size: found "7", made for it by a function, expected/],
    ["size", 2 ** 32, /size: found 4294967296, made for it by a function, expected/],
    ["text", "too long", /text: found "too long", made for it by a function, expected/],
    ["units", undefined, /units: found undefined, made for it by a function, expected/],
    ["main", 7, /main: found 7, made for it by a function, expected/],
  ])("that give what %s cannot hold are told, both ways", (field, value, message) => {
    @LuoStruct(0, { family: "made" })
    class Before {
      @u32 size = 0;
      @char(4) text = "";
      @ref(() => UnitV0) units: Sequence<UnitV0> = [];
      @struct main: UnitV0 = new UnitV0();
    }
    const both = { upgrade: { [field]: gives(value) }, downgrade: { [field]: gives(value) } };
    @LuoStruct(1, { family: "made" })
    @follows(Before, both as object)
    class After extends Before {}
    const Made = family(After);
    expect(() => Made.convert(new Before(), 1)).toThrow(message);
    expect(() => Made.convert(new After(), 0)).toThrow(message);
  });

  test("that throw are told with the field that they make", () => {
    const value = Object.assign(Plant.convert(plant(), 6), { milliwatts: -1n });
    expect(() => Plant.convert(value, 4)).toThrow(
      "plant from version 6 to 4, watts: cannot be made: no power at all",
    );
  });
});

describe("a family is seen as one of its classes", () => {
  test("and knows all that are linked to it, older and newer", () => {
    const Seen = family(PlantV4);
    expect(Seen).toMatchObject({ name: "plant", version: 4, struct: PlantV4 });
    expect(Seen.reads).toEqual([4, 5, 6]);
    expect(Seen.writes).toEqual([4, 5, 6]);
    expect(Seen.newest).toBe(PlantV6);
    expect(Seen.structOf(5)).toBe(PlantV5);
    expect(Seen.versionOf(new PlantV5())).toBe(5);
    expect(familyOf(PlantV5)).toBe(familyOf(PlantV5));
  });

  test("its name is that of the class, without the version", () => {
    expect(Counter.name).toBe("Counter");
  });

  test("versions are retired, held back, or read and not yet written", () => {
    const retired = family(CounterV2, { reads: { from: 1 } });
    expect([retired.reads, retired.writes]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(() => retired.structOf(0)).toThrow(
      "family Counter: found version 0, expected one of its versions, 1",
    );
    expect(() => retired.versionOf(new CounterV0())).toThrow(
      "found an object of class CounterV0, expected one of its versions",
    );
    const old = family(CounterV1, { reads: { to: 1 } });
    expect(old.versions).toEqual([0, 1]);
    const staged = family(CounterV2, { writes: { to: 1 } });
    expect([staged.reads, staged.writes]).toEqual([
      [0, 1, 2, 3],
      [0, 1],
    ]);
    expect(staged.newest).toBe(CounterV1);
  });

  test("what it cannot write is not among what it writes", () => {
    @LuoStruct(0)
    class BoxV0 {
      @u32 serial = 0;
      @u32 size = 0;
    }
    @LuoStruct(1)
    @follows(BoxV0)
    @dropped("serial")
    class BoxV1 {
      @u32 size = 0;
    }
    const Box = family(BoxV1);
    expect([Box.reads, Box.writes]).toEqual([[0, 1], [1]]);
    expect(family(BoxV0).writes).toEqual([0, 1]);
    expect(() => Box.convert(new BoxV1(), 0)).toThrow(
      "Box from version 1 to 0, serial: was dropped, and older readers need it",
    );
    expect(() => family(BoxV1, { writes: { from: 0 } }).writes).toThrow(
      "BoxV1 can be written as version 1, but writes from 0 are asked for",
    );
  });

  test("ranges that leave nothing are refused", () => {
    expect(() => family(CounterV2, { reads: { from: 3 } }).reads).toThrow(
      "the program's objects are of CounterV2, but it reads version 3",
    );
    expect(() => family(CounterV2, { writes: { from: 9 } }).writes).toThrow("writes from 9");
  });
});

test("an object of a class that is in no version is refused by name", () => {
  expect(() => family(UnitV0).convert(new PlantV4(), 1)).toThrow(
    "an object of class PlantV4, expected one of its versions, 0 (UnitV0), 1 (UnitV1)",
  );
  expect(() => family(UnitV0).convert(new UnitV0(), 9)).toThrow("found version 9");
});

test("an object of a class that extends a version, and is none itself, is of that version", () => {
  class Named extends UnitV1 {
    shout() {
      return this.name.toUpperCase();
    }
  }
  expect(family(UnitV1).versionOf(new Named())).toBe(1);
});
