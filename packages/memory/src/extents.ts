import type { ArrayExtent } from "./array-format.js";
import { checksum } from "./checksum.js";
import { BadAddressError, hex } from "./errors.js";
import type { Pool } from "./pool.js";

/**
 * Bytes that an extent has at most, unless one element alone has more: few enough that what was just
 * written is still in the processor's cache when its checksum is taken.
 */
const MAX_EXTENT = 1 << 18;

/** An extent as the program holds it. */
interface Extent {
  address: number;
  readonly capacity: number;
  checksum: number;
  /** Index of its first element in the array. */
  readonly from: number;
  /** In which it was allocated: one of an earlier generation is not written to, but copied. */
  generation: number;
  /** How many elements the checksum is of. */
  covered: number;
  /** Whether its bytes are known to be those of the checksum. */
  state: "unread" | "verified" | "changed";
}

/** Elements in a row, in one extent. */
export interface Range {
  /** Of the first of them. */
  readonly address: number;
  readonly count: number;
}

/** Where the elements of an array lie. */
export class Extents {
  /** How many elements are in use; those behind are not covered by a checksum. */
  length: number;
  readonly #pool: Pool;
  readonly #name: string;
  readonly #size: number;
  #loaded: Extent[] | undefined;
  readonly #load: () => readonly ArrayExtent[];
  /** Extents of earlier generations that were copied. */
  #former: number[] = [];

  /**
   * @param name of the element's class
   * @param size of an element, in bytes
   * @param load reads those that there are, which is done when they are first needed: there may be
   *   many arrays of which the program never reads an element
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

  get #list(): Extent[] {
    if (this.#loaded !== undefined) return this.#loaded;
    let from = 0;
    this.#loaded = this.#load().map(({ address, capacity, checksum }): Extent => {
      const covered = this.#used(capacity, from);
      const extent = { address, capacity, from, generation: -1, checksum, covered };
      from += capacity;
      return { ...extent, state: "unread" };
    });
    return this.#loaded;
  }

  /** As a table lists them. */
  get list(): readonly ArrayExtent[] {
    return this.#list;
  }

  /** How many elements fit. */
  get room(): number {
    const last = this.#list.at(-1);
    return last === undefined ? 0 : last.from + last.capacity;
  }

  get addresses(): readonly number[] {
    return this.#list.map(({ address }) => address);
  }

  /** The addresses of extents that were copied. */
  get former(): readonly number[] {
    return this.#former;
  }

  /** The same, which are then forgotten. */
  takeFormer(): readonly number[] {
    return this.#former.splice(0);
  }

  /**
   * Where an element in use lies.
   *
   * @throws {BadAddressError} when the bytes of its extent are not those that were written
   */
  locate(index: number): number {
    const extent = this.#at(index);
    if (extent.state === "unread") this.#verify(extent);
    return extent.address + (index - extent.from) * this.#size;
  }

  /** Where `count` elements in use from `index` on lie. @throws {BadAddressError} as `locate` does */
  *ranges(index: number, count: number): Iterable<Range> {
    for (let done = 0; done < count; ) {
      const { from, capacity } = this.#at(index + done);
      const here = Math.min(from + capacity - index - done, count - done);
      yield { address: this.locate(index + done), count: here };
      done += here;
    }
  }

  /**
   * Where to write up to `count` elements from `index` on, which may be the first that is not there
   * yet: at an address that no sealed generation has.
   *
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  writable(index: number, count: number): Range {
    if (index === this.room) this.#extend(count);
    const extent = this.#at(index);
    const { generation, bytes } = this.#pool.memory;
    if (extent.generation !== generation) {
      this.#verify(extent);
      const length = extent.capacity * this.#size;
      const address = this.#pool.allocate(length);
      const { u8 } = this.#pool.memory.bytes;
      u8.copyWithin(bytes.base + address, extent.address, extent.address + length);
      this.#former.push(extent.address);
      extent.address = address;
      extent.generation = generation;
    }
    extent.state = "changed";
    const address = extent.address + (index - extent.from) * this.#size;
    return { address, count: Math.min(extent.from + extent.capacity - index, count) };
  }

  /** Takes the checksum of an extent that was written to its end, up to before the element `index`. */
  complete(index: number): void {
    const extent = this.#at(index - 1);
    if (extent.from + extent.capacity !== index) return;
    this.#cover(extent, extent.capacity);
  }

  /**
   * Takes the checksums of what has changed. Extents in which nothing came to lie, as elements behind
   * did not fit their struct, are freed.
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

  /** @throws {BadAddressError} when bytes are not those that were written */
  verify(): void {
    for (const extent of this.#list) this.#verify(extent);
  }

  #extend(wanted: number): void {
    const most = Math.max(1, Math.floor(MAX_EXTENT / this.#size));
    const from = this.room;
    const capacity = Math.min(Math.max(wanted, from), most);
    const address = this.#pool.allocate(capacity * this.#size);
    const { generation } = this.#pool.memory;
    const place = { address, capacity, from, generation };
    this.#list.push({ ...place, checksum: 0, covered: 0, state: "changed" });
  }

  #at(index: number): Extent {
    let [low, high] = [0, this.#list.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#list[middle] as Extent).from <= index) low = middle;
      else high = middle - 1;
    }
    return this.#list[low] as Extent;
  }

  #cover(extent: Extent, elements: number): void {
    extent.checksum = this.#sum(extent.address, elements);
    extent.covered = elements;
    extent.state = "verified";
  }

  #sum(address: number, elements: number): number {
    return checksum(this.#pool.memory.bytes, address, elements * this.#size);
  }

  #used(capacity: number, from: number): number {
    return Math.max(0, Math.min(capacity, this.length - from));
  }

  #verify(extent: Extent): void {
    if (extent.state !== "unread") return;
    const found = this.#sum(extent.address, extent.covered);
    if (found !== extent.checksum) {
      const { address, from, capacity } = extent;
      const last = Math.min(from + capacity, this.length) - 1;
      throw new BadAddressError(
        address,
        `elements ${from} to ${last} of the array of ${this.#name} have the checksum ${hex(found)}, expected ${hex(extent.checksum)}; they have changed since they were written`,
      );
    }
    extent.state = "verified";
  }
}
