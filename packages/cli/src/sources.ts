import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The source file of a class, from the source map of its compiled module; undefined when none tells it. */
export function sourceOf(module: string, name: string): string | undefined {
  const map = `${module}.map`;
  if (!existsSync(map)) return undefined;
  let sources: readonly unknown[];
  let root = "";
  try {
    ({ sources, sourceRoot: root = "" } = JSON.parse(readFileSync(map, "utf8")));
  } catch {
    return undefined;
  }
  return sources
    .map((source) => resolve(dirname(map), root, String(source)))
    .find((source) => existsSync(source) && declares(readFileSync(source, "utf8"), name));
}

/** True when a source declares a class of this name. */
export function declares(source: string, name: string): boolean {
  return new RegExp(`\\bclass\\s+${name.replaceAll("$", "\\$")}(?![\\w$])`).test(source);
}
