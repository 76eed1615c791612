import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A Node to measure on. */
export interface Runtime {
  readonly path: string;
  readonly version: string;
}

/** The Node of a major version: this one, or what the npm package `node` brings. */
export function runtime(major: string): Runtime {
  const own = process.versions.node.split(".")[0] === major;
  const show = ["-p", "JSON.stringify([process.execPath, process.version])"];
  const npx = ["--yes", "-p", `node@${major}`, "node", ...show];
  const text = own ? run(process.execPath, show) : run("npx", npx);
  const [path, version] = JSON.parse(text) as [string, string];
  return { path, version };
}

/** Runs a script of this folder in a process of its own; its output is JSON. */
export function child<T>({ path }: Runtime, script: string, ...args: string[]): T {
  const file = fileURLToPath(new URL(script, import.meta.url));
  return JSON.parse(run(path, ["--expose-gc", file, ...args])) as T;
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
