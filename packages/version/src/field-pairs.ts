import { descriptorOf, type FieldDescriptor, type StructClass } from "@luo/struct";
import { type FieldHistory, historyOf } from "./annotations.js";
import { FamilyError } from "./errors.js";
import { type Dropped, droppedOf, type Follows } from "./step-registry.js";

/** A field of the newer class, and its counterpart in the older. */
export interface Pair {
  readonly field: FieldDescriptor;
  readonly history: FieldHistory;
  /** Undefined for a new field. */
  readonly older: FieldDescriptor | undefined;
}

/** Two adjacent versions, and the annotations about the step between them. */
export interface Adjacent {
  readonly older: StructClass;
  readonly newer: StructClass;
  readonly follows: Follows;
  /** Every field of the newer class that has a value. */
  readonly pairs: readonly Pair[];
  /** Every field of the older class that has a value. */
  readonly fields: readonly FieldDescriptor[];
  /** The fields of the older class that the newer drops. */
  readonly dropped: ReadonlyMap<string, Dropped>;
}

/**
 * Finds the counterpart of each field of the newer class: the older field of the name in `@renamed`, or
 * else of the same name. A class that copies or inherits the fields of its predecessor repeats its
 * `@renamed`, which then says nothing about the step between the two.
 *
 * @param before the names of fields in all older classes; a class that was copied may still drop any
 * @throws {FamilyError} when the annotations contradict the classes
 */
export function pair(newer: StructClass, follows: Follows, before: ReadonlySet<string>): Adjacent {
  const { older } = follows;
  const { name, family } = descriptorOf(newer);
  const fail = (field: string, found: string, remedy: string): never => {
    const fault = { found: `${name}.${field} ${found}`, do: remedy };
    throw new FamilyError(family, fault, { struct: name, field });
  };
  const fields = valued(older);
  const target = valued(newer);
  const said = droppedOf(newer);
  for (const field of said.keys()) {
    if (!before.has(field)) fail(field, "is dropped, but no older class has it", "remove @dropped");
  }
  const dropped = new Map([...said].filter(([field]) => fields.some((f) => f.name === field)));
  const source = (wanted: string | undefined) =>
    fields.find((field) => field.name === wanted && !dropped.has(field.name));
  const pairs = target.map((field): Pair => {
    const history = historyOf(field);
    const same = fields.find((other) => other.name === field.name);
    const repeated = same !== undefined && historyOf(same).renamed === history.renamed;
    const older = (repeated ? undefined : source(history.renamed)) ?? source(field.name);
    return { field, history, older };
  });
  for (const [index, { field, older }] of pairs.entries()) {
    const first = pairs.findIndex((other) => older !== undefined && other.older === older);
    if (first < 0 || first === index) continue;
    const others = [pairs[first]?.field.name, field.name].join(" and ");
    const found = `is renamed from ${older?.name}, but ${others} cannot both be`;
    fail(field.name, found, "remove one");
  }
  for (const problem of contradictions(pairs, newer, older)) fail(...problem);
  checkFunctions(newer, older, follows, fail);
  return { older, newer, follows, pairs, fields, dropped };
}

/** The annotations that contradict the fields. */
function* contradictions(
  pairs: readonly Pair[],
  newer: StructClass,
  older: StructClass,
): Generator<[field: string, found: string, remedy: string]> {
  const { version } = descriptorOf(newer);
  for (const { field, history, older: source } of pairs) {
    const { since, renamed } = history;
    const { name } = field;
    if (source === undefined && renamed !== undefined) {
      const found = `is renamed from ${renamed}, but ${older.name} has no such field`;
      yield [name, found, "correct @renamed"];
    }
    if (since === undefined) continue;
    if (since.version < version && source === undefined) {
      const found = `is there since ${since.version}, but ${older.name} lacks it`;
      yield [name, found, `say @since(${version}), or restore it there`];
    }
    if (since.version === version && source !== undefined) {
      const found = `is new since ${version}, but is ${source.name} in ${older.name}`;
      yield [name, found, `remove @since, or say @dropped("${source.name}")`];
    }
  }
}

/** Refuses functions for fields that do not exist. */
function checkFunctions(
  newer: StructClass,
  older: StructClass,
  { upgrade, downgrade }: Follows,
  fail: (field: string, found: string, remedy: string) => never,
): void {
  for (const [direction, functions, struct] of [
    ["upgrade", upgrade, newer] as const,
    ["downgrade", downgrade, older] as const,
  ]) {
    const known = valued(struct).map((field) => field.name);
    for (const name of Object.keys(functions)) {
      if (known.includes(name)) continue;
      const found = `has a function for the ${direction}, but ${struct.name} has no such field`;
      fail(name, found, "give the function for a field that is there");
    }
  }
}

/** The fields with a value: all but reserved space. */
export function valued(struct: StructClass): readonly FieldDescriptor[] {
  return descriptorOf(struct).fields.filter(({ type }) => type.kind !== "reserved");
}
