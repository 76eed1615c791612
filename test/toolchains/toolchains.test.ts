import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { check as checkBare } from "./fixtures/bare.js";
import { check as checkFamilies } from "./fixtures/families.js";
import { check } from "./fixtures/structs.js";
import {
  babelIn,
  FLAVOURS,
  FORMATS,
  node,
  type Project,
  TOOLS,
  type Tool,
  viteBuild,
  viteLibrary,
} from "./tools.js";
import { TSC } from "./typescript.js";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const here = import.meta.dirname;
const dist = join(here, "dist");
/** The expected results: vitest compiles with oxc, and runs the sources. */
const expected = check();
const expectedOfBare = checkBare();
const expectedOfFamilies = checkFamilies();
const projects = FLAVOURS.flatMap((flavour) =>
  FORMATS.map((format): Project => {
    return { flavour, format, folder: join(dist, `${flavour}-${format}`) };
  }),
);

/** Files in which each line below a `@ts-expect-error` does not compile. */
const WRONG = ["wrong.ts", "families-wrong.ts"];

beforeAll(async () => {
  await rm(dist, { recursive: true, force: true });
  for (const { flavour, format, folder } of projects) {
    await cp(join(here, "fixtures"), folder, { recursive: true });
    const legacy = flavour === "legacy";
    const compilerOptions = {
      ...{ target: "es2022", module: "nodenext", strict: true, types: [], rootDir: "." },
      lib: ["es2022"],
      ...{ experimentalDecorators: legacy, emitDecoratorMetadata: legacy },
    };
    const json = (name: string, value: unknown) =>
      writeFile(join(folder, name), JSON.stringify(value));
    await json("package.json", { type: format === "esm" ? "module" : "commonjs" });
    const files = ["structs.ts", "families.ts", ...(legacy ? ["bare.ts"] : [])];
    await json("tsconfig.json", { compilerOptions, files });
    await json("tsconfig.types.json", { compilerOptions, files: ["right.ts", ...WRONG] });
    await json("tsconfig.said.json", {
      compilerOptions,
      files: WRONG.map((name) => `said-${name}`),
    });
    for (const name of WRONG) {
      const text = await readFile(join(folder, name), "utf8");
      await writeFile(join(folder, `said-${name}`), text.replaceAll("@ts-expect-error", ""));
    }
  }
});

/** Compiles, and gives the path of a compiled file. */
async function compile(tool: Tool, project: Project, to: string) {
  const out = join(project.folder, to.replaceAll(/\W+/g, "-"));
  await mkdir(out, { recursive: true });
  await tool.compile(project, out);
  return (name: string) => join(out, `${name}.js`);
}

/** Imports or requires a file in a process of its own; gives what its `check(argument)` gives. */
async function run(format: Project["format"], path: string, argument = "") {
  const load = format === "esm" ? `await import("${pathToFileURL(path)}")` : `require("${path}")`;
  const code = `
    import { createRequire } from "node:module";
    const require = createRequire("${pathToFileURL(join(here, "x.js"))}");
    const { check } = ${load};
    console.log(JSON.stringify(check(${argument})));`;
  return JSON.parse(await node(here, "--input-type=module", "--eval", code));
}

test("vitest itself compiles them, and what is read is what was written", () => {
  expect(expectedOfFamilies).toMatchObject({
    versions: [
      { hits: "3n", legacy: 9, colour: 200, slots: [{ size: 4 }] },
      { hits: "3n", limit: "5n", color: 200, slots: [{ size: 4, capacity: 8 }] },
      { hits: "3", started: "6n", state: "idle", slots: [{ size: 4 }] },
      { hits: "3", name: "(none)" },
    ],
    lost: [
      expect.stringMatching(/ConversionError: .*limit: found 6n/),
      expect.stringMatching(/ConversionError: .*name: found "x"/),
      { hits: "3n", legacy: 5, colour: 200 },
      expect.stringMatching(/ConversionError: .*state: found "gone"/),
    ],
    tables: {
      places: ["slots 0", "used 8", "free 9"],
      newer: { slots: [{ size: 4, capacity: 8 }], used: 2, cache: "cold", free: 0 },
      older: { slots: [{ size: 4 }], used: 2, cache: "cold" },
      forgetful: expect.stringMatching(/^DeclarationError: Forgetful\.lost: .*mark it @transient$/),
    },
  });
  expect(expected.decoded).toEqual(expected.value);
  expect(expectedOfBare).toEqual([
    expect.stringMatching(/^[0-9a-f]{16}$/),
    expect.stringMatching(/Mismatch\.name: is declared as function String/),
  ]);
});

describe.concurrent.each(Object.entries(TOOLS))("%s", (name, tool) => {
  test.each(projects)("compiles $flavour decorators to $format", async (project) => {
    const path = await compile(tool, project, name);
    expect(await run(project.format, path("structs"))).toEqual(expected);
    expect(await run(project.format, path("families"))).toEqual(expectedOfFamilies);
    if (project.flavour === "standard" || !tool.metadata) return;
    expect(await run(project.format, path("bare"))).toEqual(expectedOfBare);
  });
});

/** The combinations that do not work, and the message that a user gets. */
const UNSUPPORTED = [
  {
    what: "standard decorators by vite or vitest alone",
    why: "oxc passes them through, and no engine knows them yet; a plugin can compile them",
    tool: viteLibrary({ alone: true }),
    flavour: "standard",
    file: "structs",
    says: /SyntaxError: Invalid or unexpected token/,
  },
  {
    what: "standard decorators by Babel, on a property without initializer, in one pass",
    why: "its plugins clash; with passPerPreset they do not",
    tool: babelIn(false),
    flavour: "standard",
    file: "structs",
    says: /Definitely assigned fields cannot be initialized here/,
  },
  {
    what: "names of classes that are minified away",
    why: "a family is named after its class; keep the names, or say the family",
    tool: viteLibrary({ minify: true }),
    flavour: "legacy",
    file: "structs",
    says: /"families":\["\w@0"/,
  },
  ...(["esbuild to ES2022", "babel", "swc (2023-11)"] as const).map((name) => {
    const flavour = name.startsWith("swc") ? "standard" : "legacy";
    return {
      what: `@struct without a class by ${name}, ${flavour}`,
      why: "there is no emitDecoratorMetadata",
      tool: TOOLS[name],
      flavour,
      file: "bare",
      says: /DeclarationError: .*\.inner: has the type undefined, .*; name it: @struct\(\(\) => Inner\)/,
    };
  }),
];

test.concurrent.each(
  UNSUPPORTED.map((row) => ({ ...row, toString: () => `${row.what}: ${row.why}` })),
)("unsupported: %s", async ({ what, tool, flavour, file, says }) => {
  for (const project of projects.filter((project) => project.flavour === flavour)) {
    const outcome = compile(tool, project, what).then((path) => run(project.format, path(file)));
    expect(await outcome.then(JSON.stringify, String)).toMatch(says);
  }
});

test.concurrent.each(FLAVOURS)(
  "%s classes annotated by the CommonJS build are used by the ESM build, and the reverse",
  async (flavour) => {
    const [esm, cjs] = await Promise.all(
      projects
        .filter((project) => project.flavour === flavour)
        .map((project) => compile(TOOLS["esbuild to ES2022"], project, "mixed")),
    );
    const library = `"@luo/struct"`;
    expect(await run("cjs", cjs?.("structs") ?? "", `await import(${library})`)).toEqual(expected);
    expect(await run("esm", esm?.("structs") ?? "", `require(${library})`)).toEqual(expected);
  },
);

describe.concurrent.each(Object.entries(TSC))("types as %s sees them", (_, tsc) => {
  test.each(FLAVOURS)("%s decorators take properties that fit, and no others", async (flavour) => {
    const folder = join(dist, `${flavour}-esm`);
    expect(await node(folder, tsc, "--noEmit", "-p", "tsconfig.types.json")).toBe("");
  });

  test.each(FLAVOURS)("%s decorators name the type that a property must have", async (flavour) => {
    const folder = join(dist, `${flavour}-esm`);
    const said = await node(folder, tsc, "--noEmit", "-p", "tsconfig.said.json").catch(String);
    for (const name of WRONG) {
      const lines = (await readFile(join(folder, name), "utf8")).split("\n");
      for (const [index, line] of lines.entries()) {
        const wanted = /@ts-expect-error (Must\w+<.*>)/.exec(line)?.[1];
        if (wanted === undefined) continue;
        // The message of this line; it ends before the next one.
        const message = said
          .split(/^(?=said-)/m)
          .find((text) => text.startsWith(`said-${name}(${index + 2},`));
        expect(sorted(message ?? said)).toContain(sorted(wanted));
      }
    }
  });
});

/** Sorts the members of a union, because each compiler has an order of its own. */
const sorted = (text: string) =>
  text.replaceAll(
    /<([^<>]* \| [^<>]*)>/g,
    (_, union) => `<${union.split(" | ").sort().join(" | ")}>`,
  );

const chromium = (process.env.PATH ?? "")
  .split(":")
  .map((folder) => join(folder, "chromium"))
  .find(existsSync);

describe.skipIf(chromium === undefined).concurrent("in a browser", () => {
  const pages = createServer(async ({ url = "" }, response) => {
    const [, policy, ...path] = url.split("/");
    const type = extname(url) === ".js" ? "text/javascript" : "text/html";
    const security = policy === "strict" ? { "content-security-policy": "script-src 'self'" } : {};
    try {
      const content = await readFile(join(dist, ...path));
      response.writeHead(200, { "content-type": type, ...security }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  beforeAll(() => new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve)));
  beforeAll(async () => {
    for (const project of projects.filter(({ format }) => format === "esm")) {
      const build = { outDir: "page", rolldownOptions: { output: { keepNames: true } } };
      await viteBuild(project, { build });
    }
  });
  afterAll(() => pages.close());

  test.each(
    FLAVOURS.flatMap((flavour) => [
      { flavour, policy: "free", compiles: true },
      { flavour, policy: "strict", compiles: false },
    ]),
  )("$flavour decorators under a $policy policy", async ({ flavour, policy, compiles }) => {
    const { port } = pages.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/${policy}/${flavour}-esm/page/index.html`;
    const profile = await mkdtemp(join(tmpdir(), "luo-chromium-"));
    const flags = [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      ...[`--user-data-dir=${profile}`, "--virtual-time-budget=10000", "--dump-dom", url],
    ];
    const { stdout } = await promisify(execFile)(chromium ?? "", flags, { timeout: 50_000 });
    await rm(profile, { recursive: true, force: true, maxRetries: 3 });
    const body = /<body>\s*(.*?)\s*<\/body>/s.exec(stdout)?.[1] ?? stdout;
    expect(JSON.parse(decodeURIComponent(body))).toEqual({ compiles, result: expected });
  });
});
