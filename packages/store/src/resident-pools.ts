import { BlockList, type Pool, type PreservedMemory } from "@luo/memory";
import { char, LuoStruct, type StructClass, u64 } from "@luo/struct";

/** A resident pool, with the list of what is allocated in it. */
@LuoStruct(0, { family: "luo.pool" })
class PoolRecord {
  @char(40) name = "";
  /** Address of the first block of its allocations; 0 when there are none. */
  @u64.number allocations = 0;
}

@LuoStruct(0, { family: "luo.allocation" })
class PoolAllocation {
  @u64.number address = 0;
  @u64.number bytes = 0;
}

/** The account of resident pools in an image: a block list of pools, each with one of allocations. */
export class ResidentPools {
  readonly #memory: PreservedMemory;
  readonly #pool: Pool;
  #address: number;
  #lists: BlockList<object>[] = [];
  /** What was written last: how often each pool had changed. */
  #written = "[]";

  /** @param pool where the account lies; @param address of its first block; 0 for none */
  constructor(memory: PreservedMemory, pool: Pool, address: number) {
    this.#memory = memory;
    this.#pool = pool;
    this.#address = address;
  }

  /** Takes account of what the pools hold. @throws {BadAddressError} when it cannot be right */
  restore(): void {
    for (const { name, allocations } of this.#restore(this.#address, PoolRecord)) {
      const list = this.#restore(allocations, PoolAllocation);
      const pool = this.#memory.pool(name, { resident: true });
      for (const { address, bytes } of list) {
        this.#memory.locate(address, bytes, `an allocation of pool ${name}`);
        pool.adopt(address, bytes, `an allocation of pool ${name}`);
      }
    }
    this.#written = this.#state();
  }

  /** A list whose blocks are in no other. */
  #restore<T extends object>(address: number, struct: StructClass<T>): BlockList<T> {
    const list = BlockList.restore(this.#pool, address, struct);
    for (const block of list.blocks) this.#pool.adopt(block, 4096, "a block of the pools");
    this.#lists.push(list);
    return list;
  }

  /** Writes the account anew when a pool has changed, and returns its address. */
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

  /** Lists all resident pools, adds what it allocates to `lists`, and returns where they begin. */
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
