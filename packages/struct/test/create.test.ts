import {
  bytes,
  create,
  DeclarationError,
  defineStruct,
  LuoStruct,
  reserved,
  transient,
  UnknownFieldError,
  u8,
  u64,
} from "@luo/struct";
import { expect, test } from "vitest";

@LuoStruct(0)
class Counter {
  @u64 hits = 5n;
  @u8 limit = 1;
  @reserved(bytes(2)) gap: unknown;
  @transient cache = "cold";
  double(): bigint {
    return this.hits * 2n;
  }
}

/** As a program that is not type-checked calls it. */
const untyped = create as (struct: unknown, values: unknown) => Counter;

test("an object of the class has the values that are given, and its initial ones elsewhere", () => {
  const counter = create(Counter, { hits: 7n, cache: "warm" });
  expect(counter).toBeInstanceOf(Counter);
  expect(counter).toMatchObject({ hits: 7n, limit: 1, cache: "warm" });
  expect(counter.double()).toBe(14n);
});

test("names and types that the class does not have do not compile", () => {
  // @ts-expect-error a misspelt name
  expect(() => create(Counter, { hist: 1n })).toThrow(UnknownFieldError);
  // @ts-expect-error a method is no field
  expect(() => create(Counter, { double: () => 0n })).toThrow(UnknownFieldError);
  // @ts-expect-error reserved space has no value
  expect(() => create(Counter, { gap: 1 })).toThrow(UnknownFieldError);
  // @ts-expect-error the type of another field; encoding would refuse the value
  expect(create(Counter, { hits: 1 }).hits).toBe(1);
});

test("an unknown name is an error that names the class, the name and the closest fields", () => {
  const failed = (() => {
    try {
      return untyped(Counter, { limits: 1 });
    } catch (error) {
      return error;
    }
  })();
  expect(failed).toMatchObject({
    code: "LUO_UNKNOWN_FIELD",
    struct: "Counter",
    field: "limits",
    closest: ["limit", "hits"],
    message:
      'Counter: found the field "limits", expected one such as limit, hits; correct the name, or annotate the property',
  });
});

test("a key from JSON cannot reach the prototype", () => {
  const hostile = JSON.parse('{ "__proto__": { "hits": 1 } }');
  expect(() => untyped(Counter, hostile)).toThrow('Counter: found the field "__proto__"');
});

test("a class without annotations is refused", () => {
  class Plain {
    x = 0;
  }
  expect(() => create(Plain, { x: 1 })).toThrow(DeclarationError);
});

test("a struct that has no class in the source takes values by the names of its fields", () => {
  const Point = defineStruct("Point", 0, [{ name: "x", type: u8.type }]);
  expect(create(Point, { x: 3 })).toEqual({ x: 3 });
  expect(() => create(Point, { y: 3 })).toThrow('Point: found the field "y"');
});
