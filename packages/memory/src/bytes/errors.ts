import { LuoError } from "@luo/struct";

/** An address, count or length in preserved memory that cannot be right, or bytes that have changed. */
export class BadAddressError extends LuoError {
  readonly address: bigint;

  constructor(address: bigint | number, problem: string) {
    super("LUO_BAD_ADDRESS", `address ${hex(address)}: ${problem}`);
    this.address = BigInt(address);
  }
}

/** The buffer below a preserved memory cannot grow as far as an allocation needs. */
export class OutOfMemoryError extends LuoError {
  constructor(wanted: number, limit: number, options?: ErrorOptions) {
    super(
      "LUO_OUT_OF_MEMORY",
      `preserved memory would need ${wanted} bytes, but its buffer ends at ${limit}; use a buffer that can grow`,
      options,
    );
  }
}

/** Memory is allocated or freed in a way that cannot be right, such as twice. */
export class AllocationError extends LuoError {
  readonly pool: string;
  readonly address: bigint;

  constructor(pool: string, address: bigint | number, problem: string) {
    super("LUO_ALLOCATION", `pool ${pool}, address ${hex(address)}: ${problem}`);
    this.pool = pool;
    this.address = BigInt(address);
  }
}

/** Something is still allocated in a pool that was expected to be empty. */
export class LeakError extends LuoError {
  readonly pool: string;
  readonly allocations: readonly Allocation[];

  constructor(pool: string, allocations: readonly Allocation[]) {
    const [first] = allocations;
    const more = allocations.length > 1 ? ` and ${allocations.length - 1} more` : "";
    const found = first ? `${first.bytes} bytes at ${hex(first.address)}${more}` : "nothing";
    super("LUO_LEAK", `pool ${pool} still holds ${found}; free them, or release the pool`);
    this.pool = pool;
    this.allocations = allocations;
  }
}

/** Bytes that were allocated together. */
export interface Allocation {
  /** The physical address of the first byte. */
  readonly address: number;
  /** What was asked for, rounded up to what can be allocated: multiples of 8, then of 4096. */
  readonly bytes: number;
}

export const hex = (address: bigint | number) => `0x${address.toString(16)}`;
