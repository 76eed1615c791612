import { type StructClass, structsIn } from "@luo/struct";
import { type Family, FamilyError, familyOf } from "@luo/version";

/** The families and structs that a program or a package declares. */
export interface Declared {
  /** The families whose objects it reads and writes. */
  readonly families: readonly Family[];
  /** Classes beside those of the families. */
  readonly structs?: readonly StructClass[];
  /** Gives the file that declares a class, for the developer who has to change it. */
  readonly fileOf?: (struct: StructClass) => string | undefined;
}

/**
 * Gives every class of every version, with all classes that these contain or refer to. Versions that
 * are retired and classes that no module exports are among them.
 *
 * @param failed is called with each family whose versions do not fit together; without it the first one
 *   is thrown
 * @throws {FamilyError} when the versions of a family do not fit together
 */
export function everyStruct(
  { families, structs = [] }: Declared,
  failed?: (error: FamilyError, struct: StructClass) => void,
): ReadonlySet<StructClass> {
  const reached = new Set([...families.map(({ struct }) => struct), ...structs]);
  for (const struct of reached) {
    for (const mentioned of structsIn(struct)) reached.add(mentioned);
    try {
      const family = familyOf(struct);
      for (const version of family.versions) reached.add(family.structOf(version));
    } catch (error) {
      if (failed === undefined || !(error instanceof FamilyError)) throw error;
      failed(error, struct);
    }
  }
  return reached;
}
