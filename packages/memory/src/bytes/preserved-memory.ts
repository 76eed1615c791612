import { AddressSpace } from "./address-space.js";
import { AllocationError } from "./errors.js";
import { PAGE_SIZE } from "./pages.js";
import { Pool, type PoolOptions, type PoolUsage } from "./pool.js";

/** The use of a preserved memory, in pages of 4096 bytes and by pool. */
export interface MemoryUsage {
  /** Pages of the address space in use so far, the first included. */
  readonly pages: number;
  /** Pages that pools have taken. */
  readonly taken: number;
  readonly pools: Readonly<Record<string, PoolUsage>>;
}

/**
 * An address space whose allocations come from pools. Neither an allocation nor its memory ever
 * moves.
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
   * Gives the pool of a name; makes it when it is first asked for.
   *
   * @throws {AllocationError} when the pool exists and is resident where `resident` is false, or
   *   the reverse
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

  /**
   * Begins the next generation; memory that only the generation before held can be allocated again.
   */
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
