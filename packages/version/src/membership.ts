import { describe, type StructClass } from "@luo/struct";
import { FamilyError } from "./errors.js";
import type { Family } from "./family.js";

const families = new WeakMap<StructClass, Family>();

/** Notes that the class is a version of the family, in place of any earlier one. */
export function join(struct: StructClass, family: Family): void {
  families.set(struct, family);
}

/**
 * The family that a class was last made part of.
 *
 * @throws {FamilyError} when it is in none
 */
export function familyOf(struct: StructClass): Family {
  const found = families.get(struct);
  if (found === undefined) {
    const { name, family } = describe(struct);
    throw new FamilyError(family, `${name} is in no family; declare it with family(${name})`);
  }
  return found;
}

/** Whether both classes are versions of one family. */
export function related(a: StructClass, b: StructClass): boolean {
  return families.has(a) && families.has(b) && describe(a).family === describe(b).family;
}
