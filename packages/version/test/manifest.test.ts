import { readFileSync } from "node:fs";
import { LuoStruct, u32 } from "@luo/struct";
import {
  dropped,
  family,
  follows,
  ManifestError,
  manifestOf,
  parseManifest,
  since,
} from "@luo/version";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";

const schema = readFileSync(new URL("../manifest.schema.json", import.meta.url), "utf8");
const validates = new Ajv2020({ strict: true }).compile(JSON.parse(schema));

@LuoStruct(4, { family: "m" })
class M4 {
  @u32 x = 0;
}
@LuoStruct(5, { family: "m" })
@follows(M4)
@dropped("x")
class M5 {
  @since(5) @u32 y = 0;
}

@LuoStruct(4, { family: "n" })
class N4 {
  @u32 x = 0;
}
@LuoStruct(5, { family: "n" })
class N5 extends N4 {
  @u32 y = 0;
}
@LuoStruct(6, { family: "n" })
class N6 extends N5 {
  @u32 z = 0;
}

test("what a program reads and writes, with a fingerprint for each layout", () => {
  const manifest = manifestOf([family(N6, { reads: { from: 5 }, writes: { to: 5 } })]);
  expect(manifest).toEqual({
    format: 1,
    families: {
      n: {
        reads: [5, 6],
        writes: [5],
        layouts: {
          5: expect.stringMatching(/^[0-9a-f]{16}$/),
          6: expect.stringMatching(/^[0-9a-f]{16}$/),
        },
      },
    },
  });
  expect(validates(manifest)).toBe(true);
});

test("it survives JSON, as text and parsed, in whatever order", () => {
  const manifest = manifestOf([family(N4), family(M5)]);
  const text = JSON.stringify(manifest);
  expect(parseManifest(text)).toEqual(manifest);
  expect(parseManifest(JSON.parse(text))).toEqual(manifest);
  const shuffled = text.replace('"reads":[4,5,6]', '"reads":[6,4,5]');
  expect(shuffled).not.toBe(text);
  expect(parseManifest(shuffled)).toEqual(manifest);
});

const layouts = { 0: "0123456789abcdef" };
const fine = { reads: [0], writes: [0], layouts };
const of = (entry: unknown) => ({ format: 1, families: { m: entry } });

test("what a later release may add is ignored", () => {
  const later = { ...of({ ...fine, since: "2030" }), built: "today" };
  expect(validates(later)).toBe(true);
  expect(parseManifest(later)).toEqual(of(fine));
});

test("a family may be called like a property of every object", () => {
  const text = '{"format":1,"families":{"__proto__":{"reads":[],"writes":[],"layouts":{}}}}';
  expect(Object.keys(parseManifest(text).families)).toEqual(["__proto__"]);
});

test("what an object inherits is not what it says", () => {
  const inherited = Object.assign(Object.create(of(fine)), { format: 1 });
  expect(() => parseManifest(inherited)).toThrow("families: found undefined, expected an object");
});

test("a manifest of a million versions is checked in linear time, and told of its first mistake", () => {
  const reads = Array.from({ length: 1_000_000 }, (_, version) => version);
  const twice = of({ ...fine, reads: [...reads, 7] });
  const wrong = of({ ...fine, reads: reads.map(() => null) });
  expect(() => parseManifest(twice)).toThrow("reads[1000000]: found 7, expected each version once");
  expect(() => parseManifest(wrong)).toThrow("reads[0]: found null, expected a version");
}, 5_000);

describe("what is no manifest is refused by its path, and by the schema", () => {
  test.each<[path: string, found: unknown, problem: string]>([
    ["", null, "found null, expected an object"],
    ["", [], "found Array(0), expected an object"],
    ["format", { families: {} }, "found undefined, expected 1"],
    ["format", { format: 2, families: {} }, "found 2, expected 1"],
    ["families", { format: 1 }, "found undefined, expected an object"],
    ["families", { format: 1, families: [] }, "found Array(0), expected an object"],
    ["families.m", of(3), "found 3, expected an object"],
    ["families.m.reads", of({ ...fine, reads: 0 }), "found 0, expected an array of versions"],
    ["families.m.reads[0]", of({ ...fine, reads: ["0"] }), 'found "0", expected a version'],
    ["families.m.reads[1]", of({ ...fine, reads: [0, -1] }), "found -1, expected a version"],
    ["families.m.reads[1]", of({ ...fine, reads: [0, 0] }), "found 0, expected each version once"],
    ["families.m.writes[0]", of({ ...fine, writes: [0.5] }), "found 0.5, expected a version"],
    ["families.m.writes[0]", of({ ...fine, writes: [2 ** 32] }), "found 4294967296, expected"],
    ["families.m.writes", of({ reads: [0], layouts }), "found undefined, expected an array"],
    ["families.m.layouts", of({ ...fine, layouts: null }), "found null, expected an object"],
    ["families.m.layouts.0", of({ ...fine, layouts: { 0: 7 } }), "found 7, expected a layout"],
    [
      "families.m.layouts.0",
      of({ ...fine, layouts: { 0: "0123456789ABCDEF" } }),
      "expected a layout fingerprint, 16 hexadecimal digits",
    ],
  ])("%s of %j", (path, found, problem) => {
    expect(validates(found)).toBe(false);
    const refused = expect.objectContaining({ code: "LUO_MANIFEST", path });
    expect(() => parseManifest(found)).toThrow(refused);
    expect(() => parseManifest(found)).toThrow(problem);
  });

  test("text that is not JSON", () => {
    expect(() => parseManifest("{")).toThrow(ManifestError);
    expect(() => parseManifest("{")).toThrow("manifest: found text that is not JSON");
  });

  test("a version without a layout, which a schema cannot tell", () => {
    expect(() => parseManifest(of({ ...fine, reads: [0, 1] }))).toThrow(
      "manifest, families.m.layouts: found undefined, expected the fingerprint of version 1",
    );
  });
});
