import {
  descriptorOf,
  enumNamesOf,
  type FieldDescriptor,
  type FieldType,
  notation,
  type StructClass,
} from "@luo/struct";
import type { Primitive } from "./annotations.js";
import { conform } from "./conforming.js";
import type { Convert } from "./converted-sequence.js";
import { FamilyError } from "./errors.js";
import type { Adjacent, Pair } from "./field-pairs.js";
import { type RelateStructs, relate } from "./type-relation.js";
import { misfitOf } from "./value-check.js";
import { Misfit } from "./value-misfit.js";

/** The source of a field's value in a conversion. */
export type Source =
  | { readonly kind: "field"; readonly name: string; readonly convert: Convert | undefined }
  | { readonly kind: "value"; readonly value: Primitive }
  | { readonly kind: "function"; readonly make: (from: object) => unknown }
  /** The initial value that a new object of the class has. */
  | { readonly kind: "own" }
  /** No value: a downgrade throws. */
  | { readonly kind: "none" };

/** The sources of the target's fields, by field name. */
export type Sources = ReadonlyMap<string, Source>;

/** The sources of the newer class's fields in an upgrade. @throws {FamilyError} when one has none */
export function upwards(step: Adjacent, structs: RelateStructs): Sources {
  const { newer, older, follows } = step;
  const extended = Object.getPrototypeOf(newer) === older;
  return new Map(
    step.pairs.map((pair): [string, Source] => {
      const { field, history } = pair;
      const { name } = field;
      const initial = history.since?.initial;
      const make = ownValue(follows.upgrade, name);
      const was = pair.older;
      if (make !== undefined) {
        if (was === undefined && initial !== undefined) {
          const found = "has both a default and a function for the upgrade";
          fail(newer, name, found, "keep one");
        }
        return [name, made(field, make, structs)];
      }
      if (was !== undefined) return [name, carriedUp(step, pair, was, structs)];
      if (history.since === undefined && !extended) {
        fail(
          newer,
          name,
          `has no counterpart in ${older.name}`,
          `say @since(${descriptorOf(newer).version}, <default>) or @renamed("<old name>")`,
        );
      }
      return [name, given(newer, field, initial, structs) ?? own(newer, field)];
    }),
  );
}

/** The sources of the older class's fields in a downgrade. @throws {FamilyError} when one has none */
export function downwards(step: Adjacent, structs: RelateStructs): Sources {
  const { newer, older, follows, dropped } = step;
  return new Map(
    step.fields.map((field): [string, Source] => {
      const { name } = field;
      const make = ownValue(follows.downgrade, name);
      const drop = dropped.get(name);
      if (make !== undefined) {
        if (drop !== undefined) {
          fail(newer, name, "has both @dropped and a function for the downgrade", "keep one");
        }
        return [name, made(field, make, structs)];
      }
      if (drop !== undefined) {
        return [name, given(older, field, drop.initial, structs) ?? { kind: "none" }];
      }
      const pair = step.pairs.find((candidate) => candidate.older === field);
      if (pair !== undefined) return [name, carriedDown(step, pair, field, structs)];
      return fail(
        older,
        name,
        `has no counterpart in ${newer.name}`,
        `say @dropped("${name}", <value for older readers>) there, or @renamed("${name}")`,
      );
    }),
  );
}

/** The source that a default gives; undefined without a default. */
function given(
  struct: StructClass,
  field: FieldDescriptor,
  initial: Primitive | ((from: object) => unknown) | undefined,
  structs: RelateStructs,
): Source | undefined {
  if (initial === undefined) return undefined;
  if (typeof initial === "function") return made(field, initial, structs);
  const misfit = misfitOf(field.type, initial);
  if (misfit !== undefined) {
    const remedy = "give a default that fits";
    unfit(struct, field.name, { ...misfit, what: "default", do: remedy });
  }
  return { kind: "value", value: initial };
}

/**
 * A function as the source. Objects in its results are converted to the versions of their places: a
 * function may pass on those of the object that it is given. Results are checked against the field's
 * type, because programs in plain JavaScript are not type-checked.
 */
function made(
  { type }: FieldDescriptor,
  make: (from: object) => unknown,
  structs: RelateStructs,
): Source {
  return {
    kind: "function",
    make: (from) => {
      const value = conform(type, make(from), structs);
      const misfit = misfitOf(type, value);
      if (misfit === undefined) return value;
      const found = `${misfit.found}, made for it by a function`;
      throw new Misfit("", { found, expected: misfit.expected, do: "correct the function" });
    },
  };
}

function own(struct: StructClass, { name, type }: FieldDescriptor): Source {
  const value = (new struct() as Record<string, unknown>)[name];
  const misfit = misfitOf(type, value);
  if (misfit !== undefined) {
    const remedy = "give a default: @since(n, ...)";
    unfit(struct, name, { ...misfit, what: "initial value", do: remedy });
  }
  return { kind: "own" };
}

/**
 * The older field as the source of an upgrade, with the conversion between their types if they
 * differ.
 */
function carriedUp(step: Adjacent, pair: Pair, was: FieldDescriptor, structs: RelateStructs) {
  const relation = relate(was.type, pair.field.type, structs);
  if (relation === undefined) return unrelated(step, pair.field, was, "upgrade", pair.field.name);
  return { kind: "field", name: was.name, convert: relation.up } as const;
}

/**
 * The newer field as the source of a downgrade. The newer field may also be narrower: then only the
 * upgrade needs a function.
 */
function carriedDown(
  step: Adjacent,
  { field }: Pair,
  was: FieldDescriptor,
  structs: RelateStructs,
) {
  const relation = relate(was.type, field.type, structs);
  const narrowed = relation === undefined ? relate(field.type, was.type, structs) : undefined;
  const convert = relation === undefined ? narrowed?.up : relation.down;
  if (relation ?? narrowed) return { kind: "field", name: field.name, convert } as const;
  return unrelated(step, field, was, "downgrade", was.name);
}

function unrelated(
  { older, newer }: Adjacent,
  field: FieldDescriptor,
  was: FieldDescriptor,
  direction: string,
  target: string,
): never {
  return fail(
    newer,
    field.name,
    `is ${typeText(field.type)}, but ${older.name}.${was.name} is ${typeText(was.type)}`,
    `give @follows(${older.name}, { ${direction}: { ${target}: (from) => ... } })`,
  );
}

/** The notation of a type, and the names of its enum's members, which the notation leaves out. */
function typeText(type: FieldType): string {
  const names = Array.from(enumNamesOf(type) ?? [], ([name, number]) => `${name} = ${number}`);
  return names.length === 0 ? notation(type) : `${notation(type)} (${names.join(", ")})`;
}

/** The function given for a field. It is an own property, so that a field can have any name. */
function ownValue(
  functions: Readonly<Record<string, (from: object) => unknown>>,
  name: string,
): ((from: object) => unknown) | undefined {
  return Object.hasOwn(functions, name) ? functions[name] : undefined;
}

function fail(struct: StructClass, field: string, found: string, remedy: string): never {
  const { name, family } = descriptorOf(struct);
  const fault = { found: `${name}.${field} ${found}`, do: remedy };
  throw new FamilyError(family, fault, { struct: name, field });
}

/** Throws the error for a default or initial value that its field's type cannot hold. */
function unfit(
  struct: StructClass,
  field: string,
  fault: {
    readonly what: string;
    readonly found: string;
    readonly expected: string;
    readonly do: string;
  },
): never {
  const { name, family } = descriptorOf(struct);
  const found = `${fault.found} as the ${fault.what} of ${name}.${field}`;
  const { expected, do: remedy } = fault;
  throw new FamilyError(family, { found, expected, do: remedy }, { struct: name, field });
}
