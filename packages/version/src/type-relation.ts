import {
  bitBounds,
  type FieldType,
  type PerKind,
  perKind,
  type StructClass,
  show,
  structOf,
} from "@luo/struct";
import { type Convert, converted } from "./converted-sequence.js";
import { Misfit } from "./value-misfit.js";

/** The conversions of a field's values between two versions. A missing one passes values unchanged. */
export interface Relation {
  readonly up?: Convert;
  /** Throws a `Misfit` for a value that the older type cannot hold. */
  readonly down?: Convert;
}

/** The relation between objects of two classes; undefined when the classes are unrelated. */
export type RelateStructs = (older: StructClass, newer: StructClass) => Relation | undefined;

interface Context {
  readonly newer: FieldType;
  readonly structs: RelateStructs;
}

const SAME: Relation = {};

/**
 * The relation between two types whose values carry over without a function: every value of the older
 * type is one of the newer. Undefined when the step needs a function.
 */
export function relate(
  older: FieldType,
  newer: FieldType,
  structs: RelateStructs,
): Relation | undefined {
  return perKind(RELATE, older, { newer, structs });
}

const RELATE: PerKind<Relation | undefined, Context> = {
  scalar: (older, { newer }) => relateIntegers(older, newer) ?? relateOthers(older, newer),
  bits: (older, { newer }) => relateIntegers(older, newer) ?? relateOthers(older, newer),
  enum: (older, { newer }) => {
    if (newer.kind !== "enum" || renumbers(older.names, newer.names)) return undefined;
    const members = new Set<unknown>(older.members.values());
    const wider = new Set<unknown>(newer.members.values());
    if (![...members].every((member) => wider.has(member))) return undefined;
    if (wider.size === members.size) return SAME;
    const list = [...members].join(", ");
    return { down: restrict((value) => members.has(value), `one of ${list}`) };
  },
  char: (older, { newer }) => {
    if (newer.kind !== "char" || room(newer) < room(older)) return undefined;
    if (room(newer) === room(older)) return SAME;
    const fits = (value: unknown) => utf8.encode(String(value)).length <= room(older);
    return { down: restrict(fits, `text of at most ${room(older)} bytes in UTF-8`) };
  },
  bytes: ({ length }, { newer }) =>
    newer.kind === "bytes" && newer.length === length ? SAME : undefined,
  array: ({ of, length }, { newer, structs }) =>
    newer.kind === "array" && newer.length === length
      ? lift(relate(of, newer.of, structs), mapped)
      : undefined,
  flexible: ({ of }, { newer, structs }) =>
    newer.kind === "flexible" ? lift(relate(of, newer.of, structs), mapped) : undefined,
  struct: ({ of }, { newer, structs }) =>
    newer.kind === "struct" ? structs(of(), newer.of()) : undefined,
  union: ({ of }, { newer, structs }) =>
    newer.kind === "union" ? relateUnions(of(), newer.of(), structs) : undefined,
  // The array becomes a view that converts elements when they are read. So shared arrays stay shared,
  // circles end, and long lists need no stack.
  ref: ({ of }, { newer, structs }) => {
    if (newer.kind !== "ref") return undefined;
    const [from, to] = [of(), newer.of()];
    return lift(
      structs(from, to),
      (convert) => converted(from, to, convert),
      (convert) => converted(to, from, convert),
    );
  },
  reserved: () => undefined,
};

type Names = ReadonlyMap<string, number>;

/** True when a member of both enums has another number: the number would change its meaning. */
function renumbers(older: Names = new Map(), newer: Names = new Map()): boolean {
  return [...older].some(([name, number]) => (newer.get(name) ?? number) !== number);
}

const utf8 = new TextEncoder();

/** The most bytes of text that fit. */
function room({ length, terminated }: { readonly length: number; readonly terminated: boolean }) {
  return terminated ? length - 1 : length;
}

interface Range {
  readonly value: "number" | "bigint";
  readonly low: number | bigint;
  readonly high: number | bigint;
}

/** The range of an integer type; undefined for any other type. */
function rangeOf(type: FieldType): Range | undefined {
  const of = type.kind === "bits" ? type.of : type;
  if (of.kind !== "scalar" || of.bounds === undefined || of.value === "boolean") return undefined;
  const [low, high] = type.kind === "bits" ? bitBounds(of, type.width) : of.bounds;
  return { value: of.value, low, high };
}

function relateIntegers(older: FieldType, newer: FieldType): Relation | undefined {
  const [from, to] = [rangeOf(older), rangeOf(newer)];
  if (from === undefined || to === undefined) return undefined;
  const { low, high, value } = from;
  if (low < to.low || high > to.high) return undefined;
  const cast = { number: (v: unknown) => Number(v), bigint: (v: unknown) => BigInt(v as number) };
  const down = restrict(
    (v) => (v as number | bigint) >= low && (v as number | bigint) <= high,
    `an integer from ${low} to ${high}`,
  );
  if (value !== to.value) return { up: cast[to.value], down: (v) => cast[value](down(v)) };
  return low <= to.low && high >= to.high ? SAME : { down };
}

/** Relates booleans and floats. */
function relateOthers(older: FieldType, newer: FieldType): Relation | undefined {
  const [from, to] = [older, newer].map((type) => (type.kind === "bits" ? type.of : type));
  if (from?.kind !== "scalar" || to?.kind !== "scalar") return undefined;
  if (from.bounds === undefined && from.name === to.name) return SAME;
  if (from.name !== "f32" || to.name !== "f64") return undefined;
  const fits = (value: unknown) => Object.is(Math.fround(value as number), value);
  return { down: restrict(fits, "a number that f32 holds exactly") };
}

/**
 * Relates unions by the class of each value. Undefined when the newer union lacks a key, or a class
 * would become two different ones.
 */
function relateUnions(
  older: Readonly<Record<string, StructClass>>,
  newer: Readonly<Record<string, StructClass>>,
  structs: RelateStructs,
): Relation | undefined {
  const up = new Map<StructClass, Way>();
  const down = new Map<StructClass, Way>();
  for (const [key, from] of Object.entries(older)) {
    const to = newer[key];
    const relation = to && structs(from, to);
    if (to === undefined || relation === undefined) return undefined;
    if ((up.get(from)?.to ?? to) !== to || (down.get(to)?.to ?? from) !== from) return undefined;
    up.set(from, { to, convert: relation.up });
    down.set(to, { to: from, convert: relation.down });
  }
  if ([...up].some(([from, { to }]) => from !== to))
    return { up: byClass(up), down: byClass(down) };
  return Object.keys(newer).length > Object.keys(older).length ? { down: byClass(down) } : SAME;
}

/** The class that objects of a class become, and their conversion. */
interface Way {
  readonly to: StructClass;
  readonly convert: Convert | undefined;
}

function byClass(ways: ReadonlyMap<StructClass, Way>): Convert {
  return (value) => {
    const struct = structOf(value);
    const way = struct && ways.get(struct);
    if (way !== undefined) return way.convert === undefined ? value : way.convert(value);
    const known = Array.from(ways.keys(), ({ name }) => name).join(", ");
    throw new Misfit("", { found: show(value), expected: `an object of class ${known}` });
  };
}

/** A conversion that passes values that fit unchanged, and throws a `Misfit` for others. */
function restrict(fits: (value: unknown) => boolean, expected: string): Convert {
  return (value) => {
    if (fits(value)) return value;
    throw new Misfit("", { found: show(value), expected });
  };
}

/** The relation of arrays, given that of their elements. */
function lift(
  relation: Relation | undefined,
  up: (convert: Convert) => Convert,
  down = up,
): Relation | undefined {
  return (
    relation && {
      ...(relation.up && { up: up(relation.up) }),
      ...(relation.down && { down: down(relation.down) }),
    }
  );
}

const mapped = (convert: Convert) => (value: unknown) => {
  let index = 0;
  try {
    return Array.from(value as Iterable<unknown>, (element, at) => {
      index = at;
      return convert(element);
    });
  } catch (error) {
    throw Misfit.in(`[${index}]`, error);
  }
};
