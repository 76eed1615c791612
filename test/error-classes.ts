import { readdirSync, readFileSync } from "node:fs";
import { LuoError, LuoRangeError } from "@luo/struct";
import { LinuxError } from "../packages/linux/src/errors.js";
import { Misfit } from "../packages/version/src/value-misfit.js";

export type ErrorClass = typeof LuoError | typeof LuoRangeError;

/** Classes without a code: base classes, and one that no caller ever sees. */
export const CODELESS: readonly unknown[] = [LuoError, LuoRangeError, LinuxError, Misfit];

/** The packages that are published. */
export const PACKAGES = readdirSync("packages").filter((name) => name !== "bench");

export const SOURCES = PACKAGES.flatMap((name) =>
  readdirSync(`packages/${name}/src`, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `packages/${name}/src/${file}`)
    .map((path) => ({ name, path, text: readFileSync(path, "utf8") })),
);

/** Every class of errors of every package, exported or not. */
export const CLASSES = await Promise.all(
  SOURCES.filter(({ text }) =>
    /^(export )?(abstract )?class \w+ extends \w*Error\b/m.test(text),
  ).map(async ({ name, path }) => {
    const classes = await errorClassesOf(path);
    return classes
      .filter((error) => !CODELESS.includes(error))
      .map((error) => ({ name: error.name, package: name, error }));
  }),
).then((found) => found.flat());

export async function errorClassesOf(path: string): Promise<readonly ErrorClass[]> {
  const module: Record<string, unknown> = await import(`../${path}`);
  return Object.values(module).filter(isErrorClass);
}

function isErrorClass(value: unknown): value is ErrorClass {
  return typeof value === "function" && value.prototype instanceof Error;
}

/** A row of docs/ERRORS.md, for one package. */
export interface Row {
  readonly code: string;
  readonly error: string;
  readonly package: string;
  readonly when: string;
  readonly do: string;
}

/** The table of codes. Two packages that may not import each other can share a code. */
export const BY_CODE: ReadonlyMap<string, readonly Row[]> = (() => {
  const rows = CLASSES.flatMap(({ name, package: from, error }) =>
    Object.entries(error.codes).map(([code, row]): Row => {
      return { code, error: name, package: from, ...row };
    }),
  );
  const codes = [...new Set(rows.map(({ code }) => code))].sort();
  return new Map(codes.map((code) => [code, rows.filter((row) => row.code === code)]));
})();
