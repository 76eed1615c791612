import { type FieldType, type PerKind, perKind, type StructClass } from "../types.js";
import { type FieldLayout, sizeOf } from "./layout.js";

/**
 * Bounds of structs that somebody else describes: what compiling a codec costs, and what decoding
 * makes. Numbers that grow beyond all measure become Infinity, which is more than any bound.
 */

/** How much a struct is, with all that lies inside of it. */
export interface Size {
  /** Structs in structs, itself included. */
  readonly levels: number;
  /** Arrays in arrays. */
  readonly dimensions: number;
  /** Statements of the code that reads it, about. */
  readonly statements: number;
  /** Values that decoding makes at most; those of a flexible array, which takes more bytes, are apart. */
  readonly values: number;
  /** Whether there is a value: nothing tells which field of an overlay holds. */
  readonly valued: boolean;
}

/** As many as C promises of structs in structs (C11, 5.2.4.1). Each costs time by element. */
const MAX_LEVELS = 63;

/** Far more than structs have, and far less than a function can hold. */
const MAX_STATEMENTS = 16_384;

/** A byte in as many structs as there can be is a value, and so is each of them. */
const VALUES_PER_BYTE = MAX_LEVELS + 1;

/** Letters that cost as much as a statement: names are part of the code. */
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

/** Of alternatives: the code is that of all, the values are those of the largest. */
const together = (a: Size, b: Size): Size => ({
  levels: Math.max(a.levels, b.levels),
  dimensions: Math.max(a.dimensions, b.dimensions),
  statements: a.statements + b.statements,
  values: Math.max(a.values, b.values),
  valued: a.valued && b.valued,
});

/** How much a struct is, given how much those inside are. */
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

/** The bound that a struct of so many bytes goes beyond, in words; undefined when it keeps to all. */
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

/** The struct of the arrays that a field refers to; undefined when it refers to none. */
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
  // Those inside have fields of their own.
  struct: none,
  union: none,
  ref: ({ of }) => of(),
  reserved: none,
};
