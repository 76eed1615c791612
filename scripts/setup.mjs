/**
 * Makes a fresh clone ready: installs the dependencies of the lock file with the pnpm that package.json
 * names, and builds every package. It needs Node 20.19 or newer and npm.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";

const root = new URL("../", import.meta.url);
const { packageManager, engines } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node ${process.versions.node} is too old: expected ${engines.node}.`);
  process.exit(1);
}

/** pnpm writes this file last. When it is older than the lock file, the lock file has changed since. */
const installed = new URL("node_modules/.modules.yaml", root);
const lock = new URL("pnpm-lock.yaml", root);
const fresh = existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
if (!fresh) {
  step(`installing dependencies with ${packageManager}`);
  run("npx", ["--yes", packageManager, "install", "--frozen-lockfile", "--reporter=silent"]);
}
step("building");
run(process.execPath, ["scripts/build.mjs"]);

function step(what) {
  console.log(`> ${what}`);
}

function run(command, args) {
  try {
    execFileSync(command, args, { cwd: root, stdio: "inherit" });
  } catch (error) {
    console.error(`${command} ${args.join(" ")} failed (exit code ${error.status}); see above.`);
    process.exit(1);
  }
}
