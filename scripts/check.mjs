/**
 * Runs every check that is no test: format and lint, types, unused code, how packages publish, and that
 * no published layout has changed.
 */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** The packages that are published. */
const packages = readdirSync("packages")
  .map((name) => `packages/${name}`)
  .filter((path) => JSON.parse(readFileSync(`${path}/package.json`, "utf8")).private !== true);
const CHECKS = [
  ["format and lint", "biome", "ci", "--colors=off", "--error-on-warnings"],
  ["types", "tsc", "--build"],
  ["types of the tests", "tsc", "--project", "test"],
  ["unused code", "knip"],
  ["published layouts", "luo", "check"],
  ...packages.map((path) => [`publint ${path}`, "publint", "--strict", "--pack", "npm", path]),
  ...packages.map((path) => [`exports of ${path}`, "attw", "--pack", path, "--quiet"]),
];

let failed = 0;
for (const [what, tool, ...args] of CHECKS) {
  const { status, stdout, stderr } = spawnSync(`node_modules/.bin/${tool}`, args, {
    encoding: "utf8",
  });
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${what}`);
  if (status === 0) continue;
  failed++;
  console.log(stdout ?? "", stderr ?? "");
}
process.exit(failed === 0 ? 0 : 1);
