import { descriptorOf, type Fault, isStruct, type StructClass, show, structOf } from "@luo/struct";
import { historyOf } from "./annotations.js";
import { FamilyError } from "./errors.js";
import { pair, valued } from "./field-pairs.js";
import { planStep, type Step } from "./step.js";
import { droppedOf, followersOf, followsOf, settle } from "./step-registry.js";
import type { RelateStructs } from "./type-relation.js";
import { Misfit } from "./value-misfit.js";

/** The linked versions of one struct, and the steps between them. */
export interface Lineage {
  /** The version of the first class. Each following class is one version higher. */
  readonly oldest: number;
  readonly structs: readonly StructClass[];
  /** The step at an index leads from the class at that index to the next. */
  readonly steps: readonly Step[];
}

const lineages = new WeakMap<StructClass, Lineage>();

/**
 * The lineage of a class. The first call links and checks its versions; no version can be added later.
 *
 * @throws {FamilyError} when the versions do not fit together
 */
export function lineageOf(struct: StructClass): Lineage {
  const known = lineages.get(struct);
  if (known !== undefined) return known;
  const structs = linked(struct);
  const steps: Step[] = [];
  const lineage = { oldest: descriptorOf(structs[0] ?? struct).version, structs, steps };
  // Planning may ask for this lineage, as structs can refer to each other and to older versions of
  // themselves.
  for (const member of structs) lineages.set(member, lineage);
  try {
    steps.push(...planSteps(structs));
  } catch (error) {
    for (const member of structs) lineages.delete(member);
    throw error;
  }
  settle(structs);
  return lineage;
}

const NONE: ReadonlySet<string> = new Set();

/** Converts an object from one version to another, step by step. */
export function pass({ oldest, steps }: Lineage, value: object, from: number, to: number): object {
  let current = value;
  for (let at = from - oldest; at < to - oldest; at++) current = steps[at]?.up(current) ?? current;
  let invented = NONE;
  for (let at = from - oldest; at > to - oldest; at--) {
    current = steps[at - 1]?.down(current, invented) ?? current;
    invented = steps[at - 1]?.invents(invented) ?? invented;
  }
  return current;
}

function planSteps(structs: readonly StructClass[]): readonly Step[] {
  const before = new Set<string>();
  return structs.flatMap((struct) => {
    const follows = followsOf(struct);
    checkSince(struct, follows !== undefined);
    const step = follows && planStep(pair(struct, follows, before), relateStructs);
    for (const field of valued(struct)) before.add(field.name);
    return step === undefined ? [] : [step];
  });
}

/** @throws {FamilyError} when `@since` names a later version, or a class that follows none has history */
function checkSince(struct: StructClass, follows: boolean): void {
  const { name, version, family, fields } = descriptorOf(struct);
  const fail = (field: string, found: string, remedy: string): never => {
    const fault = { found: `${name}.${field} ${found}`, do: remedy };
    throw new FamilyError(family, fault, { struct: name, field });
  };
  const base: StructClass = Object.getPrototypeOf(struct);
  const other = isStruct(base) ? descriptorOf(base) : undefined;
  // A class follows the one that it extends, except across families: the names are what to correct.
  const [alone, remedy] =
    other === undefined
      ? [
          `but ${name} follows no class`,
          "say @follows(<the class before>), or remove the annotation",
        ]
      : [
          `but ${name} is of family ${family}, and extends ${other.name} of family ${other.family}`,
          `give both one name, as in @LuoStruct(${version}, { family: ${show(other.family)} }): without it the class's name is used, which a minifier changes`,
        ];
  for (const field of fields) {
    const since = historyOf(field).since?.version ?? 0;
    if (since > version) {
      fail(
        field.name,
        `is there since ${since}, but the class is version ${version}`,
        "correct @since",
      );
    }
    // Without the link, the class would be a family of its own, and only an update would show it.
    if (since === version && version > 0 && !follows) fail(field.name, `is new, ${alone}`, remedy);
  }
  const [dropped] = droppedOf(struct).keys();
  if (dropped !== undefined && !follows) fail(dropped, `is dropped, ${alone}`, remedy);
}

/** Relates nested structs that are versions of one family, so that they are converted too. */
export const relateStructs: RelateStructs = (older, newer) => {
  if (older === newer) return {};
  const lineage = lineageOf(older);
  if (!lineage.structs.includes(newer)) return undefined;
  const [from, to] = [descriptorOf(older).version, descriptorOf(newer).version];
  return {
    up: (value) => passNested(lineageOf(older), value as object, from, to),
    down: (value) => passNested(lineageOf(older), value as object, to, from),
  };
};

/**
 * Converts a nested object. Its own class says its version: a program may have put there an object of
 * another version than the field has.
 */
function passNested(lineage: Lineage, value: object, from: number, to: number): object {
  const struct = structOf(value);
  if (struct === undefined) return pass(lineage, value, from, to);
  const index = lineage.structs.indexOf(struct);
  if (index >= 0) return pass(lineage, value, lineage.oldest + index, to);
  const expected = `an object of ${lineage.structs.map(({ name }) => name).join(" or ")}`;
  throw new Misfit("", { found: show(value), expected });
}

/**
 * The classes linked to a class so far, in the order of versions. Further ones can be declared until
 * `lineageOf` is called.
 *
 * @throws {FamilyError} when they do not fit together
 */
export function declaredVersions(struct: StructClass): readonly StructClass[] {
  return lineages.get(struct)?.structs ?? linked(struct);
}

/** The classes linked to a class, directly or through others, in the order of versions. */
function linked(struct: StructClass): readonly StructClass[] {
  const reached = new Set([struct]);
  for (const next of reached) {
    const older = followsOf(next)?.older;
    if (older !== undefined) reached.add(older);
    for (const newer of followersOf(next)) reached.add(newer);
  }
  const structs = [...reached].sort((a, b) => descriptorOf(a).version - descriptorOf(b).version);
  const { family } = descriptorOf(structs[0] ?? struct);
  for (const [index, member] of structs.entries()) {
    const fault = misplaced(member, structs[index - 1], family);
    if (fault !== undefined) throw new FamilyError(family, fault, { struct: member.name });
    if (!lineages.has(member)) continue;
    const late = structs.find((candidate) => !lineages.has(candidate))?.name;
    throw new FamilyError(family, {
      found: `${late} came after the family was used`,
      do: "declare all versions before the family is first used",
    });
  }
  return structs;
}

/** The fault of a class at its place behind the version before; undefined when there is none. */
function misplaced(
  struct: StructClass,
  before: StructClass | undefined,
  wanted: string,
): Fault | undefined {
  const { name, version, family } = descriptorOf(struct);
  const older = followsOf(struct)?.older;
  if (family !== wanted) {
    return {
      found: `${name} is of family ${family}`,
      do: `say @LuoStruct(${version}, { family: "${wanted}" })`,
    };
  }
  if (before !== undefined && descriptorOf(before).version === version) {
    return {
      found: `${descriptorOf(before).name} and ${name} are both version ${version}`,
      do: "make one of them another version",
    };
  }
  if (older === undefined) return undefined;
  const last = descriptorOf(older);
  if (last.version !== version - 1) {
    return {
      found: `${name} is version ${version}, but follows ${last.name} of version ${last.version}`,
      do: "let versions go up by one",
    };
  }
  return undefined;
}
