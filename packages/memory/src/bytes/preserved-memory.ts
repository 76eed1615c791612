import { AddressSpace } from "./address-space.js";
import { AllocationError } from "./errors.js";
import { PAGE_SIZE } from "./pages.js";
import { Pool, type PoolOptions, type PoolUsage } from "./pool.js";

/** What a preserved memory holds, in pages of 4096 bytes and by pool. */
export interface MemoryUsage {
  /** Pages of the address space so far, the first included. */
  readonly pages: number;
  /** Pages that pools have taken. */
  readonly taken: number;
  readonly pools: Readonly<Record<string, PoolUsage>>;
}

/**
 * An address space with allocations, which come from pools. Neither they nor the memory that they lie
 * in ever move.
 */
export class PreservedMemory extends AddressSpace {
  readonly #pools = new Map<string, Pool>();

  get pools(): readonly Pool[] {
    return [...this.#pools.values()];
  }

  get usage(): MemoryUsage {
    const pools = Array.from(this.#pools, ([name, { usage }]) => [name, usage] as const);
    return {
      pages: this.end / PAGE_SIZE,
      taken: this.takenPages,
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
      const pool = new Pool(this, name, resident, (address) => this.#poolAt(address));
      this.#pools.set(name, pool);
      return pool;
    }
    if (known.resident !== resident) {
      const is = known.resident ? "is resident" : "is not resident";
      throw new AllocationError(name, 0, { found: `the pool ${is}`, do: "ask for it as it is" });
    }
    return known;
  }

  /** Begins the next generation; freed allocations of the last can then be allocated again. */
  override commit(): void {
    super.commit();
    for (const pool of this.#pools.values()) pool.commit();
  }

  protected override reset(): void {
    super.reset();
    for (const pool of this.#pools.values()) pool.reset();
  }

  #poolAt(address: number): Pool | undefined {
    return this.pools.find((pool) => pool.holds(address));
  }
}
