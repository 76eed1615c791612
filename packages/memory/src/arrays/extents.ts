import type { Memory } from "@luo/struct";
import { BadAddressError, hex } from "../bytes/errors.js";
import type { Pool } from "../bytes/pool.js";
import type { Location } from "../bytes/segments.js";
import type { ArrayExtent } from "./array-format.js";

/**
 * The most bytes of an extent, unless one element alone has more. An extent of this size is still
 * in the processor's cache when its checksum is computed after writing.
 */
const MAX_EXTENT = 1 << 18;

/** An extent as the program holds it: an `ArrayExtent` with its location and its state. */
interface LiveExtent {
  address: number;
  /** The location of the address. */
  memory: Memory;
  offset: number;
  readonly capacity: number;
  checksum: number;
  /** Index of its first element in the array. */
  readonly from: number;
  /** The generation that allocated this extent. Older extents are copied before writing. */
  generation: number;
  /** Elements that the checksum covers. */
  covered: number;
  /** `verified` once the bytes match the checksum, `changed` once they were written after it. */
  state: "unread" | "verified" | "changed";
}

/** Elements in a row in one extent: the location of the first, and their number. */
export interface Range extends Location {
  readonly count: number;
}

/** The extents of one array: locates its elements, and gives room for further ones. */
export class Extents {
  /** Elements in use. Checksums do not cover the room behind them. */
  length: number;
  readonly #pool: Pool;
  readonly #name: string;
  readonly #size: number;
  #loaded: LiveExtent[] | undefined;
  readonly #load: () => readonly ArrayExtent[];
  /** Addresses of extents of earlier generations that were copied. */
  #former: number[] = [];

  /**
   * @param name the name of the element's class
   * @param size bytes per element
   * @param length elements in use
   * @param load reads the extents that exist. It is called when they are first needed, because the
   *   program may never read an element of the array
   */
  constructor(
    pool: Pool,
    name: string,
    size: number,
    length: number,
    load: () => readonly ArrayExtent[],
  ) {
    this.#pool = pool;
    this.#name = name;
    this.#size = size;
    this.length = length;
    this.#load = load;
  }

  get #list(): LiveExtent[] {
    if (this.#loaded !== undefined) return this.#loaded;
    let from = 0;
    this.#loaded = this.#load().map(({ address, capacity, checksum }): LiveExtent => {
      const covered = this.#used(capacity, from);
      const place = { address, ...this.#pool.memory.at(address), capacity, from };
      from += capacity;
      return { ...place, generation: -1, checksum, covered, state: "unread" };
    });
    return this.#loaded;
  }

  /** The extents as a table lists them. */
  get list(): readonly ArrayExtent[] {
    return this.#list;
  }

  /** Elements that fit, in use or not. */
  get room(): number {
    const last = this.#list.at(-1);
    return last === undefined ? 0 : last.from + last.capacity;
  }

  get addresses(): readonly number[] {
    return this.#list.map(({ address }) => address);
  }

  /** Addresses of extents that were copied; only readers of earlier generations need them. */
  get former(): readonly number[] {
    return this.#former;
  }

  /** Forgets the `former` extents, once their holder frees them. */
  forgetFormer(): void {
    this.#former = [];
  }

  /** Has every extent copied before it is written to again. */
  share(): void {
    for (const extent of this.#loaded ?? []) extent.generation = -1;
  }

  /**
   * Locates an element in use.
   *
   * @throws {BadAddressError} when the bytes of its extent fail their checksum
   */
  locate(index: number): Location {
    const extent = this.#at(index);
    if (extent.state === "unread") this.#verify(extent);
    const { memory, offset, from } = extent;
    return { memory, offset: offset + (index - from) * this.#size };
  }

  /**
   * Locates `count` elements in use from `index` on.
   *
   * @throws {BadAddressError} as `locate` does
   */
  *ranges(index: number, count: number): Iterable<Range> {
    for (let done = 0; done < count; ) {
      const { from, capacity } = this.#at(index + done);
      const here = Math.min(from + capacity - index - done, count - done);
      const { memory, offset } = this.locate(index + done);
      yield { memory, offset, count: here };
      done += here;
    }
  }

  /**
   * Locates room for up to `count` elements from `index` on; `index` may be the first behind the
   * room. No sealed generation has anything there: an older extent is copied first.
   *
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  writable(index: number, count: number): Range {
    if (index === this.room) this.#extend(count);
    const extent = this.#at(index);
    if (extent.generation !== this.#pool.memory.generation) this.#copy(extent);
    extent.state = "changed";
    const { memory, offset, from, capacity } = extent;
    return {
      memory,
      offset: offset + (index - from) * this.#size,
      count: Math.min(from + capacity - index, count),
    };
  }

  /**
   * Computes the checksum of the extent that ends before the element `index`; does nothing if none
   * does.
   */
  complete(index: number): void {
    const extent = this.#at(index - 1);
    if (extent.from + extent.capacity !== index) return;
    this.#cover(extent, extent.capacity);
  }

  /**
   * Computes the checksums of changed extents. Extents at the end that hold no element in use are
   * freed; they remain where writing elements failed.
   */
  settle(): void {
    for (let last = this.#list.at(-1); last !== undefined; last = this.#list.at(-1)) {
      if (last.from < this.length || last.generation !== this.#pool.memory.generation) break;
      this.#pool.free(last.address);
      this.#list.pop();
    }
    for (const extent of this.#list) {
      const used = this.#used(extent.capacity, extent.from);
      if (extent.state === "changed" || extent.covered !== used) this.#cover(extent, used);
    }
  }

  /** Reads all elements. @throws {BadAddressError} when bytes fail their checksum */
  verify(): void {
    for (const extent of this.#list) this.#verify(extent);
  }

  #extend(wanted: number): void {
    const most = Math.max(1, Math.floor(MAX_EXTENT / this.#size));
    const from = this.room;
    const capacity = Math.min(Math.max(wanted, from), most);
    const address = this.#pool.allocate(capacity * this.#size);
    const { generation } = this.#pool.memory;
    const place = { address, ...this.#pool.memory.at(address), capacity, from, generation };
    this.#list.push({ ...place, checksum: 0, covered: 0, state: "changed" });
  }

  /** Copies an extent of an earlier generation; the original stays as it is for its readers. */
  #copy(extent: LiveExtent): void {
    this.#verify(extent);
    const length = extent.capacity * this.#size;
    const address = this.#pool.allocate(length);
    const { memory, offset } = this.#pool.memory.at(address);
    memory.u8.set(extent.memory.bytes(extent.offset, length), memory.base + offset);
    this.#former.push(extent.address);
    Object.assign(extent, { address, memory, offset, generation: this.#pool.memory.generation });
  }

  #at(index: number): LiveExtent {
    let [low, high] = [0, this.#list.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#list[middle] as LiveExtent).from <= index) low = middle;
      else high = middle - 1;
    }
    return this.#list[low] as LiveExtent;
  }

  #cover(extent: LiveExtent, elements: number): void {
    extent.checksum = this.#pool.memory.checksumOf(extent, elements * this.#size);
    extent.covered = elements;
    extent.state = "verified";
  }

  #used(capacity: number, from: number): number {
    return Math.max(0, Math.min(capacity, this.length - from));
  }

  #verify(extent: LiveExtent): void {
    if (extent.state !== "unread") return;
    const { checksum, covered } = extent;
    const found = this.#pool.memory.mismatch(extent, covered * this.#size, checksum);
    if (found !== undefined) {
      const { address, from, capacity } = extent;
      const last = Math.min(from + capacity, this.length) - 1;
      const fault = {
        found: `elements ${from} to ${last} with checksum ${hex(found)}`,
        expected: hex(checksum),
        do: "they have changed since they were written: restore the image",
      };
      throw new BadAddressError(address, fault, `array of ${this.#name}`);
    }
    extent.state = "verified";
  }
}
