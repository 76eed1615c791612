import { fingerprintOf } from "@luo/struct";
import { FamilyError } from "./errors.js";
import { checkFamily, type Family } from "./family.js";

/**
 * The versions that a program reads and writes, as JSON. Two programs exchange manifests before an
 * update, and a lock keeps one per release. The schema is `@luo/version/manifest.schema.json`.
 */
export interface Manifest {
  /** The format of the manifest itself. */
  readonly format: 1;
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

/**
 * The manifest of a program with these families.
 *
 * @throws {FamilyError} when two families of one name differ, or the versions of one do not fit together
 * @throws {ArgumentError} when one is no family
 */
export function manifestOf(families: Iterable<Family>): Manifest {
  const entries = new Map<string, FamilyManifest>();
  for (const family of families) {
    checkFamily(family);
    const entry = entryOf(family);
    const other = entries.get(family.name);
    if (other !== undefined && JSON.stringify(other) !== JSON.stringify(entry)) {
      const found = "is given twice, with other versions";
      const fault = { found, do: "give the program one of the two" };
      throw new FamilyError(family.name, fault, { struct: family.struct.name });
    }
    entries.set(family.name, entry);
  }
  return { format: 1, families: Object.fromEntries(entries) };
}

function entryOf(family: Family): FamilyManifest {
  const { reads, writes } = family;
  const layouts = reads.map((version) => {
    const fingerprint = fingerprintOf(family.structOf(version));
    return [version, fingerprint.toString(16).padStart(16, "0")] as const;
  });
  return { reads, writes, layouts: Object.fromEntries(layouts) };
}
