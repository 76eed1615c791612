import { BlockList, PAGE_SIZE, type Pool, type PreservedMemory } from "@luo/memory";
import { type StructClass, show } from "@luo/struct";
import { BadImageError } from "./errors.js";
import { PoolAllocation, PoolRecord } from "./image-records.js";

/**
 * The record of resident pools in an image: a block list of pools, each with a block list of its
 * allocations.
 */
export class ResidentPools {
  readonly #memory: PreservedMemory;
  readonly #pool: Pool;
  #address: number;
  #lists: BlockList<object>[] = [];
  /** The state of the pools when they were last written: how often each had changed. */
  #written = "[]";

  /**
   * @param pool the pool for the block lists
   * @param address the address of the first block of the list of pools; 0 for none
   */
  constructor(memory: PreservedMemory, pool: Pool, address: number) {
    this.#memory = memory;
    this.#pool = pool;
    this.#address = address;
  }

  /**
   * Has the pools adopt the allocations that the image lists for them.
   *
   * @throws {BadAddressError} when a block or an allocation cannot lie at its address
   * @throws {BadImageError} when a pool is listed twice
   */
  restore(): void {
    this.#lists = [];
    const names = new Set<string>();
    for (const { name, allocations } of this.#restore(this.#address, PoolRecord)) {
      if (names.size === names.add(name).size) {
        throw new BadImageError(`its pool ${show(name)} is listed twice`);
      }
      const list = this.#restore(allocations, PoolAllocation);
      const pool = this.#memory.pool(name, { resident: true });
      const what = `an allocation of pool ${name}`;
      for (const { address, bytes } of list) {
        this.#memory.locate(address, bytes, what);
        pool.adopt(address, bytes, () => what);
      }
    }
    this.#written = this.#state();
  }

  /** Reads one list, and adopts its blocks so that no other list can share them. */
  #restore<T extends object>(address: number, struct: StructClass<T>): BlockList<T> {
    const list = BlockList.restore(this.#pool, address, struct);
    for (const block of list.blocks)
      this.#pool.adopt(block, PAGE_SIZE, () => "a block of the pools");
    this.#lists.push(list);
    return list;
  }

  /** Rewrites the lists when a pool has changed, and gives the address of the list of pools. */
  write(): number {
    const state = this.#state();
    if (state === this.#written) return this.#address;
    const lists: BlockList<object>[] = [];
    try {
      this.#address = this.#list(lists);
    } catch (error) {
      for (const list of lists) list.free();
      throw error;
    }
    for (const list of this.#lists) list.free();
    this.#lists = lists;
    this.#written = state;
    return this.#address;
  }

  /**
   * Writes the lists of all resident pools, adds each to `lists`, and gives the address of the
   * first.
   */
  #list(lists: BlockList<object>[]): number {
    const records = BlockList.alloc(this.#pool, PoolRecord);
    lists.push(records);
    for (const pool of this.#memory.pools.filter(({ resident }) => resident)) {
      const list = BlockList.alloc(this.#pool, PoolAllocation);
      lists.push(list);
      for (const allocation of pool.allocations()) list.push(allocation);
      records.push({ name: pool.name, allocations: list.address });
    }
    return records.address;
  }

  #state(): string {
    const pools = this.#memory.pools.filter(({ resident }) => resident);
    return JSON.stringify(pools.map(({ name, changes }) => [name, changes]));
  }
}
