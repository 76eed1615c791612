import {
  array,
  bytes,
  codecOf,
  DeclarationError,
  defineStruct,
  LuoStruct,
  type StructClass,
  struct,
  u8,
  u32,
  u64,
} from "@luo/struct";
import { describe, expect, test } from "vitest";
import { Point } from "./fixtures.js";

describe("a bad annotation is an error at declaration that names class and field", () => {
  test.each([-1, 1.5, 2 ** 32, Number.NaN])("version %d", (version) => {
    expect(() => {
      @LuoStruct(version)
      class Bad {
        @u8 x = 0;
      }
      return Bad;
    }).toThrow(DeclarationError);
  });

  test.each(["", "a b", "a@1", "a(b", "a,b", '"a"'])("a family called %j", (family) => {
    expect(() => {
      @LuoStruct(0, { family })
      class Bad {
        @u8 x = 0;
      }
      return Bad;
    }).toThrow(/^Bad: the family is ".*", expected letters, digits/);
  });

  test("a struct without fields", () => {
    expect(() => {
      @LuoStruct(0)
      class Empty {}
      return Empty;
    }).toThrow("Empty: has no annotated field");
  });

  test("a field that is annotated twice", () => {
    expect(() => {
      class Twice {
        @u8 @u32 x: number = 0;
      }
      return Twice;
    }).toThrow("Twice.x: is annotated twice");
  });

  test("an annotation that contradicts the declared type", () => {
    expect(() => {
      class Wrong {
        // @ts-expect-error a u64 is a bigint
        @u64 x: number = 0;
      }
      return Wrong;
    }).toThrow("Wrong.x: is declared as function Number, but its annotation holds function BigInt");
  });

  test("a nested class that is no struct", () => {
    class Plain {}
    expect(() => {
      class Outer {
        @struct inner: Plain = new Plain();
      }
      return Outer;
    }).toThrow("Outer.inner: has the type function Plain, which is not a struct");
  });

  test("a struct that contains itself, also by way of another", () => {
    expect(() => {
      @LuoStruct(0)
      class Loop {
        @struct(() => Loop) self!: Loop;
      }
      return Loop;
    }).toThrow("Loop.self: contains itself (Loop > Loop); use @ref for one of them");
    expect(() => {
      const link = { inner: Point as StructClass };
      const Outer = defineStruct("Outer", 0, [
        { name: "points", type: array(Point, 2).type },
        { name: "inner", type: { kind: "struct", of: () => link.inner } },
      ]);
      link.inner = defineStruct("Inner", 0, [{ name: "outer", type: array(Outer, 3).type }]);
      return codecOf(link.inner);
    }).toThrow("contains itself (Inner > Outer > Inner); use @ref");
  });

  test("a length that is none", () => {
    expect(() => bytes(0)).toThrow("@bytes: the length is 0");
    expect(() => array(u8, -1)).toThrow("@array: the length is -1");
  });

  test("a class that was never annotated", () => {
    class Plain {}
    expect(() => codecOf(Plain)).toThrow(
      "Plain: is not a struct; annotate the class with @LuoStruct",
    );
  });

  test("a field called __proto__", () => {
    const legacy = u8 as (target: object, key: string) => void;
    expect(() => legacy({}, "__proto__")).toThrow("cannot be a field");
  });
});

test("properties of the wrong type do not compile", () => {
  // Never called: the reflected type would be refused as well.
  const types = () => {
    class Types {
      // @ts-expect-error a u8 is a number
      @u8 name!: string;
      // @ts-expect-error a literal type is narrower than what decoding gives
      @u8 narrow!: 1 | 2;
      // @ts-expect-error the array holds numbers
      @array(u8, 2) list!: string[];
      // @ts-expect-error a struct of another class
      @struct(() => Types) other!: Map<string, string>;
    }
    return Types;
  };
  expect(types).toBeDefined();
});
