import { array, char, LuoStruct, ref, type Sequence, struct, u32, u64 } from "@luo/struct";
import { ConversionError, FamilyError, family } from "@luo/version";
import { describe, expect, test } from "vitest";

@LuoStruct(0, { family: "unit" })
class UnitV0 {
  @u32 id = 0;
}
@LuoStruct(1, { family: "unit" })
class UnitV1 {
  @u32 id = 0;
  @char(16) name = "";
}
const Unit = family(UnitV0).version(UnitV1, { upgrade: { name: ({ id }) => `unit ${id}` } });

@LuoStruct(0, { family: "plant" })
class PlantV0 {
  @u64 power = 0n;
  @ref(() => UnitV0) units: Sequence<UnitV0> = [];
  @struct main: UnitV0 = new UnitV0();
  @array(UnitV0, 2) pair: UnitV0[] = [];
}
@LuoStruct(1, { family: "plant" })
class PlantV1 {
  @u64 power = 0n;
  @ref(() => UnitV1) units: Sequence<UnitV1> = [];
  @struct main: UnitV1 = new UnitV1();
  @array(UnitV1, 2) pair: UnitV1[] = [];
}
@LuoStruct(4, { family: "plant" })
class PlantV4 {
  @u64 milliwatts = 0n;
  @ref(() => UnitV1) units: Sequence<UnitV1> = [];
  @struct main: UnitV1 = new UnitV1();
  @array(UnitV1, 2) pair: UnitV1[] = [];
}
const Plant = family(PlantV0)
  .version(PlantV1)
  .version(PlantV4, {
    upgrade: { milliwatts: ({ power }) => power * 1000n },
    downgrade: {
      power: ({ milliwatts }) => {
        if (milliwatts % 1000n !== 0n) throw new Error(`${milliwatts} mW are no whole watts`);
        return milliwatts / 1000n;
      },
    },
  });

const unit = (id: number) => Object.assign(new UnitV0(), { id });
const plant = () =>
  Object.assign(new PlantV0(), {
    power: 7n,
    units: [unit(1), unit(2)],
    main: unit(3),
    pair: [unit(4), unit(5)],
  });

test("fields of the same name and type carry over, and so do structs of one family inside", () => {
  const newest = Plant.convert(plant(), 4) as PlantV4;
  expect(newest).toBeInstanceOf(PlantV4);
  expect(newest.milliwatts).toBe(7000n);
  expect([...newest.units].map(({ name }) => name)).toEqual(["unit 1", "unit 2"]);
  expect([...newest.units].every((element) => element instanceof UnitV1)).toBe(true);
  expect(newest.main).toEqual(Object.assign(new UnitV1(), { id: 3, name: "unit 3" }));
  expect(newest.pair[1]?.name).toBe("unit 5");
});

test("down and up again gives what the older version held", () => {
  const back = Plant.convert(Plant.convert(plant(), 4), 0);
  expect(back).toEqual(plant());
  expect(back).toBeInstanceOf(PlantV0);
});

test("a downgrade that would lose what the older reader needs fails and says why", () => {
  const value = Object.assign(Plant.convert(plant(), 4), { milliwatts: 1n });
  expect(() => Plant.convert(value, 0)).toThrow(ConversionError);
  expect(() => Plant.convert(value, 0)).toThrow(
    "plant from version 4 to 0: 1 mW are no whole watts",
  );
});

test("the family is named after its class, without the version", () => {
  @LuoStruct(3)
  class ThingV3 {
    @u32 x = 0;
  }
  expect(family(ThingV3).name).toBe("Thing");
  expect(Plant.versions).toEqual([0, 1, 4]);
  expect(Plant.newest).toBe(PlantV4);
});

describe("what cannot work is an error when the family is declared", () => {
  @LuoStruct(1, { family: "plant" })
  class Incompatible {
    @u32 power = 0;
  }
  @LuoStruct(1, { family: "plant" })
  class Extended {
    @u64 power = 0n;
    @u32 extra = 0;
  }
  @LuoStruct(0, { family: "plant" })
  class Base {
    @u64 power = 0n;
  }
  @LuoStruct(1, { family: "other" })
  class Foreign {
    @u64 power = 0n;
  }

  test("a field whose type changed", () => {
    expect(() => family(Base).version(Incompatible)).toThrow(
      "family plant: power is u64 in Base but u32 in Incompatible; give upgrade: { power: (from) => ... }",
    );
  });
  test("a field that is new", () => {
    expect(() => family(Base).version(Extended)).toThrow(
      "Extended.extra has no counterpart in Base",
    );
  });
  test("a field that the older version has alone", () => {
    expect(() => family(Base).version(Foreign as typeof Base)).toThrow(FamilyError);
    @LuoStruct(1, { family: "plant" })
    class Shrunk {
      @u32 other = 0;
    }
    const upgrade = { other: () => 1 };
    expect(() => family(Base).version(Shrunk, { upgrade })).toThrow(
      "Base.power has no counterpart in Shrunk; give downgrade",
    );
  });
  test("a class of another family", () => {
    expect(() => family(Base).version(Foreign)).toThrow("Foreign is of family other");
  });
  test("versions out of order, or the same twice", () => {
    expect(() => family(Extended).version(Base)).toThrow("add versions in ascending order");
    expect(() => family(Base).version(Base)).toThrow("Base is version 0, after Base of version 0");
  });
  test("a conversion of a field that is not there", () => {
    const upgrade = { extra: () => 1, gone: () => 2 };
    expect(() => family(Base).version(Extended, { upgrade })).toThrow("upgrade.gone is given");
  });
});

test("a conversion of the wrong type does not compile", () => {
  const wrong = () =>
    // @ts-expect-error the new field is a string
    family(UnitV0).version(UnitV1, { upgrade: { name: () => 7 } });
  expect(wrong).toBeDefined();
});

test("an object of a class that is in no version is refused by name", () => {
  expect(() => Unit.convert(new PlantV0(), 1)).toThrow(
    "an object of class PlantV0 is none of its versions (0 (UnitV0), 1 (UnitV1))",
  );
  expect(() => Unit.convert(new UnitV0(), 9)).toThrow("has no version 9");
});
