import { ArgumentError } from "@luo/struct";
import type { AddressSpace } from "./address-space.js";
import { type Allocation, AllocationError, BadAddressError, LeakError } from "./errors.js";
import { PAGE_SIZE, pagesFor } from "./pages.js";
import { Slab } from "./slab.js";

/** Up to this many bytes, allocations share pages. */
const MAX_SLOT = PAGE_SIZE / 2;

/** The properties of a pool. */
export interface PoolOptions {
  /** True for allocations that stay across updates until they are freed; a store records them. */
  readonly resident?: boolean;
}

/** The use of one pool. */
export interface PoolUsage {
  readonly allocations: number;
  /** Bytes of all allocations. */
  readonly bytes: number;
  /**
   * Pages that the pool has taken; some only hold freed allocations of the last sealed generation.
   */
  readonly pages: number;
}

/**
 * Allocations that live together. They can be freed one by one, or all at once by `release`, which
 * touches no other pool. Allocations never move.
 *
 * A sealed generation is never written to: an allocation that it holds, freed or not, is not given
 * out again until the next generation is sealed. A pool knows bytes only; an `ArrayOwner` puts
 * structs and arrays into it.
 */
export class Pool {
  readonly name: string;
  readonly resident: boolean;
  readonly memory: AddressSpace;
  readonly #poolAt: (address: number) => Pool | undefined;
  /** Slabs by the number of their first page. */
  readonly #slabs = new Map<number, Slab>();
  /** Slabs that may have room, by the size of their slots in units of 8 bytes. */
  readonly #open: Slab[][] = [];
  #touched: Slab[] = [];
  /** By address, the bytes of allocations that another writer placed. */
  readonly #foreign = new Map<number, number>();
  /** Allocations of another writer that were freed since the last commit. */
  #freed: (readonly [address: number, bytes: number])[] = [];
  /** Counts the allocations and the frees. */
  changes = 0;
  #allocations = 0;
  #bytes = 0;
  #pages = 0;

  /** Use `PreservedMemory.pool`. */
  constructor(
    memory: AddressSpace,
    name: string,
    resident: boolean,
    poolAt: (address: number) => Pool | undefined,
  ) {
    this.memory = memory;
    this.name = name;
    this.resident = resident;
    this.#poolAt = poolAt;
  }

  /**
   * Allocates bytes and gives their address, which is never 0. It is a multiple of 8, and of 4096
   * for more than 2048 bytes. The content of the bytes is undefined.
   *
   * @throws {ArgumentError} unless `bytes` is a positive integer
   * @throws {OutOfMemoryError} when the buffer cannot grow
   * @throws {MemoryLockedError} when another program changes the memory
   */
  allocate(bytes: number): number {
    if (!(bytes > 0 && Number.isSafeInteger(bytes))) {
      throw new ArgumentError(`pool ${this.name}`, {
        found: `${bytes} bytes`,
        expected: "a positive integer",
      });
    }
    this.memory.change();
    const size = sizeOf(bytes);
    const open = bytes <= MAX_SLOT ? this.#opened(size) : undefined;
    let slab = open?.at(-1) ?? this.#add(size, open !== undefined);
    let address = slab.allocate();
    while (address < 0) {
      slab.open = false;
      open?.pop();
      slab = open?.at(-1) ?? this.#add(size, true);
      address = slab.allocate();
    }
    this.changes++;
    this.#allocations++;
    this.#bytes += size;
    this.#touch(slab);
    return address;
  }

  /**
   * Frees an allocation.
   *
   * @throws {AllocationError} when no allocation of this pool begins there, or it was freed already
   */
  free(address: number): void {
    this.memory.change();
    const foreign = this.#foreign.get(address);
    if (foreign !== undefined) {
      this.#freeForeign(address, foreign);
      return;
    }
    const slab = this.#slabs.get(Math.floor(address / PAGE_SIZE));
    const slot = slab?.slotOf(address) ?? -1;
    if (slab === undefined || slot < 0) {
      throw new AllocationError(this.name, address, {
        found: `no allocation begins here${this.#owner(address)}`,
      });
    }
    if (!slab.isUsed(slot)) {
      throw new AllocationError(this.name, address, {
        found: `these ${slab.size} bytes are free already`,
      });
    }
    slab.free(slot);
    this.changes++;
    this.#allocations--;
    this.#bytes -= slab.size;
    this.#touch(slab);
    if (slab.empty) this.#drop(slab);
    else this.#reopen(slab);
  }

  /** Frees everything in the pool. */
  release(): void {
    this.memory.change();
    for (const slab of this.#slabs.values()) {
      slab.freeAll();
      this.#touch(slab);
      if (slab.empty) this.#drop(slab);
      else this.#reopen(slab);
    }
    for (const [address, bytes] of this.#foreign) this.#freeForeign(address, bytes);
    this.changes++;
    this.#allocations = 0;
    this.#bytes = 0;
  }

  /**
   * Checks that everything was freed.
   *
   * @throws {LeakError} that lists the allocations that were not
   */
  close(): void {
    this.memory.account();
    if (this.#allocations > 0) throw new LeakError(this.name, [...this.allocations()]);
  }

  get usage(): PoolUsage {
    this.memory.account();
    return { allocations: this.#allocations, bytes: this.#bytes, pages: this.#pages };
  }

  /** Every allocation, in no particular order. */
  *allocations(): Iterable<Allocation> {
    this.memory.account();
    for (const slab of this.#slabs.values()) {
      for (const address of slab) yield { address, bytes: slab.size };
    }
    for (const [address, bytes] of this.#foreign) yield { address, bytes };
  }

  /**
   * Adopts an allocation of the contents with which the memory was opened.
   *
   * @param what gives the words for the allocation in messages; a function, as a million are adopted
   * @throws {BadAddressError} when it has no bytes, overlaps another one, or lies where `allocate`
   *   never puts any; the last two make `account` of the memory start again, for a foreign
   *   placement
   */
  adopt(address: number, bytes: number, what: () => string): void {
    if (bytes <= 0) throw new BadAddressError(address, `${what()} has no bytes`);
    if (this.memory.foreign !== undefined) {
      this.memory.takeForeign(address, bytes, what());
      this.#foreign.set(address, bytes);
      this.#allocations++;
      this.#bytes += bytes;
      return;
    }
    const page = Math.floor(address / PAGE_SIZE);
    const size = sizeOf(bytes);
    const slots = bytes <= MAX_SLOT ? Math.floor(PAGE_SIZE / size) : 1;
    let slab = this.#slabs.get(page);
    if (slab === undefined) {
      slab = new Slab(page * PAGE_SIZE, size, slots);
      if (!this.memory.takePagesAt(slab.address, slab.pages)) {
        throw this.memory.misplaced(address, what());
      }
      this.#note(slab);
    }
    const slot = slab.slotOf(address);
    if (slab.size !== size || slot < 0 || slab.isUsed(slot)) {
      throw this.memory.misplaced(address, what());
    }
    slab.adopt(slot);
    this.#allocations++;
    this.#bytes += size;
    this.#reopen(slab);
  }

  /**
   * Gives the allocations in use to the sealed generation, which holds them from now on. Slots and
   * pages that only the generation before held can be allocated again.
   */
  commit(): void {
    const touched = this.#touched;
    this.#touched = [];
    for (const slab of touched) {
      slab.touched = false;
      slab.commit();
      if (this.#slabs.get(slab.address / PAGE_SIZE) !== slab) continue;
      if (slab.live === 0) this.#drop(slab);
      else if (slab.live < slab.slots) this.#reopen(slab);
    }
    for (const [address, bytes] of this.#freed.splice(0)) this.memory.giveForeign(address, bytes);
  }

  /** Forgets all allocations, before they are adopted again. */
  reset(): void {
    this.#slabs.clear();
    this.#open.length = 0;
    this.#touched = [];
    this.#allocations = 0;
    this.#bytes = 0;
    this.#pages = 0;
  }

  /**
   * Frees such an allocation. Its pages are given back at the next commit, as a reader may see
   * them.
   */
  #freeForeign(address: number, bytes: number): void {
    this.#foreign.delete(address);
    this.#freed.push([address, bytes]);
    this.changes++;
    this.#allocations--;
    this.#bytes -= bytes;
  }

  /** Adds a slab: one page cut into slots, or a run of pages for one large allocation. */
  #add(size: number, cut: boolean): Slab {
    const address = this.memory.takePages(pagesFor(size));
    const slab = new Slab(address, size, cut ? Math.floor(PAGE_SIZE / size) : 1);
    this.#note(slab);
    this.#reopen(slab);
    return slab;
  }

  #note(slab: Slab): void {
    this.#slabs.set(slab.address / PAGE_SIZE, slab);
    this.#pages += slab.pages;
  }

  #drop(slab: Slab): void {
    this.#slabs.delete(slab.address / PAGE_SIZE);
    this.memory.givePages(slab.address, slab.pages);
    this.#pages -= slab.pages;
    if (!slab.open) return;
    const open = this.#opened(slab.size);
    open.splice(open.indexOf(slab), 1);
    slab.open = false;
  }

  #reopen(slab: Slab): void {
    if (slab.open || slab.slots === 1) return;
    slab.open = true;
    this.#opened(slab.size).push(slab);
  }

  #opened(size: number): Slab[] {
    this.#open[size / 8] ??= [];
    return this.#open[size / 8] as Slab[];
  }

  #touch(slab: Slab): void {
    if (slab.touched) return;
    slab.touched = true;
    this.#touched.push(slab);
  }

  #owner(address: number): string {
    const other = this.#poolAt(address);
    return other ? `; it is of pool ${other.name}` : "";
  }

  /** True when an allocation begins at an address. */
  holds(address: number): boolean {
    if (this.#foreign.has(address)) return true;
    const slab = this.#slabs.get(Math.floor(address / PAGE_SIZE));
    const slot = slab?.slotOf(address) ?? -1;
    return slab !== undefined && slot >= 0 && slab.isUsed(slot);
  }
}

/**
 * Gives the bytes taken for so many: rounded up to a multiple of 8 for a slot, or to whole pages.
 */
function sizeOf(bytes: number): number {
  return bytes <= MAX_SLOT ? Math.ceil(bytes / 8) * 8 : pagesFor(bytes) * PAGE_SIZE;
}
