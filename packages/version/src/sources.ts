import { descriptorOf, type FieldDescriptor, notation, type StructClass } from "@luo/struct";
import type { Primitive } from "./annotations.js";
import { FamilyError } from "./errors.js";
import type { Adjacent, Pair } from "./field-pairs.js";
import { type Convert, type RelateStructs, relate } from "./type-relation.js";
import { misfitOf } from "./value-check.js";
import { Misfit } from "./value-misfit.js";

/** Where the value of a field comes from. */
export type Source =
  | { readonly kind: "field"; readonly name: string; readonly convert: Convert | undefined }
  | { readonly kind: "value"; readonly value: Primitive }
  | { readonly kind: "function"; readonly make: (from: object) => unknown }
  /** What a new object of the class has there by itself. */
  | { readonly kind: "own" }
  /** Nothing can be put there: a downgrade throws. */
  | { readonly kind: "none" };

/** Where each field of the target comes from, by name. */
export type Sources = ReadonlyMap<string, Source>;

/** Where each field of the newer class comes from, on the way up. */
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
        return [name, made(field, make)];
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
      return [name, given(newer, field, initial) ?? own(newer, field)];
    }),
  );
}

/** Where each field of the older class comes from, on the way down. */
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
        return [name, made(field, make)];
      }
      if (drop !== undefined) return [name, given(older, field, drop.initial) ?? { kind: "none" }];
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

/** A source that annotations give; undefined when they give none. */
function given(
  struct: StructClass,
  field: FieldDescriptor,
  initial: Primitive | ((from: object) => unknown) | undefined,
): Source | undefined {
  if (initial === undefined) return undefined;
  if (typeof initial === "function") return made(field, initial);
  const misfit = misfitOf(field.type, initial);
  if (misfit !== undefined) {
    const remedy = "give a default that fits";
    unfit(struct, field.name, { ...misfit, what: "default", do: remedy });
  }
  return { kind: "value", value: initial };
}

/** What a function makes is held against the field's type, as not every program is type-checked. */
function made({ type }: FieldDescriptor, make: (from: object) => unknown): Source {
  return {
    kind: "function",
    make: (from) => {
      const value = make(from);
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

/** The field that it was, converted along where the types differ in a way that needs no telling. */
function carriedUp(step: Adjacent, pair: Pair, was: FieldDescriptor, structs: RelateStructs) {
  const relation = relate(was.type, pair.field.type, structs);
  if (relation === undefined) return unrelated(step, pair.field, was, "upgrade", pair.field.name);
  return { kind: "field", name: was.name, convert: relation.up } as const;
}

/** The field that it became: also where that one is narrower, and only the way up needs telling. */
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
    `is ${notation(field.type)}, but ${older.name}.${was.name} is ${notation(was.type)}`,
    `give @follows(${older.name}, { ${direction}: { ${target}: (from) => ... } })`,
  );
}

/** A function that was given for a field, whatever the field is called. */
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

/** A field's value, whatever gives it, that its type does not have. */
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
