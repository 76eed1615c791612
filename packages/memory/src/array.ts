import {
  codecOf,
  descriptorOf,
  fingerprintOf,
  layoutOf,
  type RefResolver,
  type Sequence,
  type StructClass,
  type StructCodec,
} from "@luo/struct";
import {
  type ArrayExtent,
  type ArrayHeader,
  extentCodec,
  headerCodec,
  readArrayHeader,
  readArrayTable,
  tableCapacity,
  writeArray,
} from "./array-format.js";
import { BadAddressError, hex } from "./errors.js";
import { Extents } from "./extents.js";
import type { Pool } from "./pool.js";

/** Elements decoded at a time while iterating: enough to be fast, and little on the heap. */
const SLICE = 1024;

/** Says whether what an array lies in is still allocated; many arrays may share one. */
export interface Lease {
  valid: boolean;
  /** Those of them that have changed, where somebody has to free what nothing refers to in the end. */
  readonly changed?: Set<PreservedArray>;
}

/** Resolves references for arrays of a lease: those behind them are of it as well. */
export interface LeasedRefs extends RefResolver {
  lease: Lease;
}

/** Where an array begins, and what it consists of. */
interface Place extends Pick<ArrayHeader, "count" | "table" | "extents"> {
  readonly address: number;
  readonly load: () => readonly ArrayExtent[];
  /** In which the header was allocated; -1 when it was there before the program. */
  readonly generation: number;
}

/**
 * An array in preserved memory. Elements are decoded when they are asked for, and the bytes that
 * they lie in are held against their checksum when they are first read.
 *
 * What belongs to a sealed generation is never written to: the first change after a seal gives the
 * array a header at another `address`, and each extent that changes is copied first. Put what refers
 * to the array again for the change to last. A store then frees what it no longer needs; without one,
 * `freeFormer` does.
 */
export class PreservedArray<T extends object = object> implements Sequence<T> {
  readonly struct: StructClass<T>;
  readonly pool: Pool;
  readonly #codec: StructCodec<T>;
  readonly #refs: RefResolver;
  readonly #extents: Extents;
  #address: number;
  #table: number;
  #tableCapacity: number;
  #generation: number;
  #lease: Lease = { valid: true };
  /** Header and table that only who reads the former address needs. */
  #former: number[] = [];

  /** Use `allocArray` or `restoreArray`. */
  constructor(pool: Pool, struct: StructClass<T>, refs: RefResolver, place: Place) {
    this.pool = pool;
    this.struct = struct;
    this.#refs = refs;
    this.#codec = codecOf(struct);
    this.#extents = new Extents(pool, struct.name, this.#codec.size, place.count, place.load);
    this.#address = place.address;
    this.#table = place.table;
    this.#tableCapacity = place.extents > 0 ? tableCapacity(place.extents) : 0;
    this.#generation = place.generation;
  }

  /** Of the header: what a `@ref` field holds. */
  get address(): bigint {
    return BigInt(this.#address);
  }

  get length(): number {
    return this.#extents.length;
  }

  /** What only its former addresses need. */
  get former(): readonly number[] {
    return [...this.#former, ...this.#extents.former];
  }

  /** Every allocation of the array, but not of what its elements refer to. */
  get allocations(): readonly number[] {
    const table = this.#tableCapacity > 0 ? [this.#table] : [];
    return [this.#address, ...table, ...this.#extents.addresses];
  }

  /** @throws {BadAddressError} when its bytes are not those that were written */
  at(index: number): T | undefined {
    this.#insist();
    const wanted = index < 0 ? this.length + index : index;
    if (!Number.isInteger(wanted) || wanted < 0 || wanted >= this.length) return undefined;
    return this.#codec.decode(this.pool.memory.bytes, this.#extents.locate(wanted), this.#refs);
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.length; index += SLICE) {
      yield* this.decode(index, Math.min(SLICE, this.length - index));
    }
  }

  /**
   * Elements from `index` on, all decoded at once.
   *
   * @throws {RangeError} when the array has not that many
   * @throws {BadAddressError} when bytes are not those that were written
   */
  decode(index = 0, count: number = this.length - index): T[] {
    this.#check(index, count);
    const values = new Array<T>(count);
    let done = 0;
    for (const { address, count: here } of this.#extents.ranges(index, count)) {
      this.#codec.decodeArray(this.pool.memory.bytes, address, here, this.#refs, values, done);
      done += here;
    }
    return values;
  }

  /**
   * Walks the elements without making an object for each: the same view, moved along. It is valid
   * until the memory grows.
   */
  *views(): IterableIterator<T> {
    this.#insist();
    for (const { address, count } of this.#extents.ranges(0, this.length)) {
      const cursor = this.#codec.cursor(this.pool.memory.bytes, address, count, this.#refs);
      while (cursor.next()) yield cursor;
    }
  }

  /**
   * Writes elements over those from `index` on.
   *
   * @throws {RangeError} when the array has not that many
   * @throws {FieldRangeError} when an element does not fit its struct
   */
  set(index: number, ...elements: T[]): void {
    this.#check(index, elements.length);
    this.#write(index, elements);
  }

  /**
   * Adds elements at the end, in new extents where the last is full.
   *
   * @throws {FieldRangeError} when an element does not fit its struct; the length is then as before
   * @throws {OutOfMemoryError} when the memory cannot grow; the same holds
   */
  append(elements: Sequence<T>): void {
    const values = Array.isArray(elements) ? (elements as readonly T[]) : Array.from(elements);
    this.#write(this.length, values);
    this.#extents.length += values.length;
  }

  /**
   * Completes header, table and checksums in memory; sealing does so for every array.
   *
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  flush(): void {
    const { memory } = this.pool;
    if (memory.unfinished.get(this.#address) !== this) return;
    this.#extents.settle();
    const { list } = this.#extents;
    const wanted = list.length > 0 ? tableCapacity(list.length) : 0;
    if (wanted > this.#tableCapacity) {
      const table = this.pool.allocate(wanted * extentCodec.size);
      if (this.#tableCapacity > 0) this.pool.free(this.#table);
      this.#table = table;
      this.#tableCapacity = wanted;
    }
    const fingerprint = fingerprintOf(this.struct);
    const header = { count: this.length, fingerprint, elementSize: this.#codec.size };
    writeArray(memory.bytes, this.#address, { ...header, table: this.#table }, list);
    memory.unfinished.delete(this.#address);
  }

  /** Reads all elements. @throws {BadAddressError} when bytes are not those that were written */
  verify(): void {
    this.#insist();
    this.#extents.verify();
  }

  /** Frees what only its former address needs, once nothing refers to that any more. */
  freeFormer(): void {
    const former = [...this.#former.splice(0), ...this.#extents.takeFormer()];
    for (const address of former) this.pool.free(address);
  }

  /** Use `freeArray`. */
  dispose(): void {
    this.#insist();
    for (const address of this.allocations) this.pool.free(address);
    this.pool.memory.unfinished.delete(this.#address);
    this.#lease = { valid: false };
  }

  get lease(): Lease {
    return this.#lease;
  }

  /**
   * Makes the array part of what the lease is for, and what it refers to; the holder of the lease frees
   * its former addresses.
   */
  set lease(lease: Lease) {
    if (lease === this.#lease) return;
    this.#lease = lease;
    if ("lease" in this.#refs) (this.#refs as LeasedRefs).lease = lease;
    this.#former = [];
    this.#extents.takeFormer();
  }

  #insist(): void {
    if (this.#lease.valid) return;
    const problem = `the array of ${this.struct.name} was freed, or what referred to it was replaced; take it again`;
    throw new BadAddressError(this.#address, problem);
  }

  #check(index: number, count: number): void {
    this.#insist();
    const end = index + count;
    if (index >= 0 && count >= 0 && Number.isInteger(end) && end <= this.length) return;
    throw new RangeError(
      `array of ${this.struct.name} at ${hex(this.#address)}: found ${count} elements from ${index} on, expected up to ${this.length}`,
    );
  }

  #write(index: number, values: readonly T[]): void {
    this.#change();
    const room = this.#extents.room - index;
    if (values.length > room) this.pool.memory.reserve((values.length - room) * this.#codec.size);
    for (let done = 0; done < values.length; ) {
      const { address, count } = this.#extents.writable(index + done, values.length - done);
      this.#encode(values, done, done + count, address);
      done += count;
      this.#extents.complete(index + done);
    }
  }

  /** Before the first change of a generation, the header moves, and what it was stays for readers. */
  #change(): void {
    this.#insist();
    const { memory } = this.pool;
    if (this.#generation !== memory.generation) {
      const address = this.pool.allocate(headerCodec.size);
      this.#former.push(this.#address, ...(this.#tableCapacity > 0 ? [this.#table] : []));
      this.#address = address;
      this.#tableCapacity = 0;
      this.#generation = memory.generation;
    }
    memory.unfinished.set(this.#address, this as PreservedArray);
    this.#lease.changed?.add(this as PreservedArray);
  }

  #encode(values: readonly T[], from: number, to: number, address: number): void {
    if (!layoutOf(this.struct).references) {
      this.#codec.encodeArray(values, this.pool.memory.bytes, address, undefined, from, to);
      return;
    }
    const { size } = this.#codec;
    for (let index = from; index < to; index++) {
      const value = values[index] as T;
      this.pool.write(this.struct, value, address + (index - from) * size, this.#refs);
    }
  }
}

/** Allocates an empty array; `append` fills it. */
export function allocArray<T extends object>(
  pool: Pool,
  struct: StructClass<T>,
  refs: RefResolver = pool,
): PreservedArray<T> {
  const { size } = codecOf(struct);
  if (size === 0) throw new RangeError(`${struct.name} has no bytes, so there is no array of it`);
  const { generation } = pool.memory;
  const none = { table: 0, count: 0, extents: 0, load: () => [] };
  const place = { address: pool.allocate(headerCodec.size), ...none };
  const array = new PreservedArray(pool, struct, refs, { ...place, generation });
  pool.memory.unfinished.set(place.address, array as PreservedArray);
  return array;
}

/**
 * The array at an address. Its header is checked; the table is read, and checked, when an element is
 * first asked for.
 *
 * @throws {BadAddressError} when the header cannot be right, or the elements are of another layout
 */
export function restoreArray<T extends object>(
  pool: Pool,
  address: bigint | number,
  struct: StructClass<T>,
  refs: RefResolver = pool,
): PreservedArray<T> {
  const { memory } = pool;
  const { name } = descriptorOf(struct);
  const unfinished = memory.unfinished.get(Number(address));
  if (unfinished?.struct === struct) return unfinished as PreservedArray<T>;
  const header = readArrayHeader(memory, address, name, codecOf(struct).size);
  if (header.fingerprint !== fingerprintOf(struct)) {
    throw new BadAddressError(
      address,
      `the array of ${name} holds elements with fingerprint ${hex(header.fingerprint)}, expected ${hex(fingerprintOf(struct))}`,
    );
  }
  const load = () => readArrayTable(memory, address, name, header);
  const place = { ...header, address: Number(address), load, generation: -1 };
  return new PreservedArray(pool, struct, refs, place);
}

/**
 * Frees an array, and every array that its elements refer to.
 *
 * @throws {BadAddressError} when it was freed already
 */
export function freeArray(array: PreservedArray): void {
  if (layoutOf(array.struct).references) {
    for (const element of array) arraysIn(element).forEach(freeArray);
  }
  array.dispose();
}

/** The arrays that a decoded value refers to. */
function arraysIn(value: unknown): PreservedArray[] {
  if (value instanceof PreservedArray) return [value];
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).flatMap(arraysIn);
}
