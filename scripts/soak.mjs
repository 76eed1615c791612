/**
 * Runs test files for longer than `npm test` does. It passes `--images 5000 --seed 7` on as
 * LUO_IMAGES=5000 and LUO_SEED=7. When an option is given twice, the last one counts.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const number = { type: "string" };
const { values, positionals: files } = parseArgs({
  allowPositionals: true,
  options: { images: number, kills: number, runs: number, seed: number },
});
const env = { ...process.env };
for (const [name, value] of Object.entries(values)) {
  if (!/^\d+$/.test(value)) {
    console.error(`--${name}: found ${value}, expected an integer`);
    process.exit(2);
  }
  env[`LUO_${name.toUpperCase()}`] = value;
}
const { status } = spawnSync("vitest", ["run", ...files], { env, stdio: "inherit" });
process.exit(status ?? 1);
