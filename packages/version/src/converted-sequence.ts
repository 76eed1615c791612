import {
  descriptorOf,
  type FieldType,
  layoutOf,
  type PerKind,
  perKind,
  type Sequence,
  type StructClass,
} from "@luo/struct";
import { classOf } from "./class-of.js";
import { ConversionError } from "./errors.js";
import { Misfit } from "./value-misfit.js";

type Convert = (value: unknown) => unknown;

/** A conversion of arrays between two versions of their elements. */
interface Step {
  /** Tells it from others in this process. */
  readonly number: number;
  readonly from: StructClass;
  readonly to: StructClass;
  readonly convert: Convert;
}

let steps = 0;

/** Elements in another version, each converted when it is read. */
export class ConvertedSequence implements Sequence<unknown> {
  readonly #elements: Sequence<unknown>;
  readonly #step: Step;

  constructor(elements: Sequence<unknown>, step: Step) {
    this.#elements = elements;
    this.#step = step;
  }

  get length(): number {
    return this.#elements.length;
  }

  /** The same for the same conversion of the same array. */
  get identity(): unknown {
    const { identity } = this.#elements;
    return typeof identity === "string" ? `${this.#step.number}>${identity}` : this;
  }

  /** The class of its elements. */
  get struct(): StructClass {
    return this.#step.to;
  }

  /** True where the elements are those of an array of the program, and not of preserved memory. */
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

  /** All elements, for a caller that knows where they are. @throws {Misfit} with the index in front */
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

  /** Converts an element long after the object that refers to it: an error names the element alone. */
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
 * Converts arrays by views of them. An array has one view for all fields that refer to it, so sharing
 * and circles survive.
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
 * Makes arrays of the views in a converted object whose elements are the program's own, also behind
 * their elements; each array once. Views of preserved memory stay views.
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
  // The list grows by what is behind elements.
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

/** True for types that may have an array behind them. */
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

/** The value with its arrays complete: of everything but a reference, the value itself. */
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
    const struct = classOf(value);
    if (struct !== undefined) completeStruct(value as object, struct, path, arrayOf);
    return value;
  },
  ref: (_, { value, path, arrayOf }) =>
    value instanceof ConvertedSequence ? arrayOf(value, path) : value,
  reserved: same,
};
