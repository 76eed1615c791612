import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { EMPTY_LOCK, type Lock, parseLock } from "@luo/version";
import { reasonOf, UsageError } from "./errors.js";

/** What `luo` in a package.json says, and where that is. */
export interface Project {
  /** The folder of the package.json. */
  readonly folder: string;
  /** Absolute paths of the compiled modules. */
  readonly modules: readonly string[];
  /** The absolute path of the lock. */
  readonly lock: string;
  /** Packages that the project depends on, to develop it as well. */
  readonly dependencies: ReadonlySet<string>;
}

/**
 * The project of a folder: that of the nearest package.json. Modules and a lock that are given as
 * arguments stand in for those that it names.
 *
 * @throws {UsageError} when there are neither, or they are none
 */
export function projectOf(cwd: string, modules: readonly string[], lock?: string): Project {
  const folder = nearest(cwd) ?? cwd;
  const { luo = {}, ...manifest } = read(join(folder, "package.json"));
  const config = members(luo);
  const { modules: named = [], lock: locked = "luo.lock.json" } = config ?? {};
  if (config === undefined || !isTexts(named) || typeof locked !== "string") {
    const expected = `{ "modules": ["dist/structs.js"], "lock": "luo.lock.json" }`;
    throw new UsageError(`luo in ${join(folder, "package.json")} is not as ${expected}`);
  }
  return {
    folder,
    modules:
      modules.length > 0
        ? modules.map((module) => resolve(cwd, module))
        : named.map((module) => resolve(folder, module)),
    lock: lock === undefined ? resolve(folder, locked) : resolve(cwd, lock),
    dependencies: new Set(
      ["dependencies", "devDependencies", "peerDependencies"].flatMap((kind) =>
        Object.keys(members(manifest[kind]) ?? {}),
      ),
    ),
  };
}

/** @throws {UsageError} when it is no lock, or is not there although it must be */
export function readLock(path: string, cwd: string, { must }: { readonly must: boolean }): Lock {
  const name = shown(path, cwd);
  if (!existsSync(path)) {
    if (!must) return EMPTY_LOCK;
    throw new UsageError(`${name} is not there; luo publish writes it`);
  }
  try {
    return parseLock(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new UsageError(`${name}: ${reasonOf(cause)}`, { cause });
  }
}

/** A path as messages show it. */
export function shown(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith("..") && short.length > path.length ? path : short;
}

function nearest(folder: string): string | undefined {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearest(parent);
}

function read(path: string): Readonly<Record<string, unknown>> {
  if (!existsSync(path)) return {};
  try {
    return members(JSON.parse(readFileSync(path, "utf8"))) ?? {};
  } catch (cause) {
    throw new UsageError(`${path} is not JSON`, { cause });
  }
}

function isTexts(found: unknown): found is readonly string[] {
  return Array.isArray(found) && found.every((entry) => typeof entry === "string");
}

function members(found: unknown): Readonly<Record<string, unknown>> | undefined {
  const record = typeof found === "object" && found !== null && !Array.isArray(found);
  return record ? (found as Record<string, unknown>) : undefined;
}
