import { BadAddressError, hex } from "../bytes/errors.js";
import type { Pool } from "../bytes/pool.js";
import type { Location } from "../bytes/segments.js";
import {
  type ArrayIdentity,
  HEADER_BYTES,
  readArrayHeader,
  readArrayTable,
  tableBytes,
  writeArray,
} from "./array-format.js";
import { Extents, type Range } from "./extents.js";

/** The elements of an array, as far as its storage needs to know them. */
export interface ElementShape {
  /** The struct's name, for messages. */
  readonly name: string;
  /** Bytes per element, at least 1. */
  readonly size: number;
  /** The layout fingerprint of the struct. */
  readonly fingerprint: bigint;
}

/**
 * One array in preserved memory, as bytes: its header, its table and its extents.
 *
 * A sealed generation is never written to. The first change after a seal gives the array a header
 * at another address, and each extent is copied before it changes. The allocations that only
 * readers of earlier generations need are listed in `former`; the owner of the array frees them.
 */
export class ArrayStorage implements ArrayIdentity {
  readonly shape: ElementShape;
  readonly #pool: Pool;
  readonly #extents: Extents;
  #address: number;
  #table: number;
  #tableBytes: number;
  /** The generation that allocated the header; -1 when an earlier program allocated it. */
  #generation: number;
  /** False while the header, the table or a checksum in memory is out of date. */
  #complete: boolean;
  #formerHeaders: number[] = [];
  #formerTables: number[] = [];

  private constructor(
    pool: Pool,
    shape: ElementShape,
    extents: Extents,
    place: { address: number; table: number; tableBytes: number; generation: number },
  ) {
    this.#pool = pool;
    this.shape = shape;
    this.#extents = extents;
    this.#address = place.address;
    this.#table = place.table;
    this.#tableBytes = place.tableBytes;
    this.#generation = place.generation;
    this.#complete = place.generation < 0;
  }

  /** Allocates an empty array. @throws {OutOfMemoryError} when the memory cannot grow */
  static alloc(pool: Pool, shape: ElementShape): ArrayStorage {
    const address = pool.allocate(HEADER_BYTES);
    const extents = new Extents(pool, shape.name, shape.size, 0, () => []);
    const { generation } = pool.memory;
    return new ArrayStorage(pool, shape, extents, { address, table: 0, tableBytes: 0, generation });
  }

  /**
   * Opens the array at an address. The header is checked at once; the table is read and checked
   * when an element is first asked for.
   *
   * @throws {BadAddressError} when the header cannot be right, or the elements have another layout
   */
  static restore(pool: Pool, address: bigint | number, shape: ElementShape): ArrayStorage {
    const { memory } = pool;
    const { name, size, fingerprint } = shape;
    const identity = { address, name };
    const header = readArrayHeader(memory, identity, size);
    if (header.fingerprint !== fingerprint) {
      const found = `elements with fingerprint ${hex(header.fingerprint)}`;
      const remedy = "read it as the class that it was written as";
      const fault = { found, expected: hex(fingerprint), do: remedy };
      throw new BadAddressError(address, fault, `array of ${name}`);
    }
    const load = () => readArrayTable(memory, identity, header);
    const extents = new Extents(pool, name, size, header.count, load);
    return new ArrayStorage(pool, shape, extents, {
      address: Number(address),
      table: header.table,
      tableBytes: tableBytes(header.extents),
      generation: -1,
    });
  }

  /** Address of the header. */
  get address(): number {
    return this.#address;
  }

  get name(): string {
    return this.shape.name;
  }

  /** Elements in use. */
  get length(): number {
    return this.#extents.length;
  }

  /** Every allocation of the array. Arrays that its elements refer to are not included. */
  get allocations(): readonly number[] {
    const table = this.#tableBytes > 0 ? [this.#table] : [];
    return [this.#address, ...table, ...this.#extents.addresses];
  }

  /** Addresses of the headers that the array had before; references may still lead to them. */
  get formerHeaders(): readonly number[] {
    return this.#formerHeaders;
  }

  /** Every allocation that only readers of earlier generations need. */
  get former(): readonly number[] {
    return [...this.#formerHeaders, ...this.#formerTables, ...this.#extents.former];
  }

  /** Forgets the `former` allocations, once their holder frees them. */
  forgetFormer(): void {
    this.#formerHeaders = [];
    this.#formerTables = [];
    this.#extents.forgetFormer();
  }

  /**
   * Says that an object holds the array as it is now. The next change then moves the array, as after a
   * seal. The holder of that object frees the allocations that only earlier readers needed.
   */
  share(): void {
    this.#generation = -1;
    this.#extents.share();
    this.forgetFormer();
  }

  /** Locates an element in use. @throws {BadAddressError} when its bytes fail their checksum */
  locate(index: number): Location {
    return this.#extents.locate(index);
  }

  /** Locates elements in use, extent by extent. @throws {BadAddressError} as `locate` does */
  ranges(index: number, count: number): Iterable<Range> {
    return this.#extents.ranges(index, count);
  }

  /**
   * Prepares the array for a change. If a sealed generation has the header, the array gets another
   * one.
   *
   * @throws {OutOfMemoryError} when the memory cannot grow; nothing has changed
   */
  change(): void {
    const { generation } = this.#pool.memory;
    if (this.#generation !== generation) {
      const address = this.#pool.allocate(HEADER_BYTES);
      this.#formerHeaders.push(this.#address);
      if (this.#tableBytes > 0) this.#formerTables.push(this.#table);
      this.#address = address;
      this.#tableBytes = 0;
      this.#generation = generation;
    }
    this.#complete = false;
  }

  /**
   * Calls `write` for the elements from `index` on, extent by extent. They replace elements in use
   * or follow them. The caller calls `change` before.
   *
   * @param write writes the elements `from` up to before `to`, counted within the `count`, at a
   *   location
   */
  write(
    index: number,
    count: number,
    write: (at: Location, from: number, to: number) => void,
  ): void {
    const more = index + count - this.#extents.room;
    if (more > 0) this.#pool.memory.reserve(more * this.shape.size);
    for (let done = 0; done < count; ) {
      const range = this.#extents.writable(index + done, count - done);
      write(range, done, done + range.count);
      done += range.count;
      this.#extents.complete(index + done);
    }
  }

  /** Adds elements, which were written behind those in use, to the length. */
  extend(count: number): void {
    this.#extents.length += count;
  }

  /**
   * Completes the header, the table and the checksums in memory.
   *
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  flush(): void {
    if (this.#complete) return;
    this.#extents.settle();
    const { list } = this.#extents;
    const wanted = tableBytes(list.length);
    if (wanted > this.#tableBytes) {
      const table = this.#pool.allocate(wanted);
      if (this.#tableBytes > 0) this.#pool.free(this.#table);
      this.#table = table;
      this.#tableBytes = wanted;
    }
    const { fingerprint, size: elementSize } = this.shape;
    const header = { count: this.length, fingerprint, elementSize, table: this.#table };
    writeArray(this.#pool.memory, this.#address, header, list);
    this.#complete = true;
  }

  /** Reads all elements. @throws {BadAddressError} when bytes fail their checksum */
  verify(): void {
    this.#extents.verify();
  }

  /** Frees every allocation of the array. */
  free(): void {
    for (const address of this.allocations) this.#pool.free(address);
    this.#complete = true;
  }
}
