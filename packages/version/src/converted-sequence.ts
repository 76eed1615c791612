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
import { ConversionError } from "./errors.js";
import { Misfit } from "./value-misfit.js";

/** Converts a value to the other type. */
export type Convert = (value: unknown) => unknown;

/** A conversion of arrays from one version of their elements to another. */
interface Step {
  /** Unique among the conversions of this process. */
  readonly number: number;
  readonly from: StructClass;
  readonly to: StructClass;
  readonly convert: Convert;
}

let steps = 0;

/** A view of an array in another version of its elements. Reading an element converts it. */
class ConvertedSequence implements Sequence<unknown> {
  readonly #elements: Sequence<unknown>;
  readonly #step: Step;

  constructor(elements: Sequence<unknown>, step: Step) {
    this.#elements = elements;
    this.#step = step;
  }

  get length(): number {
    return this.#elements.length;
  }

  /** Equal for the same conversion of the same array. */
  get identity(): unknown {
    const { identity } = this.#elements;
    return typeof identity === "string" ? `${this.#step.number}>${identity}` : this;
  }

  /** The class of the elements. */
  get struct(): StructClass {
    return this.#step.to;
  }

  /** True when the program's own array holds the elements, and not preserved memory. */
  get isPlain(): boolean {
    const elements = this.#elements;
    return elements instanceof ConvertedSequence ? elements.isPlain : Array.isArray(elements);
  }

  /** @throws {ConversionError} when the other version cannot hold the element */
  at(index: number): unknown {
    const element = this.#elements.at(index);
    return element === undefined ? undefined : this.#named(element, index);
  }

  *[Symbol.iterator](): Iterator<unknown> {
    let index = 0;
    for (const element of this.#elements) yield this.#named(element, index++);
  }

  /**
   * Converts all elements and appends them to `into`. The caller adds the path of the array to errors.
   *
   * @throws {Misfit} with the index in front
   */
  toArray(into: unknown[]): void {
    const elements = this.#elements;
    const values = elements instanceof ConvertedSequence ? [] : Array.from(elements);
    if (elements instanceof ConvertedSequence) elements.toArray(values);
    for (const [index, value] of values.entries()) {
      try {
        into.push(this.#step.convert(value));
      } catch (error) {
        throw Misfit.in(`[${index}]`, error);
      }
    }
  }

  /** Converts one element. The object that refers to it is unknown here, so errors name only the element. */
  #named(element: unknown, index: number): unknown {
    const { from, to, convert } = this.#step;
    try {
      return convert(element);
    } catch (error) {
      const { path: field, fault, cause } = Misfit.in(`[${index}]`, error);
      const { family, version } = descriptorOf(from);
      throw new ConversionError(family, version, descriptorOf(to).version, fault, { field, cause });
    }
  }
}

const conversions = new WeakMap<StructClass, Map<StructClass, Convert>>();

/**
 * A conversion of arrays that returns views. All fields that refer to one array get one view, so shared
 * arrays stay shared and circles end.
 */
export function converted(from: StructClass, to: StructClass, convert: Convert): Convert {
  const others = conversions.get(from) ?? new Map<StructClass, Convert>();
  conversions.set(from, others);
  const known = others.get(to) ?? byViews({ number: steps++, from, to, convert });
  others.set(to, known);
  return known;
}

function byViews(step: Step): Convert {
  const views = new WeakMap<object, ConvertedSequence>();
  return (value) => {
    const elements = value as Sequence<unknown>;
    const view = views.get(elements) ?? new ConvertedSequence(elements, step);
    views.set(elements, view);
    return view;
  };
}

/**
 * Replaces the views in a converted object by arrays, where the program's own arrays hold the elements.
 * It follows references behind the elements, and makes each array once. Views of preserved memory stay
 * views.
 *
 * @throws {Misfit} for an element that the version cannot hold
 */
export function completeArrays(value: object, struct: StructClass): void {
  const pending: Pending[] = [];
  const made = new Map<ConvertedSequence, unknown[]>();
  const arrayOf = (view: ConvertedSequence, path: string): unknown => {
    if (!view.isPlain) return view;
    const known = made.get(view);
    if (known !== undefined) return known;
    const array: unknown[] = [];
    made.set(view, array);
    pending.push({ view, array, path });
    return array;
  };
  completeStruct(value, struct, "", arrayOf);
  // The list grows while arrays behind the elements are found.
  for (const { view, array, path } of pending) {
    try {
      view.toArray(array);
    } catch (error) {
      throw Misfit.in(path, error);
    }
    for (const [index, element] of array.entries()) {
      completeStruct(element as object, view.struct, `${path}[${index}]`, arrayOf);
    }
  }
}

interface Pending {
  readonly view: ConvertedSequence;
  readonly array: unknown[];
  readonly path: string;
}

type ArrayOf = (view: ConvertedSequence, path: string) => unknown;

function completeStruct(value: object, struct: StructClass, path: string, arrayOf: ArrayOf): void {
  const fields = value as Record<string, unknown>;
  for (const { name, type } of descriptorOf(struct).fields) {
    if (!perKind(LEADS, type)) continue;
    const at = path === "" ? name : `${path}.${name}`;
    const complete = perKind(COMPLETE, type, { value: fields[name], path: at, arrayOf });
    if (complete !== fields[name]) fields[name] = complete;
  }
}

/** True for types whose values may refer to arrays. */
const LEADS: PerKind<boolean> = {
  scalar: () => false,
  enum: () => false,
  bits: () => false,
  char: () => false,
  bytes: () => false,
  array: ({ of }) => perKind(LEADS, of),
  flexible: ({ of }) => perKind(LEADS, of),
  struct: ({ of }) => layoutOf(of()).references,
  union: ({ of }) => Object.values(of()).some((struct) => layoutOf(struct).references),
  ref: () => true,
  reserved: () => false,
};

interface Completing {
  readonly value: unknown;
  readonly path: string;
  readonly arrayOf: ArrayOf;
}

const same = (_: FieldType, { value }: Completing) => value;

const elements: (type: { readonly of: FieldType }, completing: Completing) => unknown = (
  { of },
  { value, path, arrayOf },
) => {
  for (const [index, element] of (value as unknown[]).entries()) {
    perKind(COMPLETE, of, { value: element, path: `${path}[${index}]`, arrayOf });
  }
  return value;
};

/** Completes the arrays in a value. Returns another value only for a reference. */
const COMPLETE: PerKind<unknown, Completing> = {
  scalar: same,
  enum: same,
  bits: same,
  char: same,
  bytes: same,
  array: elements,
  flexible: elements,
  struct: ({ of }, { value, path, arrayOf }) => {
    completeStruct(value as object, of(), path, arrayOf);
    return value;
  },
  union: (_, { value, path, arrayOf }) => {
    const struct = structOf(value);
    if (struct !== undefined) completeStruct(value as object, struct, path, arrayOf);
    return value;
  },
  ref: (_, { value, path, arrayOf }) =>
    value instanceof ConvertedSequence ? arrayOf(value, path) : value,
  reserved: same,
};
