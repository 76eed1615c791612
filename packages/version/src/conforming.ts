import {
  descriptorOf,
  type FieldType,
  layoutOf,
  type PerKind,
  perKind,
  type Sequence,
  type StructClass,
  structOf,
} from "@luo/struct";
import { type Convert, converted } from "./converted-sequence.js";
import type { RelateStructs } from "./type-relation.js";
import { Misfit } from "./value-misfit.js";

interface Place {
  readonly value: unknown;
  /** The object that holds the value, if it is known. Its discriminators select classes of unions. */
  readonly owner: object | undefined;
  readonly structs: RelateStructs;
}

/**
 * Converts the objects inside a value that have another version than the class of their place, such
 * as a `PartV0` in a `PartV1[]`. Returns the value itself when all of them fit, and otherwise a copy.
 * An object of another family stays, so that encoding refuses it by name. An array behind a reference
 * becomes a view that converts its elements.
 *
 * @throws {Misfit} when a version cannot hold an object
 */
export function conform(
  type: FieldType,
  value: unknown,
  structs: RelateStructs,
  owner?: object,
): unknown {
  return perKind(CONFORM, type, { value, owner, structs });
}

/** Converts the object itself and the objects inside. @throws {Misfit} as `conform` does */
export function conformObject(value: object, struct: StructClass, structs: RelateStructs): object {
  const found = structOf(value);
  if (found !== undefined && found !== struct) {
    if (descriptorOf(found).family !== descriptorOf(struct).family) return value;
    return (structs(found, struct)?.up?.(value) as object | undefined) ?? value;
  }
  const fields = value as Record<string, unknown>;
  let copy: Record<string, unknown> | undefined;
  for (const { name, type } of descriptorOf(struct).fields) {
    if (!perKind(HOLDS_OBJECTS, type)) continue;
    const conforming = Misfit.within(name, () => conform(type, fields[name], structs, value));
    if (conforming === fields[name]) continue;
    copy ??= copyOf(fields, struct);
    copy[name] = conforming;
  }
  return copy ?? value;
}

function copyOf(fields: Record<string, unknown>, struct: StructClass): Record<string, unknown> {
  const copy = new struct() as Record<string, unknown>;
  for (const { name, type } of descriptorOf(struct).fields) {
    if (type.kind !== "reserved") copy[name] = fields[name];
  }
  return copy;
}

/** True for types whose values are objects of struct classes, or hold some. */
const HOLDS_OBJECTS: PerKind<boolean> = {
  scalar: () => false,
  enum: () => false,
  bits: () => false,
  char: () => false,
  bytes: () => false,
  array: ({ of }) => perKind(HOLDS_OBJECTS, of),
  flexible: ({ of }) => perKind(HOLDS_OBJECTS, of),
  struct: () => true,
  union: () => true,
  ref: () => true,
  reserved: () => false,
};

const same = (_: FieldType, { value }: Place) => value;

const elements = (type: { readonly of: FieldType }, { value, structs }: Place): unknown => {
  if (!Array.isArray(value) || !perKind(HOLDS_OBJECTS, type.of)) return value;
  let copy: unknown[] | undefined;
  for (const [index, element] of value.entries()) {
    const conforming = Misfit.within(`[${index}]`, () => conform(type.of, element, structs));
    if (conforming === element) continue;
    copy ??= [...value];
    copy[index] = conforming;
  }
  return copy ?? value;
};

const CONFORM: PerKind<unknown, Place> = {
  scalar: same,
  enum: same,
  bits: same,
  char: same,
  bytes: same,
  array: elements,
  flexible: elements,
  struct: ({ of }, { value, structs }) =>
    isObject(value) ? conformObject(value, of(), structs) : value,
  union: ({ of, discriminator }, { value, owner, structs }) => {
    if (!isObject(value)) return value;
    const key = owner && (owner as Record<string, unknown>)[discriminator];
    const variants = key === undefined ? Object.values(of()) : [of()[String(key)]];
    const found = structOf(value);
    const own = variants.find((struct) => struct === found);
    const family = found && descriptorOf(found).family;
    const struct =
      own ?? variants.find((each) => each !== undefined && descriptorOf(each).family === family);
    return struct === undefined ? value : conformObject(value, struct, structs);
  },
  ref: ({ of }, { value, structs }) => {
    const struct = of();
    const from = Array.isArray(value) ? otherIn(value, struct) : firstOf(value);
    const deep = Array.isArray(value) && layoutOf(struct).references;
    if (!deep && (from === undefined || from === struct)) return value;
    const each: Convert = (element) => conformObject(element as object, struct, structs);
    return converted(from ?? struct, struct, each)(value);
  },
  reserved: same,
};

/** The class of the first element that is not of the class of its place. */
function otherIn(values: readonly unknown[], struct: StructClass): StructClass | undefined {
  for (const value of values) {
    const found = structOf(value);
    if (found !== undefined && found !== struct) return found;
  }
  return undefined;
}

/** The class of the elements of preserved memory, which all have the same. */
function firstOf(value: unknown): StructClass | undefined {
  return isObject(value) && typeof Reflect.get(value, "at") === "function"
    ? structOf((value as Sequence<object>).at(0))
    : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
