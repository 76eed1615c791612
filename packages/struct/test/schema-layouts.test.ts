import {
  ABIS,
  codecOf,
  create,
  fingerprintOf,
  layoutOf,
  Memory,
  SchemaError,
  SchemaLayouts,
  type StructClass,
  type StructSchema,
  schemaOf,
} from "@luo/struct";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { define, hasCodec, valuesOf } from "./differential/luo.js";
import { cases } from "./differential/specs.js";
import { EverythingV3, everything, Header, header, Packet } from "./fixtures.js";

const nameOf = ({ family, version }: StructSchema) => `${family}@${version}`;

/** The class that is made for a struct's schemas. */
function made(struct: StructClass): StructClass {
  const schemas = schemaOf(struct);
  return new SchemaLayouts(schemas).get(nameOf(schemas[0] as StructSchema)).struct;
}

/** Values as they are without the program's classes: members alone, and integers of any kind. */
function plain(value: unknown): unknown {
  if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  if ("toJSON" in value && typeof value.toJSON === "function") return plain(value.toJSON());
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}

test("structs by chance lie where their schemas say, with sizes that nothing was told of", () => {
  fc.assert(
    fc.property(cases, ({ struct }) => {
      const of = define(struct);
      const [wanted, found] = [layoutOf(of), layoutOf(made(of))];
      const places = ({ fields }: typeof wanted) =>
        fields.map(({ type, ...place }) => ({ ...place, kind: type.kind }));
      expect(places(found)).toEqual(places(wanted));
      const { size, align, padding, references, flexible } = wanted;
      expect(found).toMatchObject({ size, align, padding, references, flexible });
      expect(schemaOf(found.struct)).toEqual(schemaOf(of));
      expect(fingerprintOf(found.struct)).toBe(fingerprintOf(of));
    }),
    { numRuns: 500 },
  );
});

test("what a class writes, the class of its schema reads, and writes as the same bytes", () => {
  fc.assert(
    fc.property(
      cases.filter(({ struct }) => hasCodec(struct)),
      (example) => {
        const of = define(example.struct);
        const [codec, other] = [codecOf(of), codecOf(made(of))];
        for (const value of valuesOf(example, 3)) {
          const bytes = codec.sizeOf(value);
          const [memory, copy] = [new ArrayBuffer(bytes), new ArrayBuffer(bytes)].map(
            (buffer) => new Memory(buffer),
          ) as [Memory, Memory];
          codec.encode(value, memory, 0);
          const read = other.decode(memory, 0);
          expect(plain(read)).toEqual(plain(codec.decode(memory, 0)));
          other.encode(read, copy, 0);
          expect(copy.u8).toEqual(memory.u8);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test("every kind of field has a view of no class of the program", () => {
  for (const [struct, value] of [
    [EverythingV3, everything()],
    [Header, header()],
    [Packet, create(Packet, { count: 0 })],
  ] as const) {
    const memory = new Memory(new ArrayBuffer(codecOf<object>(struct).sizeOf(value)));
    codecOf<object>(struct).encode(value, memory, 0);
    const view = codecOf(made(struct)).view(memory, 0) as Record<string, unknown>;
    const fields = layoutOf(struct).fields.filter(
      ({ type }) => type.kind !== "reserved" && type.kind !== "struct",
    );
    for (const { name } of fields) {
      expect(plain(view[name]), name).toEqual(plain((value as never)[name]));
    }
  }
});

const schema = (
  name: string,
  fields: readonly (readonly [name: string, type: string, offset: number, bitOffset?: number])[],
  size = 8,
  align = 1,
): StructSchema => ({
  family: name.split("@")[0] as string,
  version: Number(name.split("@")[1] ?? 0),
  size,
  align,
  fields: fields.map(([name, type, offset, bitOffset]) => ({
    name,
    type,
    offset,
    ...(bitOffset === undefined ? {} : { bitOffset }),
  })),
});

const EMPTY = schema("empty", [], 0);
const ONE = schema("one", [["x", "u8", 0]], 1);
const TAIL = schema("tail", [
  ["n", "u8", 0],
  ["x", "u8[n]", 1],
]);
const OVER = schema("over", [
  ["a", "u32", 0],
  ["b", "u16", 2],
]);

const REFUSED: Readonly<Record<string, readonly StructSchema[]>> = {
  "is listed twice": [ONE, ONE],
  'mentions "gone@0", which is not listed': [schema("a", [["x", "gone@0", 0]])],
  'mentions "gone@1", which is not listed': [schema("a", [["x", "&gone@1", 0]])],
  "has a family that is not": [schema("a b", [])],
  "has no version": [{ ...ONE, version: -1 }],
  "has 9007199254740992 bytes": [{ ...ONE, size: 2 ** 53 }],
  "has the align 3": [schema("a", [], 3, 3)],
  "has the align 0": [schema("a", [], 0, 0)],
  "expected a multiple of its align": [schema("a", [], 12, 8)],
  "a@0.x: lies at -1": [schema("a", [["x", "u8", -1]])],
  "a@0.x: lies at 0.5": [schema("a", [["x", "u8", 0.5]])],
  "a@0.x: has 8 bytes at 1": [schema("a", [["x", "u64", 1]])],
  "a@0.x: has 2 bytes at 7": [schema("a", [["x", "u8[1][2]", 7]])],
  "ends outside of its 8 bytes": [schema("a", [["x", `u64${"[9007199254740991]".repeat(40)}`, 0]])],
  'a@0.x: found "u9" at 0 of its type, expected': [schema("a", [["x", "u9", 0]])],
  "is no bitfield, but has": [schema("a", [["x", "u8", 0, 0]])],
  "a@0.x: is a bitfield at 0": [schema("a", [["x", "u8:3", 0]])],
  "a@0.x: is a bitfield at 1": [schema("a", [["x", "reserved u8:3", 1, 4]])],
  "a@0.x: contains tail@0": [schema("a", [["x", "tail@0", 0]]), TAIL],
  "a@0.y: contains tail@0": [schema("a", [["y", "tail@0[0]", 0]]), TAIL],
  "a@0.z: contains tail@0": [schema("a", [["z", "reserved tail@0", 0]]), TAIL],
  "array of tail@0, which ends with": [schema("a", [["x", "&tail@0[1]", 0]]), TAIL],
  "array of empty@0, which has no bytes": [schema("a", [["x", "&empty@0", 0]]), EMPTY],
  "array of over@0, which has fields over": [schema("a", [["x", "&over@0", 0]]), OVER],
  "array of around@0, which has fields over": [
    schema("a", [["x", "&around@0", 0]]),
    schema("around", [["x", "over@0[1]", 0]]),
    OVER,
  ],
  "with fields behind it": [
    schema("a", [
      ["n", "u8", 0],
      ["x", "u8[]", 1],
      ["y", "u8", 1],
    ]),
  ],
  "and the only field": [schema("a", [["x", "u8[]", 0]])],
  "is counted by n": [
    schema("a", [
      ["n", "u8{0=a}", 0],
      ["x", "u8[n]", 1],
    ]),
  ],
  "is counted by later": [
    schema("a", [
      ["n", "u8", 0],
      ["x", "u8[later]", 1],
    ]),
  ],
  "is a union told apart by k": [
    schema("a", [
      ["k", "f32", 0],
      ["x", "k(0=one@0)", 4],
    ]),
    ONE,
  ],
  "is a union told apart by l": [
    schema("a", [
      ["x", "l(0=one@0)", 0],
      ["l", "u8", 1],
    ]),
    ONE,
  ],
  "is a union told apart by b": [
    schema("a", [
      ["b", "bool:1", 0, 0],
      ["x", "b(0=one@0)", 1],
    ]),
    ONE,
  ],
  "a@0.x: is listed twice": [
    schema("a", [
      ["x", "u8", 0],
      ["x", "u8", 1],
    ]),
  ],
  "a@0: contains itself": [schema("a", [["x", "a@0", 0]])],
  "a@0.y: mentions": [
    schema("a", [
      ["x", "b@0", 0],
      ["y", "gone@0", 4],
    ]),
    schema("b", [["x", "u8", 0]]),
  ],
  "at most 64 a byte": [schema("a", [["x", "u8[1000][0]", 0]])],
  "in the 0 bytes of an element": [
    schema("a", [
      ["n", "u8", 0],
      ["x", "u8[0][n]", 1],
    ]),
  ],
  "over more than 63 levels": Array.from({ length: 64 }, (_, n) =>
    schema(n === 0 ? "a" : `s${n}`, [["x", n === 63 ? "u64" : `s${n + 1}@0`, 0]]),
  ),
  "has arrays in arrays over more than 63": [
    schema("a", [["x", `b@0${"[1]".repeat(32)}`, 0]]),
    schema("b", [["x", `u64${"[1]".repeat(32)}`, 0]]),
  ],
  "has more than 16384 fields": Array.from({ length: 20 }, (_, n) =>
    schema(
      n === 0 ? "a" : `s${n}`,
      n === 19
        ? [["x", "u64", 0]]
        : [
            ["x", `s${n + 1}@0`, 0],
            ["y", `s${n + 1}@0`, 2 ** (22 - n) / 2],
          ],
      2 ** (22 - n),
    ),
  ),
};

test.each(Object.entries(REFUSED))("schemas are refused: %s", (problem, schemas) => {
  const read = () => new SchemaLayouts(schemas).get(nameOf(schemas[0] as StructSchema));
  expect(read).toThrow(SchemaError);
  expect(read).toThrow(problem);
});

test("structs that contain each other are refused, whichever is asked for", () => {
  const around = [
    schema("a", [["x", "b@0", 0]]),
    schema("b", [["x", "c@0[1]", 0]]),
    schema("c", [["x", "reserved b@0", 0]]),
  ];
  for (const name of ["a@0", "b@0", "c@0"]) {
    const layouts = new SchemaLayouts(around);
    for (const _ of [1, 2]) expect(() => layouts.get(name)).toThrow("contains itself");
  }
});

test("one schema that is wrong is in the way of those that mention it, and of no other", () => {
  const layouts = new SchemaLayouts([
    schema("good", [["x", "&one@0", 0]]),
    ONE,
    schema("bad", [["x", "u9", 0]]),
    schema("worse", [["x", "&bad@0", 0]]),
  ]);
  expect(() => layouts.get("worse@0")).toThrow(SchemaError);
  expect(layouts.get("good@0").references).toBe(true);
  expect(layouts.get("one@0").struct).toBe(layouts.get("one@0").struct);
});

test("fields lie over each other in reserved space alone", () => {
  const layouts = new SchemaLayouts([
    schema("holder", [["x", "reserved over@0", 0]]),
    schema("around", [["x", "over@0", 0]]),
    OVER,
  ]);
  expect(layouts.get("over@0").overlay).toBe(true);
  const memory = new Memory(new ArrayBuffer(8));
  expect(codecOf(layouts.get("holder@0").struct).decode(memory, 0)).toEqual({});
  for (const name of ["over@0", "around@0"]) {
    expect(() => codecOf(layouts.get(name).struct)).toThrow("overlay");
  }
});

test("bitfields may share a byte, unless they count from different ends of it", () => {
  const pair = (other: string) =>
    new SchemaLayouts([
      schema("a", [
        ["x", "u8:4", 0, 0],
        ["y", other, 0, 4],
      ]),
    ]).get("a@0");
  expect(pair("u8:4").overlay).toBe(false);
  expect(pair("u8:4 be").overlay).toBe(true);
  expect(pair("u8:4").fields.map(({ size }) => size)).toEqual([1, 1]);
});

test("a field is called anything, also what objects have already", () => {
  const names = ["__proto__", "constructor", "toString", "then", "next", "m", "p"];
  const fields = names.map((name, at) => [name, "u8", at] as const);
  const { struct } = new SchemaLayouts([schema("a", fields)]).get("a@0");
  const memory = new Memory(Uint8Array.from({ length: 8 }, (_, at) => at + 1));
  for (const value of [codecOf(struct).decode(memory, 0), codecOf(struct).view(memory, 0)]) {
    expect(names.map((name) => Reflect.get(value, name))).toEqual([1, 2, 3, 4, 5, 6, 7]);
  }
  expect(Object.keys(codecOf(struct).decode(memory, 0))).toEqual(names);
});

test("a layout that a schema says is of the ABI of images, and has the schema's fingerprint", () => {
  const schemas = [{ ...ONE, fingerprint: "00000000000000ff" }];
  const { struct } = new SchemaLayouts(schemas).get("one@0");
  expect(fingerprintOf(struct)).toBe(255n);
  expect(() => layoutOf(struct, ABIS.i386)).toThrow("not for i386");
});

test("a hundred thousand schemas in a row are read without the stack", { timeout: 60_000 }, () => {
  const count = 100_000;
  const schemas = Array.from({ length: count }, (_, n) =>
    schema(`s${n}`, [["x", `&s${(n + 1) % count}@0`, 0]]),
  );
  expect(new SchemaLayouts(schemas).get("s0@0").references).toBe(true);
});
