import type { Abi } from "../layout/abi.js";
import type { Memory } from "../memory.js";
import type { Sequence, StructClass } from "../types.js";

/** Stores and loads the arrays behind `@ref` fields. Preserved memory implements it. */
export interface RefResolver {
  /** Writes an array of structs and returns its address. */
  store(elements: Sequence<object>, of: StructClass): bigint;
  /** The array at an address. It checks the address and the array's header before it uses them. */
  load(address: bigint, of: StructClass): Sequence<object>;
}

/** A view that walks an array. It stands before the first element until the first call of `next`. */
export interface Cursor {
  /** Goes to the next element; false when there is none. */
  next(): boolean;
}

/** The operations that read and write one struct in one ABI. */
export interface Operations<T extends object> {
  /**
   * Writes a value. Its own class is not looked at. An object inside may be plain, of the class of its
   * place, or of a subclass that is no struct; an object of another struct class is refused.
   */
  encode(value: T, memory: Memory, offset: number, refs?: RefResolver): void;
  decode(memory: Memory, offset: number, refs?: RefResolver): T;
  /**
   * Writes the values from index `from` up to, but without, `to`, one after the other. The class of
   * each is checked as that of an object inside another.
   */
  encodeArray(
    values: readonly T[],
    memory: Memory,
    offset: number,
    refs?: RefResolver,
    from?: number,
    to?: number,
  ): void;
  /**
   * Reads `count` structs that lie one after the other. With `into`, writes them to that array from
   * index `at` on, and returns it.
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
   * An object whose properties read and write the bytes in place. Nested structs and the structs of
   * unions are views too; arrays, text and bytes are copies. A view of a union's struct stays one of
   * that struct when the discriminator changes. The object has the methods of the class, and
   * `JSON.stringify` gives its fields. Its properties are accessors of its prototype, so a spread copies
   * none of them: `decode` gives an object to spread. Its properties throw a
   * `DetachedError` once the buffer was unmapped or transferred.
   */
  view(memory: Memory, offset: number, refs?: RefResolver): T;
  /** One view that moves over `count` structs in a row, without allocating an object for each. */
  cursor(memory: Memory, offset: number, count: number, refs?: RefResolver): T & Cursor;
}

/**
 * Reads and writes one struct. Each operation is compiled once per class, at its first call. Where
 * `new Function` is not allowed, closures take its place.
 *
 * Offsets are in bytes from the start of the memory. Offsets that are multiples of the struct's
 * alignment are fast; all others work. Every method throws a `BoundsError` when the struct would reach
 * outside of the memory. Writing throws a `FieldRangeError` for a value that does not fit, and reading
 * an `InvalidBytesError` for bytes that encode no value. Bytes written before an error stay written.
 */
export interface StructCodec<T extends object> extends Operations<T> {
  /** Size in bytes, without the elements of a flexible array. */
  readonly size: number;
  /** Alignment in bytes. */
  readonly align: number;
  /** The bytes that a value takes, including the elements of a flexible array. */
  sizeOf(value: T): number;
}

/** Returns the codec of a nested struct. */
export type CodecOf = <T extends object>(struct: StructClass<T>, abi: Abi) => StructCodec<T>;
