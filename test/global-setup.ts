import { execFileSync } from "node:child_process";

/** Tests across processes run what users run: the built packages. */
export function setup(): void {
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
}
