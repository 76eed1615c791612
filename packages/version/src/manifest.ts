import { fingerprintOf } from "@luo/struct";
import type { Family } from "./family.js";

/** What a program reads and writes, as JSON: exchanged before an update, or kept with a release. */
export interface Manifest {
  readonly families: Readonly<Record<string, FamilyManifest>>;
}

export interface FamilyManifest {
  /** Versions that the program can read, ascending. */
  readonly reads: readonly number[];
  /** Versions that the program can write, ascending. */
  readonly writes: readonly number[];
  /** The layout fingerprint of each version: 16 hexadecimal digits. */
  readonly layouts: Readonly<Record<string, string>>;
}

/** The manifest of a program that knows these families: it reads and writes every version of each. */
export function manifestOf(families: Iterable<Family>): Manifest {
  return {
    families: Object.fromEntries(
      Array.from(families, (family): [string, FamilyManifest] => {
        const { versions } = family;
        const layouts = Object.fromEntries(
          versions.map((version) => [
            version,
            fingerprintOf(family.structOf(version)).toString(16).padStart(16, "0"),
          ]),
        );
        return [family.name, { reads: versions, writes: versions, layouts }];
      }),
    ),
  };
}
