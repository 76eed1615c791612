/** Runs every test on each supported Node, which the npm package `node` brings. */
import { spawnSync } from "node:child_process";

const VERSIONS = ["20.19.6", "22", "24", "26"];
const vitest = new URL("../node_modules/vitest/vitest.mjs", import.meta.url).pathname;
const results = VERSIONS.map((version) => {
  console.log(`\n> Node ${version}`);
  const { status } = spawnSync(
    "npx",
    ["--yes", "-p", `node@${version}`, "node", vitest, "run", "--reporter=dot"],
    { stdio: "inherit" },
  );
  return { version, passed: status === 0 };
});
for (const { version, passed } of results)
  console.log(`Node ${version}: ${passed ? "passed" : "FAILED"}`);
process.exit(results.every(({ passed }) => passed) ? 0 : 1);
