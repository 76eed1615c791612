import { Memory } from "@luo/struct";
import type { PreservedArray } from "./array.js";
import type { Backing } from "./backing.js";
import { AllocationError, BadAddressError, hex, OutOfMemoryError } from "./errors.js";
import { PAGE_SIZE, PageMap, pagesFor } from "./pages.js";
import { Pool, type PoolOptions, type PoolUsage } from "./pool.js";

/** What a preserved memory holds, in pages of 4096 bytes and by pool. */
export interface MemoryUsage {
  /** Pages of the address space so far, the first included. */
  readonly pages: number;
  /** Pages that pools have taken. */
  readonly taken: number;
  readonly pools: Readonly<Record<string, PoolUsage>>;
}

/** What lies in a memory already. */
export interface Contents {
  /** Bytes in use, a multiple of 4096: nothing beyond is read. */
  readonly end: number;
  /** That of what lies in it. */
  readonly generation: number;
  /** Has pools adopt what is allocated. It is called before the first allocation, so that who only reads need not wait for it. */
  readonly account: () => void;
}

/**
 * An address space over one buffer. A physical address is the offset of a byte, a u64 in fields; 0
 * is null, and the first page is the header's. Allocations come from pools and never move.
 *
 * When the buffer grows it is replaced and the old one detached: views of it throw a `DetachedError`.
 * So take `bytes` anew each time.
 */
export class PreservedMemory {
  readonly #backing: Backing;
  readonly #map = new PageMap();
  readonly #pools = new Map<string, Pool>();
  readonly #unfinished = new Map<number, PreservedArray>();
  #bytes: Memory;
  #end: number;
  #generation: number;
  #account: (() => void) | undefined;

  /** @param backing what the memory lies in: zeros, unless there are contents */
  constructor(
    backing: Backing,
    { end = PAGE_SIZE, generation = 0, account }: Partial<Contents> = {},
  ) {
    this.#backing = backing;
    this.#bytes = new Memory(backing.buffer);
    this.#end = end;
    this.#generation = generation;
    this.#account = account;
    this.#map.take(0, 1);
    if (end > this.#bytes.byteLength) this.#grow(end);
  }

  /** The whole buffer, for codecs. Do not keep it across an allocation. */
  get bytes(): Memory {
    return this.#bytes;
  }

  /** Bytes of the address space so far, from address 0: a multiple of 4096. */
  get end(): number {
    return this.#end;
  }

  /** Counts the commits. What was allocated since the last can be written to in place. */
  get generation(): number {
    return this.#generation;
  }

  get pools(): readonly Pool[] {
    return [...this.#pools.values()];
  }

  get usage(): MemoryUsage {
    const pools = Array.from(this.#pools, ([name, { usage }]) => [name, usage] as const);
    return {
      pages: this.#end / PAGE_SIZE,
      taken: this.#map.taken - 1,
      pools: Object.fromEntries(pools),
    };
  }

  /**
   * The pool of a name, made when it is first asked for.
   *
   * @throws {AllocationError} when it is there, but not of that residence
   */
  pool(name: string, { resident = false }: PoolOptions = {}): Pool {
    const known = this.#pools.get(name);
    if (known === undefined) {
      const pool = new Pool(this, this.#map, name, resident);
      this.#pools.set(name, pool);
      return pool;
    }
    if (known.resident !== resident) {
      const is = known.resident ? "is resident" : "is not resident";
      throw new AllocationError(name, 0, `the pool ${is}; ask for it as it is`);
    }
    return known;
  }

  /**
   * Where the bytes at an address lie in `bytes`.
   *
   * @throws {BadAddressError} when they are not wholly in use, or lie in the first page
   */
  locate(address: bigint | number, bytes: number, what: string): number {
    const offset = Number(address);
    if (offset < PAGE_SIZE) {
      throw new BadAddressError(
        address,
        `${what} cannot lie in the first page, the image's header`,
      );
    }
    if (!(offset + bytes <= this.#end)) {
      const problem = `${what} needs ${bytes} bytes, but memory ends at ${hex(this.#end)}`;
      throw new BadAddressError(address, problem);
    }
    if (offset % 8 !== 0) {
      throw new BadAddressError(address, `${what} would have to be aligned to 8 bytes`);
    }
    return offset;
  }

  /**
   * Takes pages in a row, for a pool, and returns the address of the first.
   *
   * @throws {OutOfMemoryError} when the buffer cannot grow
   */
  takePages(count: number): number {
    const end = this.#end / PAGE_SIZE;
    const first = this.#map.find(count, end) ?? this.#firstAtEnd(end);
    if (first + count > end) {
      const wanted = (first + count) * PAGE_SIZE;
      if (wanted > this.#bytes.byteLength) this.#grow(wanted);
      this.#end = wanted;
    }
    this.#map.take(first, count);
    return first * PAGE_SIZE;
  }

  /**
   * Takes account of what lies in the memory, unless that was done. Pools do it by themselves.
   *
   * @throws what `account` threw, each time
   */
  account(): void {
    const account = this.#account;
    if (account === undefined) return;
    this.#account = undefined;
    try {
      account();
    } catch (error) {
      this.#account = () => {
        throw error;
      };
      throw error;
    }
  }

  /**
   * Grows the buffer once for allocations of so many bytes to come, and a little more for what follows,
   * if it can: what they find no room for, they ask for themselves.
   */
  reserve(bytes: number): void {
    if (this.#end + bytes <= this.#bytes.byteLength) return;
    try {
      this.#grow(this.#end + pagesFor(bytes + bytes / 8) * PAGE_SIZE);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
  }

  /** Arrays that have changed and are not yet complete in memory, by the address of their header. */
  get unfinished(): Map<number, PreservedArray> {
    return this.#unfinished;
  }

  /** Completes all arrays in memory. */
  flush(): void {
    for (const array of this.#unfinished.values()) array.flush();
  }

  /**
   * Begins the next generation: what is allocated now is what its readers see, and is not written to
   * any more; what was freed can be allocated again.
   */
  commit(): void {
    this.flush();
    this.#generation++;
    for (const pool of this.#pools.values()) pool.commit();
  }

  /** The first of the free pages that the address space ends with. */
  #firstAtEnd(end: number): number {
    let first = end;
    while (first > 1 && !this.#map.has(first - 1)) first--;
    return first;
  }

  /** Doubling keeps the number of remappings logarithmic; where that is too much, just enough will do. */
  #grow(end: number): void {
    let cause: unknown;
    for (const wanted of [Math.max(end, this.#bytes.byteLength * 2), end]) {
      try {
        const buffer = this.#backing.resize?.(wanted);
        if (buffer !== undefined) this.#bytes = new Memory(buffer);
      } catch (error) {
        cause = error;
        // A backing that was unmapped before it failed has another buffer.
        const { buffer } = this.#backing;
        if (buffer !== this.#bytes.buffer) this.#bytes = new Memory(buffer);
      }
      if (this.#bytes.byteLength >= end) return;
    }
    throw new OutOfMemoryError(end, this.#bytes.byteLength, { cause });
  }
}
