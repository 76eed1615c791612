import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Project } from "./project.js";

const SLOT = `@LuoStruct(0, { family: "slot" })
class SlotV0 {
  @u32 at = 0;
}
`;

const TABLE_V0 = `@LuoStruct(0, { family: "table" })
export class TableV0 {
  @u32 used = 0;
  @ref(() => SlotV0) slots: Sequence<SlotV0> = [];
}
`;

const TABLE_V1 = `@LuoStruct(1, { family: "table" })
export class TableV1 extends TableV0 {
  @u32 limit = 0;
}
`;

/** A source of classes, and of families if any are given. */
const source = (...parts: string[]) =>
  [`import { family, LuoStruct, ref, type Sequence, u8, u32 } from "luo";\n`, ...parts].join("\n");

function project(name: string, text: string): Project {
  const made = new Project(name);
  made.write("package.json", { type: "module", luo: { modules: ["dist/structs.js"] } });
  made.build(text, "dist/structs.js");
  return made;
}

const read = (made: Project, file: string) => readFileSync(made.path(file), "utf8");
const families = (made: Project, ...modules: string[]) => {
  const { out, err } = made.luo("manifest", ...modules);
  return err === "" ? JSON.parse(out).families : err;
};

describe("what modules export is found", () => {
  test("classes without a family are one, with all versions; not those inside of others", () => {
    const made = project(
      "found-classes",
      source(SLOT.replace("class", "export class"), TABLE_V0, TABLE_V1),
    );
    expect(families(made)).toEqual({
      table: { reads: [0, 1], writes: [0, 1], layouts: expect.anything() },
    });
  });

  test("families as they are declared: what they retire is not read", () => {
    const retiring = "export const Table = family(TableV1, { reads: { from: 1 } });\n";
    const made = project("found-families", source(SLOT, TABLE_V0, TABLE_V1, retiring));
    expect(families(made)).toMatchObject({ table: { reads: [1], writes: [1] } });
    expect(made.luo("publish").out).toContain("slot@0, table@0, table@1");
  });

  test("in CommonJS as in ESM, also when both are loaded", () => {
    const made = new Project("found-commonjs");
    const both = source(SLOT, TABLE_V0, "export const Table = family(TableV0);\n");
    made.build(both, "dist/structs.cjs", "commonjs");
    made.build(both, "dist/structs.mjs");
    const table = { table: { reads: [0], writes: [0], layouts: expect.anything() } };
    expect(families(made, "dist/structs.cjs")).toEqual(table);
    expect(families(made, "dist/structs.cjs", "dist/structs.mjs")).toEqual(table);
  });

  test("handlers by the families of their records, wherever they are: in a package, in a list", () => {
    const handler = `
@LuoStruct(0, { family: "inotify" })
class InotifyRecord {
  @u32 flags = 0;
}
const inotify = {
  family: family(InotifyRecord),
  canPreserve: () => false,
  preserve: () => 0,
  retrieve: () => ({}),
};
export const handlers = [inotify];
`;
    const made = project("found-handlers", source(SLOT, TABLE_V0, handler));
    made.write("package.json", { type: "module", luo: { modules: ["luo", "dist/structs.js"] } });
    expect(Object.keys(families(made)).sort()).toEqual(["inotify", "listener", "memfd", "table"]);
    expect(made.luo("publish", "--release", "1.0").code).toBe(0);
    expect(read(made, "luo.lock.json")).toMatch(/"1\.0".*"memfd": \{ "reads": \[0/s);
    const { passages } = JSON.parse(made.luo("matrix", "--json").out);
    expect(Object.keys(passages[0].versions).sort()).toEqual([
      "inotify",
      "listener",
      "memfd",
      "table",
    ]);
    made.build(source(SLOT, TABLE_V0), "dist/structs.js");
    expect(made.luo("check").out).toContain("InotifyRecord (inotify@0): a version is gone");
  });

  test("in a folder below that of package.json", () => {
    const made = project("found-below", source(SLOT, TABLE_V0));
    made.write("deep/er/file", "");
    const { out } = made.run(
      "sh",
      "-c",
      `cd deep/er && exec ${process.execPath} ../../../../../bin/luo.js publish`,
    );
    expect(out).toBe("../../luo.lock.json: slot@0, table@0\n");
  });
});

describe("publish", () => {
  test("adds what is new and leaves the rest, byte for byte", () => {
    const made = project("publish-adds", source(SLOT, TABLE_V0));
    expect(made.luo("publish", "--release", "1.0").out).toBe(
      "luo.lock.json: slot@0, table@0, release 1.0\n",
    );
    const before = read(made, "luo.lock.json");
    expect(made.luo("publish").out).toBe("luo.lock.json: nothing new\n");
    expect(read(made, "luo.lock.json")).toBe(before);
    made.build(source(SLOT, TABLE_V0, TABLE_V1), "dist/structs.js");
    expect(JSON.parse(made.luo("publish", "--release", "1.1", "--json").out)).toEqual({
      published: ["table@1"],
      release: "1.1",
    });
    const added = read(made, "luo.lock.json").split("\n");
    for (const line of before.split("\n")) {
      expect(added.map((text) => text.replace(/,$/, ""))).toContain(line.replace(/,$/, ""));
    }
  });

  test("publishes nothing as long as there are problems", () => {
    const made = project("publish-refuses", source(SLOT, TABLE_V0));
    made.luo("publish", "--release", "1.0");
    const before = read(made, "luo.lock.json");
    const edited = TABLE_V0.replace("@u32 used", "@u8 used");
    made.build(source(SLOT, edited, TABLE_V1), "dist/structs.js");
    const { code, out } = made.luo("publish");
    expect(code).toBe(1);
    // TableV1 has the fields that it extends, but was never published.
    expect(out).toContain("src/structs.ts: TableV0.used (table@0): a published layout has changed");
    expect(out).toContain("\n1 problem\n");
    expect(read(made, "luo.lock.json")).toBe(before);
  });

  test("a release has one manifest", () => {
    const made = project("publish-release", source(SLOT, TABLE_V0));
    made.luo("publish", "--release", "1.0");
    made.build(source(SLOT, TABLE_V0, TABLE_V1), "dist/structs.js");
    const { code, err } = made.luo("publish", "--release", "1.0");
    expect(code).toBe(2);
    expect(err).toBe(
      'luo: lock, releases["1.0"]: was published with another manifest; give this release another name\n',
    );
  });
});

describe("check", () => {
  test("tells all problems, for people and for programs", () => {
    const made = project("check-problems", source(SLOT, TABLE_V0, TABLE_V1));
    made.luo("publish", "--release", "1.0");
    const alone = TABLE_V1.replace(" extends TableV0", "").replace("@u32 limit", "@u32 bound");
    const edited = SLOT.replace("@u32 at", "@u8 at");
    made.build(source(edited, TABLE_V0, alone), "dist/structs.js");
    const { code, out } = made.luo("check");
    expect(code).toBe(1);
    expect(out).toMatch(/\n\d problems\n$/);
    const { problems } = JSON.parse(made.luo("check", "--json").out);
    const told = problems.map(({ kind, file, struct, field }: Record<string, string>) => [
      ...[kind, file, struct, field],
    ]);
    expect(told).toEqual([
      ["layout-changed", "src/structs.ts", "TableV1", "used"],
      ["layout-changed", "src/structs.ts", "TableV1", "slots"],
      ["layout-changed", "src/structs.ts", "TableV1", "limit"],
      ["layout-changed", "src/structs.ts", "TableV1", "bound"],
      ["layout-changed", "src/structs.ts", "SlotV0", "at"],
      ["path-broken", "src/structs.ts", "TableV1", undefined],
    ]);
  });

  test("a renamed member of an enum is a note, until it is published", () => {
    const account = (...members: string[]) => `
import { enumeration } from "luo";
enum Role { ${members.join(", ")} }
@LuoStruct(0)
export class Account {
  @enumeration(u8, Role) role = 0;
}
`;
    const made = project("check-notes", source(account("User", "Admin")));
    made.luo("publish");
    made.build(source(account("Member", "Admin")), "dist/structs.js");
    const note = "src/structs.ts: Account.role (Account@0): User is called Member by now";
    expect(made.luo("check")).toMatchObject({ code: 0, out: expect.stringContaining(note) });
    const { notes } = JSON.parse(made.luo("check", "--json").out);
    expect(notes).toMatchObject([{ field: "role", was: "User", is: "Member", number: 0 }]);
    made.luo("publish");
    expect(made.luo("check").out).not.toContain(note);
    made.build(source(account("Admin", "Member")), "dist/structs.js");
    expect(made.luo("check")).toMatchObject({ code: 1 });
    expect(made.luo("publish")).toMatchObject({ code: 1 });
  });

  test("a version that never crosses, which publish refuses", () => {
    const SLOT_V1 = `@LuoStruct(1, { family: "slot" })
class SlotV1 extends SlotV0 {
  @u32 until = 0;
}
`;
    const made = project("check-crosses", source(SLOT, SLOT_V1, TABLE_V0, TABLE_V1));
    const problem = `\
src/structs.ts: SlotV1 (slot@1): a version never crosses
  was  a version that objects of the program can have
  is   no struct contains SlotV1: TableV1.slots is of SlotV0
  do   luo bump TableV1, and let its slots be of SlotV1

1 problem
`;
    expect(made.luo("publish")).toEqual({ code: 1, out: problem, err: "" });
    const named = "export const Table = family(TableV0);\n";
    const alone = TABLE_V1.replace(" extends TableV0", "");
    made.build(source(SLOT, TABLE_V0, alone, named), "dist/structs.js");
    const { code, out } = made.luo("publish");
    expect(code).toBe(1);
    expect(out).toContain("TableV1 is not linked to TableV0, which the program keeps");
    expect(out).toContain("do   let TableV1 extend TableV0, or say @follows(TableV0)");
    expect(out).toContain("\n1 problem\n");
  });

  test("a version that is gone", () => {
    const made = project("check-gone", source(SLOT, TABLE_V0, TABLE_V1));
    made.luo("publish", "--release", "1.0");
    made.build(source(SLOT, TABLE_V0), "dist/structs.js");
    expect(made.luo("check").code).toBe(0);
    made.luo("manifest", "--json");
    const retired = "export const Table = family(TableV1, { reads: { from: 1 } });\n";
    made.build(
      source(SLOT, TABLE_V0, "export const Table = family(TableV0);\n"),
      "dist/structs.js",
    );
    made.luo("publish", "--release", "0.9");
    made.build(source(SLOT, TABLE_V0, TABLE_V1, retired), "dist/structs.js");
    const { code, out } = made.luo("check");
    expect(code).toBe(1);
    expect(out).toBe(`\
src/structs.ts: TableV0 (table@0): a version is gone that a supported release needs
  was  release 0.9 writes version 0
  is   version 1 can be read
  do   let { reads } of the family include version 0 again

1 problem
`);
  });
});

describe("matrix", () => {
  const made = project("matrix", source(SLOT, TABLE_V0, TABLE_V1));
  const manifest = (reads: number[]) => {
    const layouts = Object.fromEntries(
      reads.map((version) => [version, `${version}`.padStart(16, "0")]),
    );
    return { format: 1, families: { table: { reads, writes: reads, layouts } } };
  };
  made.write("old/1.0.json", manifest([0]));
  made.write("old/1.1.json", manifest([0, 1]));
  made.write("1.1.json", manifest([0, 1]));

  test("of files that are given, as text, as JSON and as a picture", () => {
    const { code, out } = made.luo("matrix", "old/1.0.json", "old/1.1.json", "--svg", "fleet.svg");
    expect(code).toBe(0);
    expect(out).toContain("1.0        restart    both ways\n");
    expect(read(made, "fleet.svg")).toMatch(/^<svg .*1\.0 to 1\.1: both ways.*<\/svg>\n$/s);
    const { releases, passages } = JSON.parse(made.luo("matrix", "old/1.0.json", "--json").out);
    expect(releases).toEqual(["1.0"]);
    expect(passages).toMatchObject([
      { from: "1.0", to: "1.0", update: true, versions: { table: 0 } },
    ]);
  });

  test("the picture in docs/VERSIONS.md is what it draws", () => {
    const files = ["1.0", "1.1", "2.0", "3.0"].map((name) => `../../fleet/${name}.json`);
    made.luo("matrix", ...files, "--svg", "again.svg");
    const shown = readFileSync(new URL("../fleet.svg", import.meta.url), "utf8");
    expect(read(made, "again.svg")).toBe(shown);
  });

  test.each([
    [
      ["1.1.json", "old/1.1.json"],
      'releases: found "1.1", which is given twice, expected each release once',
    ],
    [
      ["package.json"],
      "package.json: manifest, format: found undefined, expected 1; it was written by a later release, or is none",
    ],
    [["none.json"], "none.json: ENOENT: no such file or directory, open "],
    [[], "luo.lock.json is not there; luo publish writes it"],
    [
      ["--lock", "empty.json"],
      "empty.json has no release; give manifests as arguments, or luo publish --release <name>",
    ],
  ])("%j is refused in one line", (args, problem) => {
    made.write("empty.json", { format: 1, structs: [], releases: {} });
    const { code, out, err } = made.luo("matrix", ...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.startsWith(`luo: ${problem}`)).toBe(true);
    expect(err.trim().split("\n")).toHaveLength(1);
  });
});

describe("what cannot be run is refused in one line", () => {
  const made = project("usage", source(SLOT, TABLE_V0));
  made.write("none.js", "export const nothing = 1;");
  made.write("broken.js", "throw new Error('not today');");
  made.write("broken.mts", "@never export class Decorated {}");
  made.write("m.json", { format: 1, families: {} });
  made.write("bad.json", '{ "format": 1 }');
  const bare = new Project("usage/bare");
  bare.write("package.json", { type: "module" });
  const odd = new Project("usage/odd");
  odd.write("package.json", { luo: { modules: "dist/structs.js" } });

  test.each<[Project, string[], string]>([
    [made, ["chek"], "there is no command chek; there are check, publish, bump, matrix, manifest"],
    [made, ["constructor"], "there is no command constructor; there are"],
    [made, ["check", "--foo"], "Unknown option '--foo'; see luo check --help"],
    [made, ["check", "--lock"], "Option '--lock <value>' argument missing; see luo check --help"],
    [made, ["publish", "--release", ""], "--release needs a name"],
    [made, ["check"], "luo.lock.json is not there; luo publish writes it"],
    [
      made,
      ["check", "--lock", "bad.json"],
      "bad.json: lock, structs: found undefined, expected an array",
    ],
    [made, ["manifest", "gone.js"], "gone.js is not there; build it first"],
    [made, ["manifest", "none.js"], "none.js exports no struct, no family and no handler"],
    [made, ["manifest", "broken.js"], "broken.js cannot be loaded: not today"],
    [made, ["manifest", "broken.mts"], "broken.mts cannot be loaded: "],
    [bare, ["manifest"], 'no modules; name them as arguments, or in package.json: "luo": {'],
    [made, ["matrix", "m.json", "--svg", "none/x.svg"], "ENOENT: no such file or directory, open"],
    [
      odd,
      ["manifest"],
      `luo.modules in ${odd.path("package.json")}: found "dist/structs.js", expected an array of paths; say "luo": {`,
    ],
  ])("%# %j", (project, args, problem) => {
    const { code, out, err } = project.luo(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.slice(0, problem.length + 5)).toBe(`luo: ${problem}`);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("the version is that of the package", () => {
    const file = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    const { version } = JSON.parse(file);
    expect(made.luo("--version")).toEqual({ code: 0, out: `${version}\n`, err: "" });
  });

  test("no command at all shows what there is", () => {
    expect(made.luo()).toMatchObject({ code: 2, out: expect.stringContaining("Usage: luo") });
    expect(made.luo("--help")).toMatchObject({ code: 0, out: made.luo("help").out });
    expect(made.luo("check", "-h").out).toBe(made.luo("help", "check").out);
  });
});
