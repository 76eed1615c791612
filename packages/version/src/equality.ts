import {
  descriptorOf,
  type FieldType,
  type PerKind,
  perKind,
  type Sequence,
  type StructClass,
  structOf,
} from "@luo/struct";

/** True when two values are written as the same bytes, arrays behind references included. */
export type Equality = (a: unknown, b: unknown) => boolean;

/** The comparison for values of a type. */
export function equalityOf(type: FieldType): Equality {
  return perKind(EQUALITY, type);
}

/** The equality of values other than floats. An integer has no -0, so that is written as 0. */
const alike: Equality = (a, b) => a === b;

const EQUALITY: PerKind<Equality> = {
  scalar: ({ name }) => {
    if (name === "f64") return Object.is;
    // A program may hold a number that is rounded to f32 only when it is written.
    return name === "f32" ? (a, b) => Object.is(rounded(a), rounded(b)) : alike;
  },
  enum: () => alike,
  bits: () => alike,
  char: () => alike,
  bytes: () => sequences(alike),
  array: ({ of }) => sequences(perKind(EQUALITY, of)),
  flexible: ({ of }) => sequences(perKind(EQUALITY, of)),
  struct: ({ of }) => structs(of),
  union: () => (a, b) => {
    const struct = structOf(a);
    return struct !== undefined && struct === structOf(b) && structs(() => struct)(a, b);
  },
  ref: ({ of }) => once(sequences(structs(of))),
  reserved: () => () => true,
};

function rounded(value: unknown): unknown {
  return typeof value === "number" ? Math.fround(value) : value;
}

function sequences(element: Equality): Equality {
  return (a, b) => {
    if (!isSequence(a) || !isSequence(b) || a.length !== b.length) return false;
    const others = b[Symbol.iterator]();
    for (const value of a) if (!element(value, others.next().value)) return false;
    return true;
  };
}

/** The pairs of arrays whose comparison has begun. A circle of references leads back to such a pair. */
const underway = new Map<unknown, Set<unknown>>();

/** Counts a pair of arrays as equal while its comparison is under way, so that circles end. */
function once(equal: Equality): Equality {
  return (a, b) => {
    if (a === b) return true;
    const [left, right] = [a, b].map((value) => (value as Sequence<unknown>)?.identity ?? value);
    const others = underway.get(left) ?? new Set();
    if (others.has(right)) return true;
    underway.set(left, others.add(right));
    try {
      return equal(a, b);
    } finally {
      others.delete(right);
      if (others.size === 0) underway.delete(left);
    }
  };
}

function isSequence(value: unknown): value is Sequence<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

const known = new WeakMap<StructClass, ReadonlyMap<string, Equality>>();

/** Compares field by field. Built at the first comparison, because a struct may refer to itself. */
function structs(of: () => StructClass): Equality {
  return (a, b) => {
    if (Object(a) !== a || Object(b) !== b) return false;
    const [left, right] = [a, b] as Record<string, unknown>[];
    for (const [name, equal] of fieldsOf(of()))
      if (!equal(left?.[name], right?.[name])) return false;
    return true;
  };
}

function fieldsOf(struct: StructClass): ReadonlyMap<string, Equality> {
  const fields =
    known.get(struct) ??
    new Map(descriptorOf(struct).fields.map(({ name, type }) => [name, perKind(EQUALITY, type)]));
  known.set(struct, fields);
  return fields;
}
