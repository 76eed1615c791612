import { descriptorOf, type FieldSchema, type StructClass } from "@luo/struct";
import { type FamilyError, familyOf } from "@luo/version";
import { type Declared, everyStruct } from "../declared.js";
import { checkRelease } from "./check-release.js";
import { type Lock, nameOf, type PublishedStruct, publishedAs } from "./lock.js";
import { type LockProblem, type Place, placeOf } from "./lock-problem.js";

/**
 * Compares declared classes with the lock. It gives a problem for each published layout that has changed,
 * for published versions that no longer lead to each other, and for each supported release that cannot be
 * updated or rolled back to.
 *
 * @throws {FamilyError} when a family should read or write a version that it does not have
 */
export function checkLock(lock: Lock, declared: Declared): readonly LockProblem[] {
  const where = (struct: StructClass) => placeOf(struct, declared);
  const errors = new Map<string, readonly [FamilyError, StructClass]>();
  const structs = everyStruct(declared, (error, struct) =>
    errors.set(error.message, [error, struct]),
  );
  const published = new Map(lock.structs.map((was) => [nameOf(was), was]));
  const changed = [...structs].flatMap((struct) => {
    const was = published.get(nameOf(descriptorOf(struct)));
    return was === undefined ? [] : changes(was, publishedAs(struct), where(struct));
  });
  // Steps between versions are unknown while the versions of a family do not fit together.
  if (errors.size > 0) {
    const unfit = Array.from(errors.values(), ([error, struct]) => {
      const named = [...structs].find(({ name }) => name === error.struct);
      return misfit(error, where(named ?? struct));
    });
    return [...changed, ...unfit];
  }
  const needs = Object.entries(lock.releases).flatMap(([release, manifest]) =>
    checkRelease({ release, manifest, lock, structs, declared }),
  );
  return [
    ...changed,
    ...unlinked(lock, structs, where),
    // `changed` has each edit by its fields, also that of a struct inside of others.
    ...needs.filter(({ kind }) => kind !== "layout-changed" || changed.length === 0),
  ];
}

/** The differences of a layout: fields that were changed, or else fields that moved. */
function changes(was: PublishedStruct, is: PublishedStruct, place: Place): readonly LockProblem[] {
  const [old, now] = [was, is].map(({ fields }) => new Map(fields.map((f) => [f.name, f])));
  const names = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])];
  const remedy = `undo the edit; to change it, make it a new version: luo bump ${place.struct}`;
  const differing = (as: (field: FieldSchema | undefined) => string) =>
    names.flatMap((field): LockProblem[] => {
      const [was, is] = [as(old?.get(field)), as(now?.get(field))];
      return was === is ? [] : [{ kind: "layout-changed", ...place, field, was, is, remedy }];
    });
  const content = differing((field) => field?.type ?? "no such field");
  // A field that grows moves all fields behind it; the moves say nothing new.
  const fields = content.length > 0 ? content : differing(offset);
  const whole = ({ size, align }: PublishedStruct) => `${size} bytes, aligned to ${align}`;
  if (fields.length > 0 || whole(was) === whole(is)) return fields;
  return [{ kind: "layout-changed", ...place, was: whole(was), is: whole(is), remedy }];
}

function offset(field: FieldSchema | undefined): string {
  const { offset, bitOffset } = field ?? {};
  return bitOffset === undefined ? `at offset ${offset}` : `at bit ${bitOffset}`;
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
