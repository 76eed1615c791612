import { type FieldType, type PerKind, perKind, type StructClass } from "../types.js";
import { type FieldLayout, sizeOf } from "./layout.js";

/**
 * Bounds for structs from untrusted schemas, on the cost of compiling a codec and on the values that
 * decoding makes. Sums that overflow become Infinity, which exceeds every bound.
 */

/** The size of a type or struct, nested structs included, in the units of the bounds. */
export interface Size {
  /** Levels of structs in structs, itself included. */
  readonly levels: number;
  /** Levels of arrays in arrays. */
  readonly dimensions: number;
  /** The approximate number of statements in the code that reads it. */
  readonly statements: number;
  /**
   * The most values that decoding makes. Elements of a flexible array lie behind the struct and do
   * not count.
   */
  readonly values: number;
  /** False with an overlay inside, which has no value: nothing selects one of its fields. */
  readonly valued: boolean;
}

/** The nesting that every C compiler supports (C11, 5.2.4.1). Each level costs time per element. */
const MAX_LEVELS = 63;

/** Far more than real structs need, and far less than a JavaScript function can hold. */
const MAX_STATEMENTS = 16_384;

/** One byte inside of the most levels of structs: each level is a value, and the byte is another. */
const VALUES_PER_BYTE = MAX_LEVELS + 1;

/** The letters of a name that cost as much as one statement, because the code contains names. */
const LETTERS = 32;

type SizeOfStruct = (struct: StructClass) => Size;

const ONE: Size = { levels: 0, dimensions: 0, statements: 1, values: 1, valued: true };

const named = (text: string) => Math.floor(text.length / LETTERS);

const repeated = (of: Size): Size => ({
  ...of,
  dimensions: of.dimensions + 1,
  statements: of.statements + 1,
});

const SIZE: PerKind<Size, SizeOfStruct> = {
  scalar: () => ONE,
  enum: ({ members }) => ({ ...ONE, statements: 1 + members.size }),
  bits: () => ONE,
  char: () => ONE,
  bytes: () => ONE,
  array: ({ of, length }, struct) => {
    const element = perKind(SIZE, of, struct);
    return { ...repeated(element), values: 1 + length * element.values };
  },
  flexible: ({ of, count = "" }, struct) => {
    const { statements, ...rest } = repeated(perKind(SIZE, of, struct));
    return { ...rest, statements: statements + named(count), values: 1 };
  },
  struct: ({ of }, struct) => struct(of()),
  union: ({ of, discriminator }, struct) =>
    Object.entries(of())
      .map(([value, variant]) => {
        const size = struct(variant);
        return { ...size, statements: size.statements + named(value) };
      })
      .reduce(together, { ...ONE, statements: 1 + named(discriminator) }),
  ref: () => ONE,
  reserved: () => ({ ...ONE, values: 0 }),
};

/** Combines alternatives: the code contains all of them, the value is at most the largest. */
const together = (a: Size, b: Size): Size => ({
  levels: Math.max(a.levels, b.levels),
  dimensions: Math.max(a.dimensions, b.dimensions),
  statements: a.statements + b.statements,
  values: Math.max(a.values, b.values),
  valued: a.valued && b.valued,
});

/** The size of a struct, given the sizes of its nested structs. */
export function measure(
  fields: readonly FieldLayout[],
  overlay: boolean,
  sizeOfStruct: SizeOfStruct,
): Size {
  const own: Size = { ...ONE, valued: !overlay };
  const whole = fields.reduce((sum, { name, type }) => {
    const size = perKind(SIZE, type, sizeOfStruct);
    const statements = sum.statements + size.statements + named(name);
    return { ...together(sum, size), statements, values: sum.values + size.values };
  }, own);
  return { ...whole, levels: whole.levels + 1 };
}

/** Describes the bound that a struct of `bytes` bytes exceeds; undefined when it exceeds none. */
export function problemOfSize(
  { levels, dimensions, statements, values, valued }: Size,
  bytes: number,
  fields: readonly FieldLayout[],
  sizeOfStruct: SizeOfStruct,
): string | undefined {
  if (levels > MAX_LEVELS) return `has structs in structs over more than ${MAX_LEVELS} levels`;
  if (dimensions > MAX_LEVELS) return `has arrays in arrays over more than ${MAX_LEVELS} levels`;
  if (statements > MAX_STATEMENTS) {
    return `has more than ${MAX_STATEMENTS} fields, with those of structs inside, each member of an enum and each struct of a union`;
  }
  if (valued && values > VALUES_PER_BYTE * Math.max(1, bytes)) {
    return `has ${values} values in ${bytes} bytes, expected at most ${VALUES_PER_BYTE} a byte`;
  }
  const tail = fields.at(-1)?.type;
  if (tail?.kind !== "flexible") return undefined;
  const stride = sizeOf(tail.of);
  const element = perKind(SIZE, tail.of, sizeOfStruct).values;
  if (element <= VALUES_PER_BYTE * stride) return undefined;
  return `has a flexible array with ${element} values in the ${stride} bytes of an element, expected at most ${VALUES_PER_BYTE} a byte`;
}

/** The element struct of the arrays that a field refers to; undefined for a field without `@ref`. */
export function targetOf(type: FieldType): StructClass | undefined {
  return perKind(TARGET, type);
}

const none = () => undefined;

const TARGET: PerKind<StructClass | undefined> = {
  scalar: none,
  enum: none,
  bits: none,
  char: none,
  bytes: none,
  array: ({ of }) => perKind(TARGET, of),
  flexible: ({ of }) => perKind(TARGET, of),
  // Nested structs are checked by their own fields.
  struct: none,
  union: none,
  ref: ({ of }) => of(),
  reserved: none,
};
