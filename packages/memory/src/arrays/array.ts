import {
  ArgumentError,
  codecOf,
  descriptorOf,
  fingerprintOf,
  INSPECT,
  type RefResolver,
  type Sequence,
  type StructClass,
  type StructCodec,
} from "@luo/struct";
import { BadAddressError, hex } from "../bytes/errors.js";
import type { ArrayStorage, ElementShape } from "./array-storage.js";

/** Elements that iteration decodes at a time: enough to be fast, few enough to use little heap. */
const SLICE = 1024;

/** The options of `console.log` that say how much of an array it shows. */
interface Shown {
  /** Levels of objects; null for all, of which an array shows four, as references may form a circle. */
  readonly depth?: number | null;
  /** Elements; null for all. */
  readonly maxArrayLength?: number | null;
}

/** An owner as its arrays see it. */
export interface ArrayHost extends RefResolver {
  /** Tells one owner from another. */
  readonly id: number;
  /**
   * Counts how often an address got another storage; views look theirs up again when it moves on.
   */
  readonly epoch: number;
  /** True once the owner has ended and its arrays can no longer be read. */
  readonly ended: boolean;
  /** True for the owner itself, and for forks of it. */
  isOf(owner: ArrayHost): boolean;
  /**
   * Gives the storage that an array has now: the given one, unless another view changed the array
   * after the epoch.
   *
   * @throws {BadAddressError} when the array was freed after the epoch
   */
  current(storage: ArrayStorage, epoch: number): ArrayStorage;
  /** Prepares an array for a change, which all its views then see. */
  change(storage: ArrayStorage): ArrayStorage;
  /**
   * Calls `act` with a resolver that writes the arrays behind elements. All of them are written
   * when `write` returns; none stays allocated when it throws.
   */
  write<R>(act: (refs: RefResolver) => R): R;
}

const shapes = new WeakMap<StructClass, ElementShape>();

/**
 * Gives the shape of an array whose elements are of a struct.
 *
 * @throws {ArgumentError} when the struct has no bytes
 */
export function shapeOf(struct: StructClass): ElementShape {
  const known = shapes.get(struct);
  if (known !== undefined) return known;
  const { size } = codecOf(struct);
  if (size === 0) {
    const found = `${struct.name}, which has no bytes`;
    throw new ArgumentError("elements of an array", { found, expected: "a struct that has some" });
  }
  const shape = { name: descriptorOf(struct).name, size, fingerprint: fingerprintOf(struct) };
  shapes.set(struct, shape);
  return shape;
}

/**
 * A view of an array in preserved memory. Elements are decoded when they are asked for; the bytes
 * of an extent are checked against their checksum when one of its elements is first read. All views
 * of one array see the same elements.
 *
 * A sealed generation is never written to. The first change after a seal gives the array another
 * `address`, and each extent is copied before it changes. For the change to last, put the object
 * that refers to the array again.
 */
export class PreservedArray<T extends object = object> implements Sequence<T> {
  readonly struct: StructClass<T>;
  readonly #codec: StructCodec<T>;
  #owner: ArrayHost;
  #storage: ArrayStorage;
  /** The owner's epoch when the storage was last looked up. */
  #epoch: number;

  /** Use `ArrayOwner.alloc` or `ArrayOwner.load`. */
  constructor(owner: ArrayHost, struct: StructClass<T>, storage: ArrayStorage) {
    this.struct = struct;
    this.#codec = codecOf(struct);
    this.#owner = owner;
    this.#storage = storage;
    this.#epoch = owner.epoch;
  }

  /** Address of the header: the value of a `@ref` field. */
  get address(): bigint {
    return BigInt(this.#current.address);
  }

  get length(): number {
    return this.#current.length;
  }

  /** The same for all views of one array. */
  get identity(): string {
    return `${this.#owner.id}:${this.#current.address}`;
  }

  /** Every allocation of the array. Arrays that its elements refer to are not included. */
  get allocations(): readonly number[] {
    return this.#current.allocations;
  }

  get owner(): ArrayHost {
    return this.#owner;
  }

  /** Hands the view to the owner of the object that holds the array from now on. */
  transfer(owner: ArrayHost): void {
    this.#storage = this.#current;
    this.#storage.share();
    this.#owner = owner;
    this.#epoch = owner.epoch;
  }

  /**
   * Decodes one element; a negative index counts from the end. Gives undefined when there is none.
   *
   * @throws {BadAddressError} when bytes fail their checksum
   */
  at(index: number): T | undefined {
    const storage = this.#current;
    const { length } = storage;
    const wanted = index < 0 ? length + index : index;
    if (!Number.isInteger(wanted) || wanted < 0 || wanted >= length) return undefined;
    const { memory, offset } = storage.locate(wanted);
    return this.#codec.decode(memory, offset, this.#owner);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.length; index += SLICE) {
      yield* this.decode(index, Math.min(SLICE, this.length - index));
    }
  }

  /**
   * Decodes `count` elements from `index` on, all at once.
   *
   * @throws {ArgumentError} when the array has fewer
   * @throws {BadAddressError} when bytes fail their checksum
   */
  decode(index = 0, count: number = this.length - index): T[] {
    const storage = this.#check(index, count);
    const values = new Array<T>(count);
    let done = 0;
    for (const { memory, offset, count: here } of storage.ranges(index, count)) {
      this.#codec.decodeArray(memory, offset, here, this.#owner, values, done);
      done += here;
    }
    return values;
  }

  /**
   * Walks the elements without making an object for each: one cursor moves from one to the next.
   */
  *views(): IterableIterator<T> {
    const storage = this.#current;
    for (const { memory, offset, count } of storage.ranges(0, storage.length)) {
      const cursor = this.#codec.cursor(memory, offset, count, this.#owner);
      while (cursor.next()) yield cursor;
    }
  }

  /**
   * Replaces elements from `index` on. When it throws, the elements are as before.
   *
   * @throws {ArgumentError} when the array has fewer
   * @throws {FieldRangeError} when an element does not fit its struct
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  set(index: number, ...elements: T[]): void {
    const storage = this.#owner.change(this.#check(index, elements.length));
    const written: { bytes: Uint8Array; before: Uint8Array }[] = [];
    try {
      this.#owner.write((refs) => {
        storage.write(index, elements.length, ({ memory, offset }, from, to) => {
          const bytes = memory.bytes(offset, (to - from) * this.#codec.size);
          written.push({ bytes, before: bytes.slice() });
          this.#codec.encodeArray(elements, memory, offset, refs, from, to);
        });
      });
    } catch (error) {
      for (const { bytes, before } of written) bytes.set(before);
      throw error;
    }
  }

  /**
   * Adds elements at the end: in the last extent as far as it has room, then in further ones. When
   * it throws, the length is as before.
   *
   * @throws {FieldRangeError} when an element does not fit its struct
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  append(elements: Sequence<T>): void {
    const storage = this.#owner.change(this.#current);
    const { length } = elements;
    this.#owner.write((refs) => writeElements(storage, this.#codec, elements, refs));
    storage.extend(length);
  }

  /** Reads all elements. @throws {BadAddressError} when bytes fail their checksum */
  verify(): void {
    this.#current.verify();
  }

  /** Shows the length and the first elements in `console.log`, or why they cannot be read. */
  [INSPECT](depth: number, options: Shown, inspect: (value: unknown, options: Shown) => string) {
    if (depth < 0) return "[PreservedArray]";
    try {
      const { length } = this;
      const { maxArrayLength } = options;
      const count = Math.min(length, maxArrayLength ?? length);
      const left = options.depth === null ? 4 : depth;
      const elements = inspect(this.decode(0, count), { ...options, depth: left });
      return `PreservedArray(${length}) ${elements}${count < length ? ` and ${length - count} more` : ""}`;
    } catch (error) {
      return `PreservedArray, unreadable: ${error instanceof Error ? error.message : error}`;
    }
  }

  get #current(): ArrayStorage {
    const owner = this.#owner;
    if (owner.ended) {
      const found = `the array of ${this.struct.name} was freed, or what referred to it was replaced`;
      throw new BadAddressError(this.#storage.address, { found, do: "take it again" });
    }
    if (owner.epoch !== this.#epoch) {
      this.#storage = owner.current(this.#storage, this.#epoch);
      this.#epoch = owner.epoch;
    }
    return this.#storage;
  }

  #check(index: number, count: number): ArrayStorage {
    const storage = this.#current;
    const end = index + count;
    if (index >= 0 && count >= 0 && Number.isInteger(end) && end <= storage.length) return storage;
    throw new ArgumentError(`array of ${this.struct.name} at ${hex(storage.address)}`, {
      found: `${count} elements from ${index} on`,
      expected: `up to ${storage.length}`,
    });
  }
}

/**
 * Writes elements behind those that a storage has. The caller extends the length.
 *
 * @throws {ArgumentError} when the sequence gives fewer elements than its length
 */
export function writeElements<T extends object>(
  storage: ArrayStorage,
  codec: StructCodec<T>,
  elements: Sequence<T>,
  refs: RefResolver,
): void {
  const { length } = elements;
  const list = Array.isArray(elements) ? (elements as readonly T[]) : undefined;
  const rest = list === undefined ? elements[Symbol.iterator]() : undefined;
  storage.write(storage.length, length, ({ memory, offset }, from, to) => {
    if (rest === undefined) codec.encodeArray(list ?? [], memory, offset, refs, from, to);
    else codec.encodeArray(next(rest, to - from, length), memory, offset, refs);
  });
}

/** Takes the next `count` elements of a sequence that has `length` in all. */
function next<T>(rest: Iterator<T>, count: number, length: number): T[] {
  return Array.from({ length: count }, (_, index) => {
    const { done, value } = rest.next();
    if (!done) return value;
    throw new ArgumentError("a sequence", {
      found: `an end after ${index} of the next ${count} elements`,
      expected: `${length} elements, as its length tells`,
    });
  });
}
