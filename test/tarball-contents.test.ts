import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

const published = readdirSync(path("../packages")).filter((name) => {
  const manifest = JSON.parse(readFileSync(path(`../packages/${name}/package.json`), "utf8"));
  return manifest.private !== true;
});

const BUILT = /^dist\/(esm|cjs)\/.+\.(js|js\.map|d\.ts)$|^dist\/cjs\/package\.json$/;
const BESIDE = /^(package\.json|README\.md|CHANGELOG\.md|bin\/luo\.js|[a-z]+\.schema\.json)$/;

/** The paths in the tarball that npm would publish. */
function packed(name: string): string[] {
  const json = execFileSync("npm", ["pack", "--dry-run", "--json"], {
    cwd: path(`../packages/${name}`),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  // Some versions of npm give an array, others an object by package name.
  const [tarball] = Object.values<{ files: { path: string }[] }>(JSON.parse(json));
  return tarball?.files.map((file) => file.path) ?? [];
}

test.each(published)("the tarball of %s holds built code, README and changelog alone", (name) => {
  const files = packed(name);
  expect(files.filter((file) => !BUILT.test(file) && !BESIDE.test(file))).toEqual([]);
  expect(files).toEqual(
    expect.arrayContaining(["CHANGELOG.md", "README.md", "dist/cjs/index.js", "dist/esm/index.js"]),
  );
});
