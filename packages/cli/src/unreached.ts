import { descriptorOf, type StructClass, structsIn } from "@luo/struct";
import { familyOf } from "@luo/version";
import { containersOf } from "./containers.js";
import { type Declared, everyStruct } from "./declared.js";

/** A declared version that no object of the program has, and that no conversion leads to. */
export interface Unreached {
  readonly struct: StructClass;
  readonly is: string;
  readonly remedy: string;
}

const nameOf = (struct: StructClass) => {
  const { family, version } = descriptorOf(struct);
  return `${family}@${version}`;
};

/**
 * The versions that never cross although other versions of their families do: a class that is linked to
 * none of those, or a newer version of a struct that no other struct contains yet. Where several linked
 * versions never cross, the newest stands for them.
 *
 * @throws {FamilyError} when the versions of a family do not fit together
 */
export function unreached(declared: Declared): readonly Unreached[] {
  const crossing = new Map<string, StructClass>();
  for (const { struct } of declared.families) {
    for (const version of versionsOf(struct)) {
      for (const part of structsIn(version)) crossing.set(nameOf(part), part);
    }
  }
  const families = new Set(Array.from(crossing.values(), (each) => descriptorOf(each).family));
  const told = new Set<string>(crossing.keys());
  return [...everyStruct(declared)].flatMap((struct) => {
    const { family } = descriptorOf(struct);
    // An older version is a step on the way to the newest, and is told along with it.
    const isNewest = versionsOf(struct).at(-1) === struct;
    if (!isNewest || !families.has(family) || told.has(nameOf(struct))) return [];
    told.add(nameOf(struct));
    const named = declared.families.find(({ name }) => name === family)?.struct;
    return [{ struct, ...(named ? unlinked(struct, named) : unused(struct, crossing.values())) }];
  });
}

function versionsOf(struct: StructClass): readonly StructClass[] {
  const family = familyOf(struct);
  return family.versions.map((version) => family.structOf(version));
}

/** The program names a class of the family that this one is not linked to. */
function unlinked(struct: StructClass, named: StructClass): Omit<Unreached, "struct"> {
  const versions = [...versionsOf(struct), ...versionsOf(named)];
  const at = (index: number) => versions.find((each) => descriptorOf(each).version === index);
  const isNewer = descriptorOf(struct).version > descriptorOf(named).version;
  const first = Math.min(...versionsOf(isNewer ? struct : named).map(versionOf));
  const [older, newer] = [at(first - 1), at(first)];
  return {
    is: `${struct.name} is not linked to ${named.name}, which the program keeps`,
    remedy:
      older !== undefined && newer !== undefined
        ? `let ${newer.name} extend ${older.name}, or say @follows(${older.name})`
        : `declare the versions between ${struct.name} and ${named.name}`,
  };
}

const versionOf = (struct: StructClass) => descriptorOf(struct).version;

/** No struct contains or refers to this version yet. */
function unused(struct: StructClass, crossing: Iterable<StructClass>): Omit<Unreached, "struct"> {
  const { name } = struct;
  const { family } = descriptorOf(struct);
  const [first, ...others] = containersOf(family, crossing);
  if (first === undefined) {
    return { is: `no struct contains ${name}`, remedy: `let a struct contain ${name}` };
  }
  const fields = [first, ...others].map(({ struct, field, of }) => {
    return `${struct.name}.${field} is of ${of.name}`;
  });
  return {
    is: `no struct contains ${name}: ${fields.join(", ")}`,
    remedy: `luo bump ${first.struct.name}, and let its ${first.field} be of ${name}`,
  };
}
