/** Layouts that no program has, as text: for what reads them without the classes. */

const schema = (
  name: string,
  fields: readonly (readonly [string, string, number])[],
  size = 16,
) => {
  const [family = "", version = "0"] = name.split("@");
  return {
    family,
    version: Number(version),
    size,
    align: 8,
    fields: fields.map(([name, type, offset]) => ({ name, type, offset })),
    fingerprint: "0".repeat(16),
  };
};

/** Structs that each hold two of the next. */
const doubling = Array.from({ length: 60 }, (_, n) =>
  schema(`s${n}@0`, [
    ["a", `s${n + 1}@0`, 0],
    ["b", `s${n + 1}@0`, 0],
  ]),
);

const chain = Array.from({ length: 3000 }, (_, n) => schema(`s${n}@0`, [["a", `s${n + 1}@0`, 0]]));

export const SCHEMAS: readonly string[] = [
  [],
  {},
  [null],
  [schema("leaf@0", [["a", "leaf@0", 0]])],
  [schema("leaf@0", [["a", "record@1", 0]]), schema("record@1", [["a", "leaf@0", 0]])],
  [schema("record@1", [["a", "&record@1", 0]]), schema("leaf@0", [["a", "&leaf@0", 8]])],
  [schema("record@1", [["a", "x@0[99999999][99999999]", 0]]), schema("x@0", [["a", "&x@0", 0]], 8)],
  [
    schema("record@1", [["a", "x@0[4294967295]", 0]], 2 ** 50),
    schema("x@0", [["a", "&x@0", 0]], 8),
  ],
  [schema("record@1", [["a", "x@0[1000000000]", 0]]), schema("x@0", [], 0)],
  [schema("record@1", [["a", "x@0[]", 0]]), schema("x@0", [["a", "&x@0", 0]], 0)],
  [
    schema("record@1", [
      ["k", "u8", 0],
      ["a", "k(0=x@0,1=x@0)", 8],
    ]),
    schema("x@0", [["a", "&x@0", 0]]),
  ],
  [schema("record@1", [["a", "gone(0=x@0)", 8]]), schema("x@0", [["a", "&x@0", 0]])],
  [schema("record@1", [["a", "&gone@0", 0]])],
  [schema("record@1", [["a", "&record@1", 2 ** 40]])],
  [schema("__proto__@0", [["__proto__", "constructor@0", 0]]), schema("constructor@0", [])],
  [schema("record@1", []), schema("record@1", [])],
  [...doubling, schema("s60@0", [["a", "&s60@0", 0]])],
  [...chain, schema("s3000@0", [["a", "&s0@0", 0]])],
].map((schemas) => JSON.stringify(schemas));
