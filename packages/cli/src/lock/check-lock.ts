import { descriptorOf, type StructClass } from "@luo/struct";
import { type FamilyError, familyOf } from "@luo/version";
import { type Declared, everyStruct } from "../declared.js";
import { unreached } from "../unreached.js";
import { checkReleases } from "./check-releases.js";
import { layoutChanges } from "./layout-changes.js";
import { type Lock, nameOf } from "./lock.js";
import { type LockProblem, type Place, placeOf } from "./lock-problem.js";

/**
 * Compares declared classes with the lock. It gives a problem for each published layout that has changed,
 * for published versions that no longer lead to each other, for each declared version that can never cross,
 * and for each supported release that cannot be updated or rolled back to.
 *
 * @throws {FamilyError} when a family should read or write a version that it does not have
 */
export function checkLock(lock: Lock, declared: Declared): readonly LockProblem[] {
  const where = (struct: StructClass) => placeOf(struct, declared);
  const errors = new Map<string, readonly [FamilyError, StructClass]>();
  const structs = everyStruct(declared, (error, struct) =>
    errors.set(error.message, [error, struct]),
  );
  const changed = layoutChanges(lock, structs, where);
  // Steps between versions are unknown while the versions of a family do not fit together.
  if (errors.size > 0) {
    const unfit = Array.from(errors.values(), ([error, struct]) => {
      const named = [...structs].find(({ name }) => name === error.struct);
      return misfit(error, where(named ?? struct));
    });
    return [...changed, ...unfit];
  }
  const broken = [...unlinked(lock, structs, where)];
  const known = new Set(broken.map(({ family }) => family));
  const lost = unreached(declared)
    .map(({ struct, is, remedy }): LockProblem => {
      const was = "a version that objects of the program can have";
      return { kind: "never-crosses", ...where(struct), was, is, remedy };
    })
    .filter(({ family }) => !known.has(family));
  for (const { family } of lost) known.add(family);
  // A release lacks what is not linked any more; the link is what is missing.
  const needs = checkReleases({ lock, structs, declared })
    .filter(({ family }) => !known.has(family))
    // An edit is told by its fields already, also where the struct lies inside of others.
    .filter(({ kind }) => kind !== "layout-changed" || changed.length === 0);
  return [...changed, ...broken, ...lost, ...needs];
}

function misfit({ struct, field, found, do: remedy }: FamilyError, place: Place): LockProblem {
  return {
    kind: "path-broken",
    ...place,
    ...(struct === undefined ? {} : { struct }),
    ...(field === undefined ? {} : { field }),
    was: "a family whose versions fit together",
    is: found,
    remedy,
  };
}

/** Published versions whose classes exist, but do not lead to each other. */
function unlinked(
  { structs: published }: Lock,
  structs: ReadonlySet<StructClass>,
  where: (struct: StructClass) => Place,
): readonly LockProblem[] {
  // A name has more than one class when a module was loaded as ESM and as CommonJS.
  const byName = new Map<string, StructClass[]>();
  for (const struct of structs) {
    const name = nameOf(descriptorOf(struct));
    byName.set(name, [...(byName.get(name) ?? []), struct]);
  }
  const before = new Map<string, { version: number; classes: readonly StructClass[] }>();
  return published.flatMap(({ family, version }): LockProblem[] => {
    const classes = byName.get(nameOf({ family, version })) ?? [];
    const [struct] = classes;
    if (struct === undefined) return [];
    const older = before.get(family);
    before.set(family, { version, classes });
    const leads = (from: StructClass) => familyOf(from).versions.includes(version);
    if (older === undefined || older.classes.some(leads)) return [];
    const name = older.classes[0]?.name;
    return [
      {
        kind: "path-broken",
        ...where(struct),
        was: `version ${older.version} becomes version ${version}`,
        is: `${struct.name} does not follow ${name}`,
        remedy:
          older.version === version - 1
            ? `let it extend ${name}, or say @follows(${name})`
            : `restore the class of version ${older.version + 1}, which follows ${name}`,
      },
    ];
  });
}
