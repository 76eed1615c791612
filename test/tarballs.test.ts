import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Deployed } from "./deployed.js";
import { shownIn, TEN_LINES } from "./shown-code.js";
import { TSC } from "./toolchains/typescript.js";

const root = dirname(import.meta.dirname);
/** Outside of the repository, so that nothing is found in its node_modules. */
const outside = mkdtempSync(join(tmpdir(), "luo-tarballs-"));
const tarballs = join(outside, "tarballs");
const project = join(outside, "project");
const service = new Deployed(join(project, "current.js"), 30_000 + (process.pid % 10_000));

// An npx that runs these tests on another Node would hand its `--package` on to the npx in here.
const { npm_config_package: _, ...env } = process.env;
const run = (cwd: string, command: string, ...args: string[]) =>
  execFileSync(command, args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const manifest = (folder: string) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** The folder of a package that the one in a folder depends on. */
function dependency(folder: string, name: string): string {
  const places = createRequire(join(folder, "package.json")).resolve.paths(name) ?? [];
  const found = places.map((place) => join(place, name)).find(existsSync);
  if (found === undefined) throw new Error(`${folder}: found no ${name}; run npm test`);
  return realpathSync(found);
}

const published = readdirSync(join(root, "packages"))
  .map((name) => join(root, "packages", name))
  .filter((folder) => manifest(folder).private !== true);

/** The packages that a registry would bring, with the types that the README installs. */
function registry(): string[] {
  const koffi = dependency(join(root, "packages/linux"), "koffi");
  const types = dependency(root, "@types/node");
  return [
    dependency(join(root, "packages/struct"), "reflect-metadata"),
    dependency(join(root, "packages/version"), "valibot"),
    ...[koffi, dependency(koffi, `@koromix/koffi-${process.platform}-${process.arch}`)],
    ...[types, dependency(types, "undici-types")],
  ];
}

beforeAll(() => {
  for (const folder of [tarballs, project]) mkdirSync(folder);
  // pnpm packs what it publishes: it puts versions in the place of `workspace:`.
  const filters = published.flatMap((folder) => ["--filter", manifest(folder).name]);
  const { packageManager } = manifest(root);
  const pnpm = ["--yes", packageManager, "--recursive", ...filters, "pack"];
  run(root, "npx", ...pnpm, "--pack-destination", tarballs);
  const others = registry().map((folder, index) => {
    // pnpm links equal files to each other, and npm does not unpack such links.
    const copy = join(outside, `registry-${index}`);
    cpSync(folder, copy, { recursive: true });
    return copy;
  });
  run(outside, "npm", "pack", "--ignore-scripts", "--pack-destination", tarballs, ...others);

  run(project, "npm", "init", "-y");
  for (const line of shownIn("README.md", "sh").join("").split("\n")) {
    const [command = "", ...args] = line.split(" ");
    if (args[0] === "pkg") run(project, command, ...args);
  }
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  const offline = ["--offline", "--cache", join(outside, "cache"), "--ignore-scripts"];
  run(project, "npm", "install", ...offline, ...files);
  const [config = ""] = shownIn("README.md", "json");
  writeFileSync(join(project, "tsconfig.json"), config);
  writeFileSync(join(project, "first.ts"), TEN_LINES.first);
  writeFileSync(join(project, "second.ts"), TEN_LINES.second);
}, 120_000);

afterAll(() => {
  service.stop();
  rmSync(outside, { recursive: true, force: true });
});

describe("in a fresh folder, set up as the README says, from the packages as they are published", () => {
  test.each(Object.entries(TSC))(
    "the ten lines and the next release compile with %s",
    (_, tsc) => {
      const compile = () => run(project, process.execPath, tsc, "--project", ".");
      expect(compile()).toBe("");
    },
    60_000,
  );

  test("the ten lines count on through an update to the next release", async () => {
    service.start(join(project, "first.js"));
    expect([await service.get(), await service.get()]).toEqual(["1\n", "2\n"]);
    expect(await service.update(join(project, "second.js"))).toMatch(/^3 since \d{13}\n$/);
    expect(service.running).toHaveLength(1);
  });

  test("every package is there as it is published", () => {
    const installed = published.map((folder) =>
      manifest(join(project, "node_modules", manifest(folder).name)),
    );
    expect(installed.map(({ version }) => version)).toEqual(
      published.map((folder) => manifest(folder).version),
    );
    expect(JSON.stringify(installed)).not.toContain("workspace:");
  });
});
