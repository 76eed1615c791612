import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { jsonObject, jsonRecord, readJson } from "@luo/version/json";
import * as v from "valibot";
import { reasonOf, UsageError } from "./errors.js";
import { EMPTY_LOCK, type Lock } from "./lock/lock.js";
import { parseLock } from "./lock/parse-lock.js";

const EXAMPLE = `"luo": { "modules": ["dist/structs.js"], "lock": "luo.lock.json" }`;

const dependencies = v.exactOptional(jsonRecord(v.unknown()));

/** The members of a package.json that are read here. */
const packageShape = jsonObject({
  luo: v.exactOptional(
    jsonObject({
      modules: v.exactOptional(v.array(v.string("a path"), "an array of paths")),
      lock: v.exactOptional(v.string("a path")),
    }),
  ),
  dependencies,
  devDependencies: dependencies,
  peerDependencies: dependencies,
});

/** A project: the `luo` section of its package.json, with paths resolved. */
export interface Project {
  /** The folder of the package.json. */
  readonly folder: string;
  /** Absolute paths of the compiled modules. */
  readonly modules: readonly string[];
  /** The absolute path of the lock. */
  readonly lock: string;
  /** Packages that the project depends on, at run time or for development. */
  readonly dependencies: ReadonlySet<string>;
}

/**
 * Gives the project of a folder from the nearest package.json above it. Modules and a lock that are
 * given as arguments replace the ones that package.json names.
 *
 * @throws {UsageError} when package.json cannot be read, or its `luo` section has another shape
 */
export function projectOf(cwd: string, modules: readonly string[], lock?: string): Project {
  const folder = nearest(cwd) ?? cwd;
  const { luo = {}, ...manifest } = read(join(folder, "package.json"));
  const { modules: named = [], lock: locked = "luo.lock.json" } = luo;
  return {
    folder,
    modules:
      modules.length > 0
        ? modules.map((module) => moduleAt(cwd, module))
        : named.map((module) => moduleAt(folder, module)),
    lock: lock === undefined ? resolve(folder, locked) : resolve(cwd, lock),
    dependencies: new Set(
      (["dependencies", "devDependencies", "peerDependencies"] as const).flatMap((kind) =>
        Object.keys(manifest[kind] ?? {}),
      ),
    ),
  };
}

/** The path of a module that is named by its file, or by its package: `luo` exports handlers. */
function moduleAt(folder: string, module: string): string {
  const file = resolve(folder, module);
  if (existsSync(file)) return file;
  try {
    return createRequire(join(folder, "package.json")).resolve(module);
  } catch {
    return file;
  }
}

/**
 * Reads a lock. A file that is missing gives an empty lock, unless it `must` exist.
 *
 * @throws {UsageError} when the file is no lock, or is missing although it must exist
 */
export function readLock(path: string, cwd: string, { must }: { readonly must: boolean }): Lock {
  const name = shown(path, cwd);
  if (!existsSync(path)) {
    if (!must) return EMPTY_LOCK;
    throw new UsageError({ found: `${name} is not there`, do: "luo publish writes it" });
  }
  try {
    return parseLock(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new UsageError(`${name}: ${reasonOf(cause)}`, { cause });
  }
}

/** A path for messages: relative to a folder, unless the absolute path is shorter. */
export function shown(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith("..") && short.length > path.length ? path : short;
}

function nearest(folder: string): string | undefined {
  if (existsSync(join(folder, "package.json"))) return folder;
  const parent = dirname(folder);
  return parent === folder ? undefined : nearest(parent);
}

function read(file: string): v.InferOutput<typeof packageShape> {
  if (!existsSync(file)) return {};
  return readJson(packageShape, readFileSync(file, "utf8"), (path, fault, options) => {
    const remedy = path.startsWith("luo") ? `say ${EXAMPLE}` : "correct the file";
    const where = path === "" ? file : `${path} in ${file}`;
    return new UsageError({ ...fault, do: remedy }, { ...options, where });
  });
}
