import {
  type Endian,
  type FieldType,
  layoutOf,
  NotationError,
  notation,
  parseNotation,
  type StructClass,
} from "@luo/struct";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { fieldNotation } from "../src/layout/notation.js";
import { SCALARS } from "../src/types.js";
import { define } from "./differential/luo.js";
import { cases, everyStruct } from "./differential/specs.js";
import { Box, Circle } from "./fixtures.js";

const STRUCTS: Readonly<Record<string, StructClass>> = { "Circle@0": Circle, "Box@0": Box };

const structNamed = (name: string): StructClass => {
  const found = STRUCTS[name];
  if (found === undefined) throw new RangeError(`no struct ${name}`);
  return found;
};

const read = (text: string) => parseNotation(text, structNamed);

// Types by chance, with names of all sorts.

const text = fc.oneof(
  fc.constantFrom("kind", "0", "-1", "007", "5x", "ä.b-c$", "", "__proto__", "reserved", "u8"),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const structs = fc.constantFrom<StructClass>(Circle, Box);
const scalars = Object.values(SCALARS).filter(
  (type) => type !== SCALARS.u64Number && type !== SCALARS.i64Number,
);
const scalar: fc.Arbitrary<FieldType> = fc.constantFrom(...scalars);
const length = fc.oneof(fc.nat(9), fc.constantFrom(4_294_967_296, Number.MAX_SAFE_INTEGER));
const enumeration = fc
  .uniqueArray(fc.tuple(fc.nat(255), fc.oneof(text, fc.integer())), {
    minLength: 1,
    maxLength: 5,
    comparator: (a, b) => a[0] === b[0] || `${a[1]}` === `${b[1]}`,
  })
  .map((members): FieldType => ({ kind: "enum", of: SCALARS.u8, members: new Map(members) }));
const bits = fc
  .tuple(fc.constantFrom(SCALARS.u8, SCALARS.i16, SCALARS.u64, SCALARS.address), fc.nat(8))
  .map(([of, width]) => ({ kind: "bits", of, width }) as const);
const simple: fc.Arbitrary<FieldType> = fc.oneof(
  scalar,
  enumeration,
  fc
    .tuple(length, fc.boolean())
    .map(([length, end]): FieldType => ({ kind: "char", length, terminated: end && length > 0 })),
  length.map((length): FieldType => ({ kind: "bytes", length })),
  structs.map((struct): FieldType => ({ kind: "struct", of: () => struct })),
  structs.map((struct): FieldType => ({ kind: "ref", of: () => struct })),
);
const element = fc
  .tuple(simple, fc.array(length, { maxLength: 4 }))
  .map(([of, lengths]) =>
    lengths.reduce<FieldType>((of, length) => ({ kind: "array", of, length }), of),
  );
const union = fc.tuple(text, fc.dictionary(text, structs, { minKeys: 1 })).map(
  ([discriminator, of]): FieldType => ({
    kind: "union",
    discriminator,
    of: () => of,
  }),
);
const named = fc.oneof(
  element,
  bits.filter(({ width }) => width > 0),
  union,
);
const types = fc.oneof(
  named,
  fc
    .tuple(element, fc.option(text, { nil: undefined }))
    .map(([of, count]): FieldType => ({ kind: "flexible", of, count })),
  fc.oneof(element, bits, union).map((of): FieldType => ({ kind: "reserved", of, checked: false })),
);

/** A type with all that is inside of it, for comparing. */
function plain(type: FieldType): unknown {
  switch (type.kind) {
    case "array":
    case "flexible":
    case "reserved":
      return { ...type, of: plain(type.of) };
    case "struct":
    case "ref":
    case "union":
      return { ...type, of: type.of() };
    default:
      return type;
  }
}

test("whatever type is written is read as that type", () => {
  fc.assert(
    fc.property(types, fc.constantFrom<Endian>("little", "big"), (type, endian) => {
      const found = read(fieldNotation({ type, endian }));
      expect(found.endian).toBe(endian);
      expect(plain(found.type)).toEqual(plain(type));
    }),
    { numRuns: 2000 },
  );
});

test("every field of a struct by chance is read as what is written again", () => {
  fc.assert(
    fc.property(cases, ({ struct }) => {
      const all = everyStruct(struct).map(define);
      const known = new Map(all.map((struct) => [`${struct.name}@0`, struct]));
      for (const field of all.flatMap((struct) => layoutOf(struct).fields)) {
        const written = fieldNotation(field);
        const found = parseNotation(written, (name) => known.get(name) ?? Box);
        expect(fieldNotation(found)).toBe(written);
      }
    }),
    { numRuns: 300 },
  );
});

/** Changes that keep a text near to what it was. */
const changed = fc
  .tuple(types, fc.nat(), fc.nat(3), fc.constantFrom(...'[]{}(),=:"\\@&z -0159ax'))
  .map(([type, at, cut, put]) => {
    const text = notation(type);
    const from = at % (text.length + 1);
    return text.slice(0, from) + put + text.slice(from + cut);
  });

test("a text is either refused with its place, or written as a text of the same type", () => {
  fc.assert(
    fc.property(fc.oneof(changed, fc.string()), (text) => {
      let found: ReturnType<typeof read>;
      try {
        found = read(text);
      } catch (error) {
        if (error instanceof RangeError) return;
        expect(error).toBeInstanceOf(NotationError);
        const { position, expected } = error as NotationError;
        expect(position).toBeGreaterThanOrEqual(0);
        expect(position).toBeLessThanOrEqual(text.length + 1);
        expect(expected).not.toBe("");
        return;
      }
      expect(plain(read(fieldNotation(found)).type)).toEqual(plain(found.type));
    }),
    { numRuns: 5000 },
  );
});

test.each([
  ["", 0],
  ["u9", 0],
  ["u8 ", 2],
  [" u8", 0],
  ["u8 be be", 5],
  ["u8[05]", 3],
  ["u8[-1]", 3],
  ["u8[9007199254740992]", 3],
  ["u8[5", 4],
  ["u8[5a]", 4],
  ["u8[n][2]", 5],
  ["u8[][]", 4],
  ["char", 0],
  ["char[n]", 4],
  ["char[0]z", 4],
  ["char[5]z[4]", 9],
  ["char[5]zz", 8],
  ["byte[5]z", 7],
  ["u8[0][5]z", 8],
  ["u8:9", 3],
  ["u8:0", 0],
  ["u8:08", 3],
  ["f32:3", 0],
  ["bool:2", 5],
  ["u8:3[2]", 4],
  ["u8{}", 3],
  ["u8{0=a,}", 7],
  ["u8{256=a}", 3],
  ["u8{-0=a}", 3],
  ["u8{00=a}", 3],
  ["u8{0=a,0=b}", 7],
  ["u8{0=a,1=a}", 7],
  ['u8{0="5",1=5}', 9],
  ["u8{0=5x}", 6],
  ["u64{9007199254740992=a}", 4],
  ["f64{0=a}", 0],
  ["address{0=a}", 0],
  ["k()", 2],
  ["k(0=Circle@0,0=Box@0)", 13],
  ["k(0=&Circle@0)", 4],
  ["k(0=Circle@0)[2]", 13],
  ["a/b(0=Circle@0)", 0],
  ['"k(0=Circle@0)', 0],
  ['"k" (0=Circle@0)', 3],
  ["Circle@", 7],
  ["Circle@00", 7],
  ["Circle@4294967296", 7],
  ["&Circle", 1],
  ["&&Circle@0", 1],
  ["reserved", 0],
  ["reserved reserved u8", 9],
  ["reserved u8[]", 9],
  ["reserved u8[n]", 9],
])("%j is no type, at %d", (text, position) => {
  expect(() => read(text)).toThrow(NotationError);
  expect(() => read(text)).toThrow(expect.objectContaining({ text, position }));
});

test.each([
  ["char[4][16]z", "4 texts of 16 bytes"],
  ["char[5]z[n]", "texts of 5 bytes, as many as n says"],
  ["u8[0][5]", "no rows of 5"],
  ['u8["5"]', "as many as the field 5 says"],
  ["u16[3][count]", "rows of 3, as many as count says"],
  ["reserved(0=Circle@0)", "a union told apart by a field called reserved"],
])("%j is %s", (text) => {
  expect(fieldNotation(read(text))).toBe(text);
});

test.each([
  ["lengths", `u8${"[1]".repeat(400_000)}`],
  ["reserved space in reserved space", "reserved ".repeat(100_000)],
  ["a name without an end", `"${"\\".repeat(1_000_001)}`],
  ["members", `u8{${"0=a,".repeat(200_000)}`],
  ["a word", "x".repeat(1_000_000)],
  ["digits", `u8[${"1".repeat(1_000_000)}]`],
])("a megabyte of %s is refused, whatever the stack has room for", (_, text) => {
  expect(() => read(text)).toThrow(NotationError);
});
