import { descriptorOf, layoutOf } from "@luo/struct";
import { describe, expect, test } from "vitest";
import { BtfStructs, readBtf } from "../src/index.js";
import { compilerLayouts, fixtureBytes, ORDERS } from "./files.js";
import { Judge } from "./judge.js";

describe.each(ORDERS)("BTF that clang wrote, $endian-endian", ({ endian, file }) => {
  const btf = readBtf(fixtureBytes(file));
  const structs = new BtfStructs(btf);

  test("every kind is read, and the byte order is the file's", () => {
    expect(btf.endian).toBe(endian);
    expect(btf.pointerSize).toBe(8);
    expect(new Set(btf.types.map(({ kind }) => kind))).toEqual(
      new Set([
        ...["void", "int", "ptr", "array", "struct", "union", "enum", "fwd", "typedef", "volatile"],
        ...["const", "restrict", "func", "func_proto", "var", "datasec", "float", "decl_tag"],
      ]),
    );
    const find = (name: string) => btf.types.find((type) => type.name === name);
    const [green, blue] = ["GREEN", "BLUE"].map((name) => ({ name, value: 5n }));
    const values = [{ name: "RED", value: 0n }, green, blue];
    expect(find("color")).toMatchObject({ kind: "enum", size: 4, signed: false, values });
    expect(find("_Bool")).toMatchObject({ encoding: { bool: true, signed: false } });
    expect(find("unseen")).toMatchObject({ kind: "fwd", of: "struct" });
    expect(find("tagged")).toMatchObject({ kind: "decl_tag", component: -1 });
    expect(find("seen")).toMatchObject({ kind: "func", linkage: 1 });
    expect(find("hidden")).toBeUndefined();
  });

  test.each([...compilerLayouts()])("%s lies as the C compiler has it", (name, wanted) => {
    const { typeId, struct } = structs.get(name);
    const { size, fields } = layoutOf(struct, structs.abi);
    const offsets = fields.flatMap(({ type, offset, bitOffset }) =>
      type.kind === "reserved" ? [] : [bitOffset ?? offset * 8],
    );
    // BTF does not mention bitfields without a name.
    const named = name === "flags_gap" ? [0, 7, 32] : wanted.offsets;
    expect({ size, offsets }).toEqual({ size: wanted.size, offsets: named });
    // The class itself has the byte order, whatever it is laid out for.
    expect(new Set(layoutOf(struct).fields.map((field) => field.endian))).toEqual(
      new Set([endian]),
    );
    const judge = new Judge(btf, structs.abi);
    judge.judge(typeId, struct);
    expect(judge.differences).toEqual([]);
  });

  test.each([
    ["numbers", []],
    ["flags", []],
    ["packed_all", ["packed"]],
    ["packed_one", ["packed b"]],
    ["packed_to_four", ["packed"]],
    ["cacheline", ["aligned b"]],
    // That of all of cacheline shows only where one lies in another struct.
    ["holds_cacheline", ["aligned b"]],
    ["holds_packed", ["aligned b"]],
    ["holds_nothing", []],
    ["anonymous", []],
    ["any", []],
    ["flags_gap", ["reserved b$gap0", "aligned c"]],
  ])("%s needs the annotations %j and no other", (name, wanted) => {
    const { attributes } = structs.get(name);
    const found = attributes.map(({ kind, field }) => (field ? `${kind} ${field}` : kind));
    expect(found.sort()).toEqual([...wanted].sort());
  });

  test("types become what a program can work with", () => {
    const kinds = (name: string) =>
      Object.fromEntries(
        descriptorOf(structs.get(name).struct).fields.map(({ name, type }) => [
          name,
          type.kind === "scalar" ? type.name : type.kind,
        ]),
      );
    expect(kinds("numbers")).toEqual({
      ...{ a: "u8", b: "u16", c: "u32", d: "u64", e: "i8", f: "i32", g: "i64", h: "bool" },
      ...{ i: "f32", j: "f64", k: "enum", l: "enum", m: "enum", n: "struct" },
    });
    expect(kinds("pointers")).toMatchObject({
      ...{ list: "struct", call: "address", name: "address", unseen: "address", lock: "struct" },
      ...{ comm: "bytes", grid: "array", levels: "array", buckets: "array", set: "array" },
    });
    expect(kinds("open")).toEqual({ count: "u16", items: "flexible" });
    expect(kinds("holds_open")).toEqual({ a: "u32", b: "struct" });
    expect(kinds("anonymous")).toEqual({ kind: "u32", $1: "struct", $2: "struct" });
    expect(layoutOf(structs.get("any").struct).overlay).toBe(true);
  });

  test("a struct is found by the name of a typedef and by id, and its absence is said", () => {
    const { typeId } = structs.get("spinlock_t");
    expect(structs.get(typeId).struct).toBe(structs.get("spinlock_t").struct);
    expect(() => structs.get("int")).toThrow('found no struct or union "int"');
    expect(() => structs.get(999_999)).toThrow("found no struct or union 999999");
    expect(() => structs.get(-1)).toThrow(expect.objectContaining({ code: "LUO_BTF_NAME" }));
  });
});
