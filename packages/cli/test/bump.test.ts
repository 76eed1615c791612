import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { Project } from "./project.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const TSC = `${root}node_modules/.bin/tsc`;
const FLAGS =
  "--noEmit --strict --exactOptionalPropertyTypes --verbatimModuleSyntax --experimentalDecorators --emitDecoratorMetadata --target es2022 --module nodenext --types node --skipLibCheck --ignoreConfig";

/** One field of every kind, and of every annotation beside a type. */
const KINDS = `import {
  address, aligned, array, big, bits, bool, bytes, char, enumeration, f32, f64, family, flexible,
  i16, LuoStruct, little, packed, ref, reserved, type Sequence, struct, u8, u32, u64, union,
} from "luo";

enum Color {
  Red = 1,
  Green = 5,
}

@LuoStruct(0)
export class Point {
  @u8 x = 0;
}

@LuoStruct(0)
export class Circle {
  @u8 radius = 0;
}

@LuoStruct(0, { family: "kinds", align: 16 })
export class Everything {
  @u8 kind = 0;
  @aligned(4) @i16 low = -7;
  @packed @big @u32 network = 3;
  @little @u64 wide = 2n ** 60n;
  @u64.number safe = 5;
  @f32 half = 0.5;
  @f64 not = Number.NaN;
  @bool flag = true;
  @address at = 0n;
  @bits(u32, 5) some = 3;
  @bits(bool, 1) one = false;
  @enumeration(u8, Color) color: Color = Color.Green;
  @enumeration(u8, ["idle", "busy"]) state: "idle" | "busy" = "busy";
  @char(9) text = 'a "quoted" \\\\';
  @char(4, { terminated: true }) code = "";
  @bytes(3) raw = new Uint8Array(3);
  @array(u32, 2) list = [1, 2];
  @array(Point, 2, 2) grid: Point[][] = [];
  @array(enumeration(u8, ["a", "b"]), 2) letters: ("a" | "b")[] = ["a", "b"];
  @struct(() => Point) point = new Point();
  @union("kind", () => ({ 0: Point, 1: Circle })) shape: Point | Circle = new Point();
  @ref(() => Point) points: Sequence<Point> = [];
  @reserved(bytes(6), { checked: true }) _: unknown;
  @u32 count = 0;
  @flexible(Point, { count: "count" }) more: Point[] = [];
}

export const Kinds = family(Everything);
`;

const COUNTER = `import { family, u64, LuoStruct } from "luo";

@LuoStruct(0)
export class Counter {
  @u64 hits = 0n;
}
export const State = family(Counter);
`;

function project(name: string, source: string, manifest: object = {}): Project {
  const made = new Project(name);
  made.write("package.json", {
    type: "module",
    luo: { modules: ["dist/structs.js"] },
    ...manifest,
  });
  made.build(source, "dist/structs.js");
  return made;
}

const read = (made: Project, file: string) => readFileSync(made.path(file), "utf8");

/** Builds the new class, and runs its test with Node's test runner. */
function passes(made: Project, test: string): void {
  const types = made.run(TSC, ...FLAGS.split(" "), "src/structs.ts", `test/${test}.test.ts`);
  expect(types.out).toBe("");
  made.build(read(made, "src/structs.ts"), "dist/structs.js");
  const compiled = read(made, `test/${test}.test.ts`).replace("../src/", "../dist/");
  made.write(`test/${test}.test.js`, compiled);
  const { code, out } = made.run(
    process.execPath,
    "--test",
    "--test-reporter=tap",
    `test/${test}.test.js`,
  );
  expect(out).toContain("# pass 2\n");
  expect(code).toBe(0);
}

describe("bump writes a class that compiles, and a test for it that passes", () => {
  test("extending the class before", () => {
    const made = project("bump-extends", COUNTER);
    expect(made.luo("publish").code).toBe(0);
    expect(made.luo("bump", "Counter")).toEqual({
      code: 0,
      err: "",
      out: `src/structs.ts: class CounterV1, version 1 of Counter
test/counter-v1.test.ts: from Counter to CounterV1 and back
Add its fields with @since(1, <default>), build, and run the test and luo check.
`,
    });
    passes(made, "counter-v1");
    expect(made.luo("check").out).toContain("not published yet: Counter@1");
    expect(made.luo("bump", "CounterV1").out).toContain("class CounterV2, version 2 of Counter");
    passes(made, "counter-v2");
  }, 60_000);

  test("copying fields of every kind: the layout is the same", () => {
    const made = project("bump-full", KINDS);
    made.luo("publish");
    expect(made.luo("bump", "Everything", "--full")).toMatchObject({ code: 0, err: "" });
    passes(made, "everything-v1");
    made.luo("publish");
    const { structs } = JSON.parse(read(made, "luo.lock.json"));
    const [first, second] = structs.filter(({ family }: { family: string }) => family === "kinds");
    expect(second).toEqual({ ...first, class: "EverythingV1", version: 1 });
    const source = read(made, "src/structs.ts");
    expect(source).toContain('@LuoStruct(1, { family: "kinds", align: 16 })\n@follows(Everything)');
    // The layout does not tell these.
    const copy = source.slice(source.indexOf("class EverythingV1"));
    expect(copy).toContain("@reserved(bytes(6), { checked: true }) _: unknown;");
    expect(copy).toContain("@u64.number safe = 5;");
    expect(copy).toContain("@enumeration(u8, Color) color = Color.Green;");
    expect(copy).toContain("list = [1, 2];");
    expect(copy).toContain('letters: ("a" | "b")[] = ["a", "b"];');
    expect(copy).toContain("wide = 1152921504606846976n;");
  }, 60_000);
});

describe("what a copy cannot have, it says", () => {
  const SESSION = `import { array, enumeration, family, LuoStruct, struct, transient, u8, u64 } from "luo";

enum Role {
  User,
  Admin = 4,
}
export enum Level {
  Low,
  High,
}

@LuoStruct(0)
export class SessionV0 {
  @enumeration(u8, Role) role: Role = Role.Admin;
  @array(enumeration(u8, Level), 2) levels: Level[] = [Level.High, Level.Low];
  @enumeration(u8, { ...Level, Top: 9 }) other: number = 9;
  @transient opened = 7;
  @transient cache = new Map<string, number>();
  get isAdmin(): boolean {
    return this.role === Role.Admin;
  }
  greet(): string {
    return "hello";
  }
}

@LuoStruct(0)
export class StateV0 {
  @u64 count = 0n;
  @struct(() => SessionV0) session = new SessionV0();
}
export const State = family(StateV0);
`;

  test("enums by their names, what is transient, methods, and the structs that contain it", () => {
    const made = project("bump-says", SESSION);
    const { out, code } = made.luo("bump", "SessionV0", "--full");
    expect(code).toBe(0);
    expect(out).toBe(`\
src/structs.ts: class SessionV1, version 1 of Session
test/session-v1.test.ts: from SessionV0 to SessionV1 and back
StateV0.session is of SessionV0: bump StateV0 as well, and let it be of SessionV1
not copied from SessionV0: the enum of other, @transient cache, isAdmin, greet
Add its fields with @since(1, <default>), build, and run the test and luo check.
`);
    const source = read(made, "src/structs.ts");
    expect(source.slice(source.indexOf("@LuoStruct(1)"))).toBe(`\
@LuoStruct(1)
@follows(SessionV0)
export class SessionV1 {
  @enumeration(u8, Role) role = Role.Admin;
  @array(enumeration(u8, Level), 2) levels = [Level.High, Level.Low];
  @enumeration(u8, [0, 1, 9]) other: 0 | 1 | 9 = 9;
  @transient opened = 7;
  // Not copied from SessionV0: the enum of other, @transient cache, isAdmin, greet
  // What is new: @since(1, 0) @u32 name = 0;
  // It takes: import { since, u32 } from "luo";
}
`);
    passes(made, "session-v1");
    const { containers, notCopied } = JSON.parse(made.luo("bump", "StateV0", "--json").out);
    expect({ containers, notCopied }).toEqual({ containers: [], notCopied: [] });
  }, 60_000);

  test("a class that extends another finds its enums where they are declared", () => {
    const made = project(
      "bump-inherits",
      `${SESSION}
@LuoStruct(1)
export class StateV1 extends StateV0 {
  @enumeration(u8, Level) level = Level.High;
}
@LuoStruct(2)
export class StateV2 extends StateV1 {
  @u8 more = 0;
}
`,
    );
    made.luo("bump", "StateV2", "--full");
    expect(read(made, "src/structs.ts")).toContain(
      "@enumeration(u8, Level) level = Level.High;\n  @u8 more",
    );
    passes(made, "state-v3");
  }, 60_000);
});

test("the hint says the imports that the source lacks, and the class compiles without them", () => {
  const made = project("bump-hint", COUNTER);
  made.luo("bump", "Counter");
  expect(read(made, "src/structs.ts")).toContain(`  // What is new: @since(1, 0) @u32 name = 0;
  // It takes: import { since, u32 } from "luo";
}
`);
  const source = read(made, "src/structs.ts").replace("{ family, u64", "{ family, since, u32, u64");
  made.build(source, "dist/structs.js");
  made.luo("bump", "CounterV1");
  expect(read(made, "src/structs.ts").match(/It takes/g)).toHaveLength(1);
});

describe("what bump writes fits in", () => {
  test("its test imports a class that is the default of its module", () => {
    const made = project("bump-default", COUNTER.replace("export class", "export default class"));
    made.luo("bump", "Counter");
    passes(made, "counter-v1");
  }, 60_000);

  test("it imports what the source does not, from where the source imports", () => {
    const own = COUNTER.replace(
      '{ family, u64, LuoStruct } from "luo"',
      '{ family } from "@luo/version"',
    ).replace("\n\n", '\nimport { LuoStruct, u64 } from "@luo/struct";\n\n');
    const made = project("bump-imports", own);
    made.luo("bump", "Counter", "--full");
    expect(read(made, "src/structs.ts")).toMatch(/^import \{ follows \} from "@luo\/version";\n/);
    expect(read(made, "test/counter-v1.test.ts")).toContain(
      'import { family } from "@luo/version"',
    );
  });

  test("its test is for vitest where the project has that", () => {
    const made = project("bump-vitest", COUNTER, { devDependencies: { vitest: "*" } });
    made.luo("bump", "Counter", "--test", "src/deep/counter.test.ts");
    const test = read(made, "src/deep/counter.test.ts");
    expect(test).toContain('import { test } from "vitest";');
    expect(test).toContain('from "../structs.js";');
  });

  test("printed, it is not written", () => {
    const made = project("bump-print", COUNTER);
    const { out } = made.luo("bump", "Counter", "--print");
    expect(out).toContain("export class CounterV1 extends Counter {");
    expect(out).toContain('test("CounterV1 holds what Counter held');
    expect(read(made, "src/structs.ts")).toBe(COUNTER);
  });

  test("as JSON, it tells where it is", () => {
    const made = project("bump-json", COUNTER);
    expect(JSON.parse(made.luo("bump", "Counter", "--json").out)).toEqual({
      class: "CounterV1",
      version: 1,
      source: "src/structs.ts",
      test: "test/counter-v1.test.ts",
      containers: [],
      notCopied: [],
    });
  });
});

describe("bump refuses, in one line, and writes nothing", () => {
  const made = project("bump-refuses", COUNTER);
  made.write("test/counter-v1.test.ts", "// mine");
  made.write("dist/bare.js", read(made, "dist/structs.js"));
  made.write("taken.ts", "export class CounterV1 {}");
  const newer = `${COUNTER}@LuoStruct(1)\nexport class CounterV1 extends Counter {}\n`;
  const bumped = project("bump-twice", newer);

  test.each<[Project, string[], string]>([
    [made, [], "no class is named; name one: luo bump MemfdV1"],
    [made, ["Kounter"], "no struct Kounter is exported, but Counter (dist/structs.js); export it"],
    [made, ["Counter"], "test/counter-v1.test.ts is there already; say --test <another file>"],
    [
      made,
      ["Counter", "dist/bare.js"],
      "no source map tells where dist/bare.js has Counter from; say --source <file>",
    ],
    [
      made,
      ["Counter", "dist/bare.js", "dist/structs.js"],
      "several structs Counter are exported (dist/bare.js, dist/structs.js); name one module",
    ],
    [
      made,
      ["Counter", "--source", "taken.ts"],
      "taken.ts has CounterV1 already; build it, then bump the newest class",
    ],
    [made, ["Counter", "--source", "none.ts"], "none.ts is not there; say --source <file>"],
    [bumped, ["Counter"], "Counter is followed by newer versions; bump the newest: CounterV1"],
  ])("%# %j", (project, args, problem) => {
    const source = read(project, "src/structs.ts");
    expect(project.luo("bump", ...args)).toEqual({ code: 2, out: "", err: `luo: ${problem}\n` });
    expect(read(project, "src/structs.ts")).toBe(source);
  });
});
