import { ABIS, codecOf, descriptorOf, layoutOf, Memory } from "@luo/struct";
import { describe, expect, test } from "vitest";
import { BtfStructs, importBtf, readBtf, sizeOfType } from "../src/index.js";
import { BtfBuilder, KIND } from "./builder.js";

/** Records that the compiler of the fixture does not write, and others have written. */

const made = <T>(make: (builder: BtfBuilder) => T) => {
  const builder = new BtfBuilder();
  const result = make(builder);
  return { btf: readBtf(builder.bytes()), result };
};

const layout = (structs: BtfStructs, target: string) => {
  const { size, fields } = layoutOf(structs.get(target).struct, structs.abi);
  return {
    size,
    offsets: fields.map(({ offset, bitOffset }) => bitOffset ?? offset * 8),
  };
};

const attributes = (structs: BtfStructs, target: string) =>
  structs.get(target).attributes.map(({ kind, field }) => (field ? `${kind} ${field}` : kind));

test("enums of 8 bytes and of negative values keep their values", () => {
  const { btf } = made((builder) => {
    const wide = [builder.name("WIDE"), 0xffff_fffe, 0xffff_ffff];
    builder.type(KIND.enum64, "signed64", 8, { flag: true, count: 1 }, wide);
    builder.type(KIND.enum64, "unsigned64", 8, { count: 1 }, wide);
    const minus = [builder.name("MINUS"), 0xffff_fffe];
    builder.type(KIND.enum, "signed32", 4, { flag: true, count: 1 }, minus);
    // An enum of one byte has values of four, with the sign extended or not. BTF of old has no sign.
    const byte = [builder.name("MINUS"), 0xfe];
    builder.type(KIND.enum, "signed8", 1, { flag: true, count: 1 }, byte);
    builder.type(KIND.enum, "unmarked8", 1, { count: 1 }, minus);
    builder.type(KIND.enum, "declared", 4);
    builder.struct("all", 32, [
      ["a", 1, 0],
      ["b", 2, 64],
      ["c", 3, 128],
      ["d", 4, 160],
      ["e", 5, 168],
      ["f", 6, 192],
    ]);
  });
  const values = btf.types.slice(1, 4).map((type) => "values" in type && type.values);
  expect(values).toEqual([
    [{ name: "WIDE", value: -2n }],
    [{ name: "WIDE", value: 0xffff_ffff_ffff_fffen }],
    [{ name: "MINUS", value: -2n }],
  ]);
  const fields = descriptorOf(new BtfStructs(btf).get("all").struct).fields;
  expect(
    fields.map(({ type }) => (type.kind === "enum" ? [...type.members.keys()] : type)),
  ).toEqual([
    expect.objectContaining({ name: "i64" }),
    expect.objectContaining({ name: "u64" }),
    [-2],
    [-2],
    [-2],
    expect.objectContaining({ name: "u32" }),
  ]);
  const source = importBtf(btf, "all");
  expect(source).toContain("export enum signed32 {\n  MINUS = -2,\n}");
  expect(source).toContain("@enumeration(i32, signed32) c = signed32.MINUS;");
});

test("an enum without a sign is signed where only that explains its members", () => {
  const { btf } = made((builder) => {
    const members = (...values: number[]) =>
      values.flatMap((value, index) => [builder.name(`M${index}`), value >>> 0]);
    builder.type(KIND.enum, "mixed", 4, { count: 2 }, members(-3, 2));
    builder.type(KIND.enum, "large", 4, { count: 2 }, members(-3, 12));
    builder.type(KIND.enum, "plain", 1, { count: 2 }, members(200, 2));
    const words = (["a", "b", "c"] as const).flatMap((name, index) => [
      builder.name(name),
      index + 1,
      (4 << 24) | (index * 4),
    ]);
    builder.type(KIND.struct, "few", 4, { flag: true, count: 3 }, words);
    builder.struct("whole", 8, [
      ["a", 1, 0],
      ["c", 3, 32],
    ]);
  });
  const structs = new BtfStructs(btf);
  const memory = new Memory(Uint8Array.of(0xdd, 0x0d, 0, 0));
  const few = codecOf(structs.get("few").struct).decode(memory, 0);
  expect(few).toMatchObject({ a: -3, b: 13, c: 13 });
  const { fields } = descriptorOf(structs.get("whole").struct);
  expect(fields.map(({ type }) => type.kind === "enum" && [...type.members.keys()])).toEqual([
    [0xffff_fffd, 2],
    [200, 2],
  ]);
});

test("bitfields of old, whose integer says the bits, lie where they lie", () => {
  const { btf } = made((builder) => {
    const three = builder.int("unsigned int", 4, { bits: 3 });
    const five = builder.int("unsigned int", 4, { bits: 5, bitOffset: 3 });
    builder.struct("old", 4, [
      ["a", three, 0],
      ["b", five, 0],
      ["c", three, 8],
    ]);
  });
  const structs = new BtfStructs(btf);
  expect(layout(structs, "old")).toEqual({ size: 4, offsets: [0, 3, 8] });
  expect(attributes(structs, "old")).toEqual([]);
});

test("offsets have all 32 bits, but for structs with bitfields", () => {
  const far = 2 ** 24;
  const { btf } = made((builder) => {
    const byte = builder.int("unsigned char", 1);
    const many = builder.array(byte, far / 8);
    builder.struct("long", far / 8 + 1, [
      ["a", many, 0],
      ["b", byte, far],
    ]);
  });
  expect(layout(new BtfStructs(btf), "long").offsets).toEqual([0, far]);
});

test("where long has 4 bytes, so have pointers, and the rules are those of i386", () => {
  const { btf } = made((builder) => {
    builder.int("long int", 4, { signed: true });
    const wide = builder.int("long long int", 8, { signed: true });
    const pointer = builder.type(KIND.ptr, "", 0);
    builder.struct("s", 12, [
      ["p", pointer, 0],
      ["x", wide, 32],
    ]);
  });
  const structs = new BtfStructs(btf);
  expect(structs.abi).toBe(ABIS.i386);
  expect(sizeOfType(btf, 3)).toBe(4);
  expect(attributes(structs, "s")).toEqual([]);
  expect(attributes(new BtfStructs(btf, { abi: ABIS["x86-64"] }), "s")).toEqual(["packed"]);
});

test("numbers that luo does not have are bytes with their alignment", () => {
  const { btf } = made((builder) => {
    const byte = builder.int("unsigned char", 1);
    const double = builder.type(KIND.float, "long double", 16);
    const x87 = builder.type(KIND.float, "long double", 12);
    builder.struct("s", 80, [
      ["a", byte, 0],
      ["b", builder.array(double, 2), 128],
      ["c", builder.int("__int128", 16), 384],
      ["d", x87, 512],
    ]);
  });
  const structs = new BtfStructs(btf);
  expect(attributes(structs, "s")).toEqual([]);
  expect(layoutOf(structs.get("s").struct).align).toBe(16);
  expect(importBtf(btf, "s")).toContain("@LuoStruct(0, { align: 16 })\nexport class __int128 {");
});

const BYTES = { u8: 1, u16: 2, u32: 4, u64: 8 } as const;
type Places = Readonly<Record<string, readonly [keyof typeof BYTES, number]>>;

/** The annotations that are inferred for a struct of that size, with members at those bits. */
function inferred(kind: number, size: number, places: Places): string[] {
  const { btf } = made((builder) => {
    const members = Object.entries(places).map(
      ([name, [type, bit]]) => [name, builder.int(type, BYTES[type]), bit] as const,
    );
    builder.struct("s", size, members, kind);
  });
  const structs = new BtfStructs(btf);
  expect(layoutOf(structs.get("s").struct).size).toBe(size);
  return attributes(structs, "s");
}

describe("annotations are inferred that explain the offsets", () => {
  test.each<[number, Places, string[]]>([
    [16, { a: ["u8", 0], b: ["u64", 64] }, []],
    [9, { a: ["u8", 0], b: ["u64", 8] }, ["packed"]],
    [16, { a: ["u8", 0], b: ["u16", 8], c: ["u32", 32], d: ["u64", 64] }, ["packed b"]],
    [16, { a: ["u8", 0] }, ["aligned"]],
    [16, { a: ["u8", 0], b: ["u8", 64] }, ["aligned b"]],
    [10, { a: ["u8", 0], b: ["u64", 16] }, ["packed", "aligned b"]],
    [
      24,
      { a: ["u8", 0], b: ["u32", 16], c: ["u64", 64], d: ["u8", 128] },
      ["packed b", "aligned b"],
    ],
    [6, { a: ["u8", 0], b: ["u8", 40] }, ["reserved b$gap0"]],
    [16, { a: ["u8", 0], b: ["u16", 40], c: ["u64", 64] }, ["reserved b$gap0", "packed b"]],
    [12, { a: ["u64", 0] }, ["packed", "reserved $end$gap0"]],
    [4, {}, ["reserved $end$gap0"]],
    [0, {}, []],
  ])("%i bytes, %j: %j", (size, places, wanted) => {
    expect(inferred(KIND.struct, size, places)).toEqual(wanted);
  });

  test.each<[number, Places, string[]]>([
    [8, { a: ["u8", 0], b: ["u64", 0] }, []],
    [3, { a: ["u8", 0], b: ["u16", 0] }, ["packed", "reserved $end$gap0"]],
    [16, { a: ["u8", 0] }, ["aligned"]],
    [5000, { a: ["u8", 0], b: ["u16", 0] }, ["reserved $end$gap0"]],
  ])("a union of %i bytes, %j: %j", (size, places, wanted) => {
    expect(inferred(KIND.union, size, places)).toEqual(wanted);
  });
});

test("an open array of nothing has no elements to read", () => {
  const { btf } = made((builder) => {
    const nothing = builder.struct("nothing", 0, []);
    builder.struct("s", 4, [
      ["a", builder.int("int", 4), 0],
      ["none", builder.array(nothing, 0), 32],
    ]);
  });
  const { struct } = new BtfStructs(btf).get("s");
  expect(codecOf(struct).decode(new Memory(new Uint8Array(8)), 0)).toEqual({ a: 0, none: [] });
});

test("a name of several structs is refused with their ids; a tag goes before a typedef", () => {
  const { btf, result } = made((builder) => {
    const int = builder.int("int", 4, { signed: true });
    const first = builder.struct("twice", 4, [["a", int, 0]]);
    const second = builder.struct("twice", 8, [["a", int, 32]]);
    const tagged = builder.struct("tag", 4, [["a", int, 0]]);
    builder.type(KIND.typedef, "tag", first);
    builder.type(KIND.typedef, "alias", first);
    builder.type(KIND.typedef, "alias", first);
    return { first, second, tagged };
  });
  const structs = new BtfStructs(btf);
  const { first, second, tagged } = result;
  expect(() => structs.get("twice")).toThrow(`give its id: one of ${first}, ${second}`);
  expect(structs.get(second).type.size).toBe(8);
  expect(structs.get("tag").typeId).toBe(tagged);
  expect(structs.get("alias").typeId).toBe(first);
});
