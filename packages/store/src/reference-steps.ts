import { BadAddressError } from "@luo/memory";
import {
  type FieldLayout,
  layoutOf,
  type Memory,
  type PerKind,
  perKind,
  type StructLayout,
  sizeOf,
} from "@luo/struct";
import { integerIn, type PlacedInteger, readInteger } from "./placed-integer.js";

/** A walk along the references of structs in one memory. */
export interface Trail {
  readonly memory: Memory;
  /** The address of offset 0 in the memory. */
  readonly base: number;
  /** The offset in the memory at which the bytes of the current struct end. */
  readonly end: number;
  /**
   * Receives a reference: its offset in the memory, its byte order, and the layout of the elements.
   */
  array(element: StructLayout, at: number, big: boolean): void;
}

/**
 * Follows the references in a value.
 *
 * @param at offset of the value in the trail's memory
 * @param start offset of the struct that has the value as a field
 */
type Follow = (trail: Trail, at: number, start: number) => void;

/** A field that may lead to references. */
export interface Step {
  /** Bytes from the start of the struct. */
  readonly offset: number;
  readonly follow: Follow;
}

/** The field whose type is looked at, and the struct that it belongs to. */
interface FieldInStruct {
  readonly layout: StructLayout;
  readonly field: FieldLayout;
}

const nowhere = () => undefined;

/**
 * By kind, the function that follows the references in a value; undefined where there can be none.
 */
const FOLLOW: PerKind<Follow | undefined, FieldInStruct> = {
  scalar: nowhere,
  enum: nowhere,
  bits: nowhere,
  char: nowhere,
  bytes: nowhere,
  array: ({ of, length }, context) => {
    const each = perKind(FOLLOW, of, context);
    const stride = sizeOf(of);
    if (each === undefined || length === 0) return undefined;
    return (trail, at, start) => {
      for (let index = 0; index < length; index++) each(trail, at + index * stride, start);
    };
  },
  flexible: ({ of, count }, { layout, field }) => {
    const each = perKind(FOLLOW, of, { layout, field });
    const stride = sizeOf(of);
    const counter = count === undefined ? undefined : integerIn(layout, count);
    if (each === undefined) return undefined;
    return (trail, at, start) => {
      const room = Math.floor((trail.end - at) / stride);
      const length = counter === undefined ? room : countedBy(counter, trail, start, room, layout);
      for (let index = 0; index < length; index++) each(trail, at + index * stride, start);
    };
  },
  struct: ({ of }) => followStruct(layoutOf(of())),
  union: ({ of, discriminator }, { layout }) => {
    const told = integerIn(layout, discriminator);
    const follows = new Map<number | bigint, Follow>();
    for (const [value, struct] of Object.entries(of())) {
      const follow = followStruct(layoutOf(struct));
      const number = told.numberOf(value);
      if (follow !== undefined && number !== undefined) follows.set(number, follow);
    }
    if (follows.size === 0) return undefined;
    // A discriminator that stands for no struct is an error only when the object is read.
    return (trail, at, start) => {
      follows.get(readInteger(told, trail.memory.view, start))?.(trail, at, start);
    };
  },
  ref: ({ of }, { field }) => {
    const big = field.endian === "big";
    let element: StructLayout | undefined;
    return (trail, at) => {
      // The layout is needed only now: earlier, structs that refer to each other would never end.
      element ??= layoutOf(of());
      trail.array(element, at, big);
    };
  },
  reserved: nowhere,
};

const known = new WeakMap<StructLayout, readonly Step[]>();

/** Gives the fields of a struct that may lead to references, in the order of memory. */
export function stepsOf(layout: StructLayout): readonly Step[] {
  const found = known.get(layout);
  if (found !== undefined) return found;
  const steps = layout.fields.flatMap((field) => {
    const follow = perKind(FOLLOW, field.type, { layout, field });
    return follow === undefined ? [] : [{ offset: field.offset, follow }];
  });
  known.set(layout, steps);
  return steps;
}

/** Follows a struct inside another one; the offsets of its fields count from its own start. */
function followStruct(layout: StructLayout): Follow | undefined {
  if (!layout.references) return undefined;
  const steps = stepsOf(layout);
  return (trail, at) => {
    for (const { offset, follow } of steps) follow(trail, at + offset, at);
  };
}

/**
 * Reads the number of elements of a flexible array.
 *
 * @throws {BadAddressError} when it is negative, or more than the `room` for them
 */
function countedBy(
  counter: PlacedInteger,
  { memory, base }: Trail,
  start: number,
  room: number,
  { name }: StructLayout,
): number {
  const count = readInteger(counter, memory.view, start);
  if (count >= 0 && count <= room) return Number(count);
  throw new BadAddressError(base + start, `${name} counts ${count} elements, but ${room} fit`);
}
