import { descriptorOf, type StructClass } from "@luo/struct";
import type { Declared } from "../declared.js";

/** A way in which declared classes break what was published. */
export interface LockProblem {
  readonly kind: "layout-changed" | "version-gone" | "path-broken" | "never-crosses";
  /** The file that declares the class, if it is known. */
  readonly file?: string;
  readonly family: string;
  readonly version: number;
  /** The class's name. */
  readonly struct?: string;
  /** Absent when the problem is about the struct as a whole. */
  readonly field?: string;
  /** The supported releases that need the version, as in `1.0, 1.1`. */
  readonly release?: string;
  readonly was: string;
  readonly is: string;
  /** The way to solve the problem. */
  readonly remedy: string;
}

/** The class that a problem is about. */
export type Place = Pick<LockProblem, "family" | "version" | "struct" | "file">;

export function placeOf(struct: StructClass, { fileOf }: Declared): Place {
  const { name, family, version } = descriptorOf(struct);
  const file = fileOf?.(struct);
  return { family, version, struct: name, ...(file === undefined ? {} : { file }) };
}

const TITLES: Readonly<Record<LockProblem["kind"], string>> = {
  "layout-changed": "a published layout has changed",
  "version-gone": "a version is gone that a supported release needs",
  "path-broken": "versions do not lead to each other",
  "never-crosses": "a version never crosses",
};

/** Writes a problem in four lines: its place, what was, what is, and what to do. */
export function explainProblem(problem: LockProblem): string {
  const { kind, file, family, version, struct, field, was, is, remedy } = problem;
  const place = [struct ?? family, ...(field === undefined ? [] : [field])].join(".");
  return [
    `${file === undefined ? "" : `${file}: `}${place} (${family}@${version}): ${TITLES[kind]}`,
    `  was  ${was}`,
    `  is   ${is}`,
    `  do   ${remedy}`,
  ].join("\n");
}
