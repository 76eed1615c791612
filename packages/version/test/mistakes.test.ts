import { array, DeclarationError, LuoStruct, type StructClass, u8, u32, u64 } from "@luo/struct";
import { dropped, FamilyError, family, follows, manifestOf, renamed, since } from "@luo/version";
import { describe, expect, test } from "vitest";

/** A fresh oldest version, as a family that was used takes no more. */
function base() {
  @LuoStruct(0, { family: "plant" })
  class Base {
    @u64 power = 0n;
    @u8 colour = 0;
  }
  return Base;
}

const use = (struct: StructClass) => () => family(struct).versions;
const plant = { family: "plant" };

describe("what cannot work is an error when the family is first used, from whichever class", () => {
  test.each<
    [what: string, declare: (Base: ReturnType<typeof base>) => StructClass, problem: string]
  >([
    [
      "a gap in the versions",
      (Base) => {
        @LuoStruct(2, plant)
        @follows(Base)
        class Next {
          @u64 power = 0n;
          @u8 colour = 0;
        }
        return Next;
      },
      "family plant: Next is version 2, but follows Base of version 0; let versions go up by one",
    ],
    [
      "a class that follows its successor",
      (Base) => {
        @LuoStruct(1, plant)
        class Next extends Base {}
        follows(Next)(Base);
        return Next;
      },
      "Base is version 0, but follows Next of version 1",
    ],
    [
      "two classes with one version",
      (Base) => {
        @LuoStruct(1, plant)
        class Other extends Base {}
        @LuoStruct(1, plant)
        class Next extends Base {}
        return [Other, Next][1] ?? Next;
      },
      "are both version 1; make one of them another version",
    ],
    [
      "another family's name",
      (Base) => {
        @LuoStruct(1, { family: "other" })
        @follows(Base)
        class Next extends Base {}
        return Next;
      },
      'Next is of family other; say @LuoStruct(1, { family: "plant" })',
    ],
    [
      "a type that changed without a function",
      (Base) => {
        @LuoStruct(1, plant)
        @follows(Base)
        class Next {
          @u32 power = 0;
          @u8 colour = 0;
        }
        return Next;
      },
      "Next.power is u32, but Base.power is u64; give @follows(Base, { upgrade: { power: (from) => ... } })",
    ],
    [
      "a type that changed without a function for the way back",
      (Base) => {
        @LuoStruct(1, plant)
        @follows(Base, { upgrade: { power: ({ power }) => [power] } })
        class Next {
          @array(u64, 1) power = [0n];
          @u8 colour = 0;
        }
        return Next;
      },
      "Next.power is u64[1], but Base.power is u64; give @follows(Base, { downgrade: { power: (from) => ... } })",
    ],
    [
      "a field that is new, and not said to be",
      (Base) => {
        @LuoStruct(1, plant)
        @follows(Base)
        class Next {
          @u64 power = 0n;
          @u8 colour = 0;
          @u32 extra = 0;
        }
        return Next;
      },
      'Next.extra has no counterpart in Base; say @since(1, <default>) or @renamed("<old name>")',
    ],
    [
      "a field that is gone, and not said to be",
      (Base) => {
        @LuoStruct(1, plant)
        @follows(Base)
        class Next {
          @u64 power = 0n;
        }
        return Next;
      },
      'Base.colour has no counterpart in Next; say @dropped("colour", <value for older readers>) there',
    ],
    [
      "a default out of range",
      (Base) => {
        @LuoStruct(1, plant)
        class Next extends Base {
          @since(1, 256) @u8 extra = 0;
        }
        return Next;
      },
      "found 256 as the default of Next.extra, expected an integer from 0 to 255 (u8)",
    ],
    [
      "a default of the wrong type",
      (Base) => {
        @LuoStruct(1, plant)
        class Next extends Base {
          // @ts-expect-error text is no number
          @since(1, "256") @u8 extra = 0;
        }
        return Next;
      },
      'found "256" as the default of Next.extra, expected an integer',
    ],
    [
      "an initial value that is none",
      (Base) => {
        @LuoStruct(1, plant)
        class Next extends Base {
          @since(1) @u8 extra!: number;
        }
        return Next;
      },
      "found undefined as the initial value of Next.extra, expected an integer",
    ],
    [
      "a value for older readers that does not fit",
      (Base) => {
        @LuoStruct(1, plant)
        @follows(Base)
        @dropped("colour", 256)
        class Next {
          @u64 power = 0n;
        }
        return Next;
      },
      "found 256 as the default of Base.colour",
    ],
    [
      "a field that is there since a version that lacks it",
      (Base) => {
        @LuoStruct(1, plant)
        class Next extends Base {
          @since(0) @u8 extra = 0;
        }
        return Next;
      },
      "Next.extra is there since 0, but Base lacks it; say @since(1), or restore it there",
    ],
    [
      "a field that is there since a later version",
      (Base) => {
        @LuoStruct(1, plant)
        class Next extends Base {
          @since(2) @u8 extra = 0;
        }
        return Next;
      },
      "Next.extra is there since 2, but the class is version 1; correct @since",
    ],
    [
      "a field that is new and was there before",
      (Base) => {
        @LuoStruct(1, plant)
        @follows(Base)
        class Next {
          @since(1) @u64 power = 0n;
          @u8 colour = 0;
        }
        return Next;
      },
      'Next.power is new since 1, but is power in Base; remove @since, or say @dropped("power")',
    ],
    [
      "a field that was renamed from nothing",
      (Base) => {
        @LuoStruct(1, plant)
        class Next extends Base {
          @renamed("shade") @u8 extra = 0;
        }
        return Next;
      },
      "Next.extra is renamed from shade, but Base has no such field; correct @renamed",
    ],
    [
      "a field that became two",
      (Base) => {
        @LuoStruct(1, plant)
        class Next extends Base {
          @renamed("colour") @u8 shade = 0;
        }
        return Next;
      },
      "Next.shade is renamed from colour, but colour and shade cannot both be; remove one",
    ],
    [
      "a field that was dropped and never there",
      (Base) => {
        @LuoStruct(1, plant)
        @dropped("shade", 0)
        class Next extends Base {}
        return Next;
      },
      "Next.shade is dropped, but no older class has it; remove @dropped",
    ],
    [
      "a function for a field that is not there",
      (Base) => {
        const upgrade: object = { gone: () => 2 };
        @LuoStruct(1, plant)
        @follows(Base, { upgrade })
        class Next extends Base {}
        return Next;
      },
      "Next.gone has a function for the upgrade, but Next has no such field",
    ],
    [
      "a function for a field that the older has not",
      (Base) => {
        const downgrade: object = { gone: () => 2 };
        @LuoStruct(1, plant)
        @follows(Base, { downgrade })
        class Next extends Base {}
        return Next;
      },
      "Next.gone has a function for the downgrade, but Base has no such field",
    ],
    [
      "two ways to make one field",
      (Base) => {
        @LuoStruct(1, plant)
        @follows(Base, { upgrade: { extra: () => 1 } })
        class Next extends Base {
          @since(1, 2) @u8 extra = 0;
        }
        return Next;
      },
      "Next.extra has both a default and a function for the upgrade; keep one",
    ],
    [
      "two ways to make one field for older readers",
      (Base) => {
        @LuoStruct(1, plant)
        @follows(Base, { downgrade: { colour: () => 1 } })
        @dropped("colour", 2)
        class Next {
          @u64 power = 0n;
        }
        return Next;
      },
      "Next.colour has both @dropped and a function for the downgrade; keep one",
    ],
  ])("%s", (_, declare, problem) => {
    const Base = base();
    const Next = declare(Base);
    expect(use(Next)).toThrow(FamilyError);
    expect(use(Next)).toThrow(problem);
    expect(use(Base)).toThrow(problem);
  });

  test.each<[string, () => StructClass, string]>([
    [
      "has something new",
      () => {
        @LuoStruct(1, plant)
        class Next {
          @u64 power = 0n;
          @since(1) @u8 extra = 0;
        }
        return Next;
      },
      "Next.extra is new, but Next follows no class; say @follows(<the class before>)",
    ],
    [
      "has something new, and extends a class whose name a minifier has changed",
      () => {
        @LuoStruct(0)
        class a {
          @u64 power = 0n;
        }
        @LuoStruct(1)
        class b extends a {
          @since(1) @u8 extra = 0;
        }
        return b;
      },
      'b.extra is new, but b is of family b, and extends a of family a; give both one name, as in @LuoStruct(1, { family: "a" }): without it the class\'s name is used, which a minifier changes',
    ],
    [
      "drops something, and extends a class of another family",
      () => {
        @LuoStruct(1)
        @dropped("colour", 0)
        class Next extends base() {
          @u64 more = 0n;
        }
        return Next;
      },
      "Next.colour is dropped, but Next is of family Next, and extends",
    ],
    [
      "drops something",
      () => {
        @LuoStruct(1, plant)
        @dropped("colour", 0)
        class Next {
          @u64 power = 0n;
        }
        return Next;
      },
      "Next.colour is dropped, but Next follows no class",
    ],
  ])("a class that %s, and whose @follows was forgotten", (_, declare, problem) => {
    expect(use(declare())).toThrow(FamilyError);
    expect(use(declare())).toThrow(problem);
  });

  test("names class and field for programs too", () => {
    const Base = base();
    @LuoStruct(1, plant)
    @follows(Base)
    @dropped("colour", 0)
    class Next {
      @u64 power = 0n;
      @u8 extra = 0;
    }
    const about = { code: "LUO_FAMILY", family: "plant", struct: "Next", field: "extra" };
    expect(use(Next)).toThrow(expect.objectContaining(about));
  });
});

describe("what is wrong by itself is an error when the class is declared", () => {
  test("a class that follows two", () => {
    const [First, Second] = [base(), base()];
    expect(() => {
      @LuoStruct(1, plant)
      @follows(First)
      @follows(Second)
      class Next extends First {}
      return Next;
    }).toThrow("Next follows both Base and Base; keep one @follows");
  });

  test("a field that is dropped twice", () => {
    const Base = base();
    expect(() => {
      @LuoStruct(1, plant)
      @follows(Base)
      @dropped("colour", 1)
      @dropped("colour", 2)
      class Next {
        @u64 power = 0n;
      }
      return Next;
    }).toThrow("Next drops colour twice");
  });

  test("a version that comes after the family was used", () => {
    const Base = base();
    expect(use(Base)()).toEqual([0]);
    expect(() => {
      @LuoStruct(1, plant)
      @follows(Base)
      class Next extends Base {}
      return Next;
    }).toThrow("Next follows Base, but the family was used before");
    @LuoStruct(1, plant)
    class Derived extends Base {}
    expect(use(Derived)).toThrow("Derived came after the family was used");
    expect(use(Base)()).toEqual([0]);
  });

  test.each([-1, 1.5, 2 ** 32, "1" as never])("@since(%s)", (version) => {
    expect(() => since(version, 1)).toThrow(DeclarationError);
    expect(() => since(version)).toThrow("expected an integer from 0 to 4294967295");
  });

  test("the same said twice of a field", () => {
    expect(() => {
      class Twice {
        @since(1) @since(2) @u32 x = 0;
      }
      return Twice;
    }).toThrow("since: is said twice of a field; remove one");
  });

  test("an annotation without a type, and a class without @LuoStruct", () => {
    expect(() => {
      class Typeless {
        @since(1) x = 0;
      }
      return Typeless;
    }).toThrow(DeclarationError);
    class Plain {}
    expect(() => family(Plain)).toThrow("Plain: is not a struct");
    expect(() => follows(Plain)).not.toThrow();
  });
});

test("a program cannot have two views of one family that differ", () => {
  const Base = base();
  @LuoStruct(1, plant)
  class Next extends Base {}
  const views = [family(Next), family(Base, { reads: { to: 0 } })];
  expect(() => manifestOf(views)).toThrow("family plant: is given twice, with other versions");
  expect(manifestOf([family(Next), family(Base)])).toEqual(manifestOf([family(Next)]));
});
