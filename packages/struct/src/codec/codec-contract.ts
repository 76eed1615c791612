import type { Abi } from "../layout/abi.js";
import type { Memory } from "../memory.js";
import type { Sequence, StructClass } from "../types.js";

/** Where arrays behind `@ref` fields are kept: preserved memory, as codecs see it. */
export interface RefResolver {
  /** Writes an array of structs and returns its address. */
  store(elements: Sequence<object>, of: StructClass): bigint;
  /** The array at an address, checked before it is trusted. */
  load(address: bigint, of: StructClass): Sequence<object>;
}

/** A view that walks an array: it stands before the first element until `next` is called. */
export interface Cursor {
  /** Goes to the next element; false when there is none. */
  next(): boolean;
}

/** What reads and writes one struct in one ABI. */
export interface Operations<T extends object> {
  encode(value: T, memory: Memory, offset: number, refs?: RefResolver): void;
  decode(memory: Memory, offset: number, refs?: RefResolver): T;
  /** Writes `values` one after the other; only those with an index from `from` to before `to`. */
  encodeArray(
    values: readonly T[],
    memory: Memory,
    offset: number,
    refs?: RefResolver,
    from?: number,
    to?: number,
  ): void;
  /**
   * Reads `count` structs that lie one after the other. With `into`, they become its elements from the
   * index `at` on, and it is what is returned.
   */
  decodeArray(
    memory: Memory,
    offset: number,
    count: number,
    refs?: RefResolver,
    into?: T[],
    at?: number,
  ): T[];
  /**
   * The struct in place: an object whose properties read and write the bytes, and copy nothing but
   * what they give. Nested structs are views as well; arrays, text and bytes are copies. It has the
   * methods of the class. When its memory is gone, it throws a `DetachedError`.
   */
  view(memory: Memory, offset: number, refs?: RefResolver): T;
  /** A view over `count` structs in a row, one at a time, which allocates nothing as it goes. */
  cursor(memory: Memory, offset: number, count: number, refs?: RefResolver): T & Cursor;
}

/**
 * Reads and writes one struct. Compiled once per class, each operation when it is first used; where
 * `new Function` is not allowed, it is put together from closures.
 *
 * Offsets are in bytes from the start of the memory. Aligned offsets (to the struct's alignment)
 * are the fast path, others work. Every method throws a `BoundsError` where the struct would not
 * lie within the memory; those that write throw a `FieldRangeError` for a value that does not fit,
 * those that read an `InvalidBytesError` for bytes that no value has. What was written before an
 * error stays written.
 */
export interface StructCodec<T extends object> extends Operations<T> {
  /** In bytes; without the elements of a flexible array. */
  readonly size: number;
  /** In bytes. */
  readonly align: number;
  /** The bytes that a value takes, with the elements of a flexible array. */
  sizeOf(value: T): number;
}

/** Gives the codec of a nested struct. */
export type CodecOf = <T extends object>(struct: StructClass<T>, abi: Abi) => StructCodec<T>;
