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
  i8,
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
  u64,
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
type Apply = (make: () => unknown, discriminator?: () => unknown) => StructClass;
const FLAVOURS: [string, Apply][] = [
  [
    "legacy",
    (make, discriminator = () => u8) => {
      class Holder {}
      (u8 as unknown as ReturnType<Loose>)(Holder.prototype, "first");
      (discriminator() as ReturnType<Loose>)(Holder.prototype, "d");
      (make() as ReturnType<Loose>)(Holder.prototype, "x");
      LuoStruct(0)(Holder);
      return Holder;
    },
  ],
  [
    "standard",
    (make, discriminator = () => u8) => {
      class Holder {}
      const metadata = {};
      const context = (name: string) => ({ kind: "field", name, metadata, static: false });
      (u8 as unknown as ReturnType<Loose>)(undefined, context("first"));
      (discriminator() as ReturnType<Loose>)(undefined, context("d"));
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

    test.each<[what: string, of: () => unknown, keys: string[], wrong: string | undefined]>([
      ["u8", () => u8, ["0", "255"], undefined],
      ["u8", () => u8, ["0", "256"], "256"],
      ["u8", () => u8, ["-1"], "-1"],
      ["u8", () => u8, ["1", "01"], "01"],
      ["u8", () => u8, ["1", "1.0"], "1.0"],
      ["u8", () => u8, ["one"], "one"],
      ["u64", () => u64, ["18446744073709551615"], undefined],
      ["u64", () => u64, ["18446744073709551616"], "18446744073709551616"],
      ["i8", () => i8, ["-128"], undefined],
      ["bits", () => bits(u8, 3), ["7"], undefined],
      ["bits", () => bits(u8, 3), ["8"], "8"],
      ["enum of texts", () => enumeration(u8, ["idle", "01"]), ["idle", "01"], undefined],
      ["enum of texts", () => enumeration(u8, ["idle", "busy"]), ["idle", "buzy"], "buzy"],
      ["enum of texts", () => enumeration(u8, ["idle", "busy"]), ["0"], "0"],
      ["enum of numbers", () => enumeration(u8, [1, 5]), ["5", "1"], undefined],
      ["enum of numbers", () => enumeration(u8, [1, 5]), ["2"], "2"],
    ])("a union told apart by %s, %#", (_, discriminator, keys, wrong) => {
      const variants = Object.fromEntries(keys.map((key) => [key, Circle]));
      const declare = () => apply(() => loose(union)("d", () => variants), discriminator);
      if (wrong === undefined) expect(layoutOf(declare()).size).toBeGreaterThan(0);
      else {
        expect(declare).toThrow(DeclarationError);
        expect(declare).toThrow(`Holder.x: found the key "${wrong}"`);
      }
    });

    test("the keys of a union whose classes come later are checked at its first use", () => {
      const Holder = apply(() => loose(union)("first", () => ({ 300: Late })), undefined);
      @LuoStruct(0)
      class Late {
        @u8 x = 0;
      }
      expect(() => layoutOf(Holder)).toThrow('Holder.x: found the key "300"');
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
  ["@enumeration with a text twice", () => loose(enumeration)(u8, ["a", "b", "a"])],
  ["@enumeration with a number twice", () => loose(enumeration)(u8, [1, 1])],
  ["@enumeration with a number for a text's", () => loose(enumeration)(u8, ["a", 0])],
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
