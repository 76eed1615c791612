import {
  ArgumentError,
  array,
  big,
  bits,
  codecOf,
  DeclarationError,
  enumeration,
  FieldRangeError,
  flexible,
  LuoStruct,
  layoutOf,
  Memory,
  ref,
  reserved,
  type StructClass,
  schemaOf,
  struct,
  transient,
  u8,
  u32,
  union,
} from "@luo/struct";
import { describe, expect, test } from "vitest";
import { BACKENDS } from "./backends.js";
import { Circle, circle, Point } from "./fixtures.js";

/** Any error of luo's. */
const LuoErrorLike = expect.objectContaining({ code: expect.stringMatching(/^LUO_/) });

/** Anything, as programs in JavaScript pass it. */
type Loose = (...args: unknown[]) => (target: unknown, context: unknown) => void;
const loose = (annotation: unknown) => annotation as Loose;

/** Applies an annotation to the field `x` of a class `Holder`, in each flavour of decorators. */
const FLAVOURS: [string, (make: () => unknown) => StructClass][] = [
  [
    "legacy",
    (make) => {
      class Holder {}
      (u8 as unknown as ReturnType<Loose>)(Holder.prototype, "first");
      (make() as ReturnType<Loose>)(Holder.prototype, "x");
      LuoStruct(0)(Holder);
      return Holder;
    },
  ],
  [
    "standard",
    (make) => {
      class Holder {}
      const metadata = {};
      const context = (name: string) => ({ kind: "field", name, metadata, static: false });
      (u8 as unknown as ReturnType<Loose>)(undefined, context("first"));
      (make() as ReturnType<Loose>)(undefined, context("x"));
      LuoStruct(0)(Holder, { kind: "class", name: "Holder", metadata } as ClassDecoratorContext<
        typeof Holder
      >);
      return Holder;
    },
  ],
];

describe.each(FLAVOURS)(
  "%s decorators: a mistake is an error at its declaration",
  (name, apply) => {
    const holder = name === "legacy" ? "Holder.x" : "a class.x";
    test.each<[what: string, () => unknown, message: string]>([
      [
        "array of undefined",
        () => loose(array)(undefined, 2),
        "@array(struct(() => Element), ...)",
      ],
      [
        "array of arrays of it",
        () => array(loose(array)(undefined, 2) as never, 2),
        "struct(() =>",
      ],
      [
        "flexible of undefined",
        () => loose(flexible)(undefined),
        "@flexible(struct(() => Element)",
      ],
      ["struct without thunk", () => loose(struct)(Circle), "write @struct(() => Inner)"],
      ["struct of undefined", () => loose(struct)(undefined), "write @struct(() => Inner)"],
      ["struct of a class that is none", () => loose(struct)(class Plain {}), "function Plain"],
      [
        "union without thunk",
        () => loose(union)("first", { 0: Circle }),
        '@union("<field>", () =>',
      ],
      ["ref without thunk", () => loose(ref)(Circle), "write @ref(() => Element)"],
      ["ref of undefined", () => loose(ref)(undefined), "write @ref(() => Element)"],
    ])("%s", (_, make, message) => {
      expect(() => apply(make)).toThrow(DeclarationError);
      expect(() => apply(make)).toThrow(holder);
      expect(() => apply(make)).toThrow(message);
    });

    test.each<[what: string, () => unknown]>([
      ["ref", () => loose(ref)(() => undefined)],
      ["struct", () => loose(struct)(() => undefined)],
      ["array", () => array(loose(struct)(() => undefined) as never, 2)],
      ["union", () => loose(union)("first", () => undefined)],
      ["variant of a union", () => loose(union)("first", () => ({ 0: undefined }))],
      ["class that is no struct", () => loose(ref)(() => class Plain {})],
    ])("%s whose function gives no struct, at first use", (_, make) => {
      const Holder = apply(make);
      const uses = [
        () => schemaOf(Holder),
        () => codecOf(Holder).encode(new Holder(), new Memory(new ArrayBuffer(64)), 0),
        () => codecOf(Holder).decode(new Memory(new ArrayBuffer(64)), 0),
      ];
      for (const use of uses) {
        expect(use).toThrow(DeclarationError);
        expect(use).toThrow(/^Holder\.x: names (the class undefined|function Plain)/);
      }
    });

    test("a class with a static property called type is an element like any other", () => {
      @LuoStruct(0)
      class Typed {
        static type = "number";
        @u32 x = 0;
      }
      class Later {
        static type = { kind: 5 };
        x = 0;
      }
      expect(layoutOf(apply(() => array(Typed, 3))).size).toBe(16);
      const Holder = apply(() => array(Later, 3));
      (u32 as unknown as ReturnType<Loose>)(Later.prototype, "x");
      LuoStruct(0)(Later);
      expect(layoutOf(Holder).size).toBe(16);
    });
  },
);

test.each<[string, () => unknown]>([
  ["@u32()", () => loose(u32)()],
  ["@big()", () => loose(big)()],
  ["@transient()", () => loose(transient)()],
  ["@array(u8)", () => loose(array)(u8)],
  ["@array, of a name", () => loose(array)(Circle.prototype, "x")],
  ["@array(5, 2)", () => loose(array)(5, 2)],
  ["@flexible of a text", () => loose(flexible)("u8")],
  ["@bits(undefined, 3)", () => loose(bits)(undefined, 3)],
  ["@enumeration(undefined, [])", () => loose(enumeration)(undefined, ["a"])],
  ["@reserved(undefined)", () => loose(reserved)(undefined)],
  ["@reserved(Point)", () => loose(reserved)(Point)],
  ["@LuoStruct without a version", () => loose(LuoStruct)(class Counter {})],
])("%s is a DeclarationError", (_, make) => {
  expect(make).toThrow(DeclarationError);
});

describe.each(BACKENDS)("%s: a codec that is called wrong from JavaScript says how", (_, of) => {
  const codec = of(Circle) as unknown as Record<string, Loose>;
  const call = (name: string, ...args: unknown[]) => expect(() => codec[name]?.(...args));
  test.each([undefined, null, new ArrayBuffer(16), new Uint8Array(16), 7])(
    "with %o as the memory",
    (memory) => {
      for (const attempt of [
        call("encode", circle(1), memory, 0),
        call("encode", new Memory(new ArrayBuffer(8)), memory, 0),
        call("encodeArray", [circle(1)], memory, 0),
        call("decode", memory, 0),
        call("decodeArray", memory, 0, 1),
        call("view", memory, 0),
        call("cursor", memory, 0, 1),
      ]) {
        attempt.toThrow(ArgumentError);
        attempt.toThrow("expected a Memory: new Memory(");
      }
    },
  );

  test("without arguments, and with values that are none", () => {
    const memory = new Memory(new ArrayBuffer(16));
    for (const name of ["encode", "encodeArray", "decode", "decodeArray", "view", "cursor"]) {
      call(name).toThrow(LuoErrorLike);
    }
    call("encode", 5, memory, 0).toThrow(FieldRangeError);
    call("encode", circle(1), memory).toThrow("offset undefined");
    call("encodeArray", circle(1), memory, 0).toThrow("expected an array of Circle");
    call("encodeArray", undefined, memory, 0).toThrow("expected an array of Circle");
  });
});
