import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { liveUpdate } from "luo";
import { afterEach, expect, test } from "vitest";

const [, main = ""] = process.argv;
const folders: string[] = [];
afterEach(() => {
  process.argv[1] = main;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** The program that `liveUpdate` finds when these files are there and Node was started with this one. */
async function found(files: Record<string, string>, started: string, link?: string) {
  const folder = mkdtempSync(join(tmpdir(), "luo-program-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  if (link !== undefined) symlinkSync(join(folder, link), join(folder, started));
  process.argv[1] = join(folder, started);
  const { program } = await liveUpdate({ families: [] });
  return program;
}

const PACKAGE = JSON.stringify({ name: "@shop/kv-server", version: "1.4.0" });
const SERVED = { name: "@shop/kv-server", version: "1.4.0" };
const code = "";

test("a program is called as its nearest package.json says", async () => {
  const files = { "app/package.json": PACKAGE, "package.json": '{ "name": "other" }' };
  expect(await found({ ...files, "app/dist/main.js": code }, "app/dist/main.js")).toEqual(SERVED);
});

test("a link that deploys it leads to its package.json", async () => {
  const files = { "releases/7/package.json": PACKAGE, "releases/7/main.js": code };
  expect(await found(files, "current.js", "releases/7/main.js")).toEqual(SERVED);
});

test("so is one that is started by its folder", async () => {
  expect(await found({ "app/package.json": PACKAGE, "app/index.js": code }, "app")).toEqual(SERVED);
});

test("one without a version has none", async () => {
  const files = { "package.json": '{ "name": "private" }', "main.js": code };
  expect(await found(files, "main.js")).toEqual({ name: "private", version: "" });
});

test.each([
  ["has no name", '{ "type": "module" }'],
  ["is no JSON", "{ name: kv }"],
  ["is no object", "null"],
  ["is a list", "[]"],
  ["has a name that is no text", '{ "name": 7, "version": "1" }'],
  ["has a name too long to be shown", JSON.stringify({ name: "x".repeat(129), version: "1" })],
  ["has a version that is no text", '{ "name": "x", "version": 1 }'],
  ["has a name with control characters", JSON.stringify({ name: "\u001b[2J", version: "1" })],
  ["is larger than a package.json can be", PACKAGE + " ".repeat(1 << 20)],
])("a package.json that %s is passed over", async (_, damaged) => {
  const files = { "dist/package.json": damaged, "package.json": PACKAGE, "dist/main.js": code };
  expect(await found(files, "dist/main.js")).toEqual(SERVED);
});

test("without any, the program is called like its main module", async () => {
  expect(await found({ "main.js": code }, "main.js")).toEqual({ name: "main.js", version: "" });
  const odd = "a\nb.js";
  expect(await found({ [odd]: code }, odd)).toEqual({ name: "a?b.js", version: "" });
  expect(await found({}, "gone.js")).toEqual({ name: "gone.js", version: "" });
});
