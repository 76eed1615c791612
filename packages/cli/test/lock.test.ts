import { readFileSync } from "node:fs";
import {
  EMPTY_LOCK,
  formatLock,
  formatManifest,
  type Lock,
  LockError,
  parseLock,
  publish,
} from "@luo/cli";
import { char, LuoStruct, ref, type Sequence, type StructClass, u16, u32, u64 } from "@luo/struct";
import { type Family, family, follows, manifestOf, parseManifest, since } from "@luo/version";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";

const schema = readFileSync(new URL("../lock.schema.json", import.meta.url), "utf8");
const validates = new Ajv2020({ strict: true }).compile(JSON.parse(schema));

@LuoStruct(0, { family: "slot" })
class SlotV0 {
  @char(8) key = "";
}
@LuoStruct(0, { family: "table" })
class TableV0 {
  @u64 used = 0n;
  @ref(() => SlotV0) slots: Sequence<SlotV0> = [];
}
@LuoStruct(1, { family: "table" })
@follows(TableV0)
class TableV1 {
  @u64 used = 0n;
  @since(1, 9) @u32 limit = 9;
  @ref(() => SlotV0) slots: Sequence<SlotV0> = [];
}
const Table = family(TableV1);

const names = ({ structs }: Lock) => structs.map((of) => `${of.family}@${of.version}`);
const declare = (...families: Family[]) => ({ families });

describe("what is published", () => {
  test("is every version, and all that they contain and refer to, whoever exports it", () => {
    expect(names(publish(EMPTY_LOCK, declare(Table)))).toEqual(["slot@0", "table@0", "table@1"]);
    const retired = family(TableV1, { reads: { from: 1 } });
    expect(names(publish(EMPTY_LOCK, declare(retired)))).toEqual(["slot@0", "table@0", "table@1"]);
    expect(names(publish(EMPTY_LOCK, { families: [], structs: [SlotV0] }))).toEqual(["slot@0"]);
  });

  test("stays as it is when versions are added, also the name of a class", () => {
    const first = publish(EMPTY_LOCK, { families: [], structs: [SlotV0] });
    const renamed = { ...first, structs: first.structs.map((of) => ({ ...of, class: "Slot" })) };
    const next = publish(renamed, declare(Table));
    expect(next.structs[0]).toEqual(renamed.structs[0]);
    expect(names(next)).toEqual(["slot@0", "table@0", "table@1"]);
    expect(publish(next, declare(Table))).toEqual(next);
    expect(publish(next, { families: [] })).toEqual(next);
  });

  test("is not published with another layout", () => {
    const lock = publish(EMPTY_LOCK, declare(Table));
    @LuoStruct(0, { family: "slot" })
    class Edited {
      @char(16) key = "";
    }
    const again = () => publish(lock, { families: [], structs: [Edited] });
    expect(again).toThrow(LockError);
    expect(again).toThrow("Edited (slot@0) has another layout than was published; undo the edit");
  });

  test("is, under the name of a release, its manifest; once", () => {
    const old = declare(family(TableV0, { reads: { to: 0 } }));
    const lock = publish(publish(EMPTY_LOCK, old, "1.0"), declare(Table), "1.1");
    expect(lock.releases).toEqual({
      "1.0": manifestOf(old.families),
      "1.1": manifestOf([Table]),
    });
    expect(publish(lock, old, "1.0")).toEqual(lock);
    const other = () => publish(lock, declare(Table), "1.0");
    expect(other).toThrow('releases["1.0"]: was published with another manifest');
    const Slot = family(SlotV0);
    const both = publish(EMPTY_LOCK, declare(Table, Slot), "1.0");
    expect(publish(both, declare(Slot, Table), "1.0").releases).toEqual(both.releases);
  });
});

const LOCK = publish(EMPTY_LOCK, declare(Table), "1.0");

describe("as text", () => {
  test("it is read back as it was, and is what the schema says", () => {
    for (const lock of [LOCK, EMPTY_LOCK, publish(EMPTY_LOCK, declare(), "empty")]) {
      expect(parseLock(formatLock(lock))).toEqual(lock);
      expect(parseLock(JSON.parse(formatLock(lock)))).toEqual(lock);
      expect(validates(JSON.parse(formatLock(lock)))).toBe(true);
    }
  });

  test("a field is a line, and so is a family of a release", () => {
    expect(formatLock(LOCK).split("\n")).toEqual(
      expect.arrayContaining([
        `    { "class": "TableV1", "family": "table", "version": 1, "size": 24, "align": 8, "fields": [`,
        `      { "name": "limit", "type": "u32", "offset": 8 },`,
        expect.stringMatching(
          /^ {8}"table": \{ "reads": \[0, 1\], "writes": \[0, 1\], "layouts": \{/,
        ),
      ]),
    );
  });

  test("a manifest alone is the same, and is read back", () => {
    const manifest = manifestOf([Table]);
    expect(parseManifest(formatManifest(manifest))).toEqual(manifest);
    expect(formatManifest(manifest)).toMatch(/^ {4}"table": \{ "reads": \[0, 1\], .*\}$/m);
    expect(formatManifest(manifestOf([]))).toBe('{\n  "format": 1,\n  "families": {}\n}\n');
  });

  test("what a later release may add is ignored", () => {
    const [first, ...others] = LOCK.structs;
    const later = { ...LOCK, structs: [{ ...first, note: 1 }, ...others], since: "2030" };
    expect(validates(later)).toBe(true);
    expect(parseLock(later)).toEqual(LOCK);
  });
});

test("a release may be called like a property of every object", () => {
  const empty = '{ "format": 1, "families": {} }';
  const text = `{ "format": 1, "structs": [], "releases": { "__proto__": ${empty}, "constructor": ${empty} } }`;
  expect(Object.keys(parseLock(text).releases)).toEqual(["__proto__", "constructor"]);
});

describe("what is no lock is refused by its path, and by the schema", () => {
  const fine = { class: "A", family: "a", version: 0, size: 4, align: 4, fields: [] };
  const field = { name: "x", type: "u32", offset: 0 };
  const of = (entry: unknown) => ({ format: 1, structs: [entry], releases: {} });
  const released = (entry: unknown) => ({ format: 1, structs: [], releases: { "1.0": entry } });

  test.each<[path: string, found: unknown, problem: string]>([
    ["", null, "found null, expected an object"],
    ["format", { structs: [], releases: {} }, "found undefined, expected 1"],
    ["format", { format: 2, structs: [], releases: {} }, "found 2, expected 1"],
    ["structs", { format: 1, releases: {} }, "found undefined, expected an array"],
    ["structs[0]", of(7), "found 7, expected an object"],
    ["structs[0].class", of({ ...fine, class: "" }), 'found "", expected text'],
    ["structs[0].family", of({ ...fine, family: 7 }), "found 7, expected text"],
    ["structs[0].version", of({ ...fine, version: -1 }), "found -1, expected an integer from 0"],
    ["structs[0].size", of({ ...fine, size: 0.5 }), "found 0.5, expected an integer from 0"],
    ["structs[0].align", of({ ...fine, align: "4" }), 'found "4", expected an integer from 0'],
    ["structs[0].fields", of({ ...fine, fields: {} }), "found Object, expected an array"],
    ["structs[0].fields[0]", of({ ...fine, fields: [null] }), "found null, expected an object"],
    ...["name", "type", "offset"].map((name): [string, unknown, string] => [
      `structs[0].fields[0].${name}`,
      of({ ...fine, fields: [{ ...field, [name]: undefined }] }),
      "found undefined, expected",
    ]),
    [
      "structs[0].fields[0].bitOffset",
      of({ ...fine, fields: [{ ...field, bitOffset: null }] }),
      "found null, expected an integer from 0",
    ],
    ["releases", { format: 1, structs: [] }, "found undefined, expected an object"],
    ['releases["1.0"]', released(3), "found 3, expected an object"],
    ['releases["1.0"].format', released({ families: {} }), "found undefined, expected 1"],
    [
      'releases["1.0"].families.a.reads',
      released({ format: 1, families: { a: { writes: [], layouts: {} } } }),
      "found undefined, expected an array of versions",
    ],
  ])("%s of %j", (path, found, problem) => {
    expect(validates(JSON.parse(JSON.stringify(found)))).toBe(false);
    const refused = expect.objectContaining({ code: "LUO_LOCK", path });
    expect(() => parseLock(found)).toThrow(refused);
    expect(() => parseLock(found)).toThrow(problem);
  });

  test("text that is not JSON", () => {
    expect(() => parseLock("<<<<<<< ours")).toThrow("lock: found text that is not JSON");
  });

  test("a version that is there twice, as after a bad merge", () => {
    const twice = { ...of(fine), structs: [fine, { ...fine, size: 8 }] };
    expect(() => parseLock(twice)).toThrow('structs[1]: found "a@0", expected each version once');
  });
});

test("a lock tells apart what other layouts share: order, bits and byte order", () => {
  const layout = (struct: StructClass) =>
    publish(EMPTY_LOCK, { families: [], structs: [struct] }).structs[0]?.fields;
  @LuoStruct(0)
  class Little {
    @u16 a = 0;
    @u16 b = 0;
  }
  @LuoStruct(0, { family: "Little", endian: "big" })
  class Big {
    @u16 a = 0;
    @u16 b = 0;
  }
  expect(layout(Little)).not.toEqual(layout(Big));
});
