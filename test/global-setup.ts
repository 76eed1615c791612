import { execFileSync } from "node:child_process";

/** Builds the packages, because tests across processes run them as users do. */
export function setup(): void {
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
}
