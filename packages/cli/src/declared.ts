import { type StructClass, structsIn } from "@luo/struct";
import { type Family, FamilyError, familyOf } from "@luo/version";

/** What a program or a package declares. */
export interface Declared {
  /** Those that it reads and writes objects of. */
  readonly families: readonly Family[];
  /** Classes that are known beside those of the families. */
  readonly structs?: readonly StructClass[];
  /** Where a class is declared, for whoever has to change it. */
  readonly fileOf?: (struct: StructClass) => string | undefined;
}

/**
 * Every class of every version, and all that they contain or refer to: also versions that are
 * retired, and classes that nobody exports.
 *
 * @param failed told of families whose versions do not fit together, in place of throwing
 * @throws {FamilyError} when there is one
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
