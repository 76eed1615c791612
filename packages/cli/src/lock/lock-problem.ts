import { descriptorOf, type StructClass } from "@luo/struct";
import type { Declared } from "../declared.js";

/** Why what is declared breaks what was published. */
export interface LockProblem {
  readonly kind: "layout-changed" | "version-gone" | "path-broken" | "never-crosses";
  /** Where the class is declared, if that is known. */
  readonly file?: string;
  readonly family: string;
  readonly version: number;
  /** The class's name. */
  readonly struct?: string;
  /** Absent when it is about the struct as a whole. */
  readonly field?: string;
  /** The supported releases that need it, as in `1.0, 1.1`. */
  readonly release?: string;
  readonly was: string;
  readonly is: string;
  /** What to do. */
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

/** A problem as text of a few lines: where it is, what was, what is, and what to do. */
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
