import { type Fault, LuoError } from "@luo/struct";

/**
 * An address, count or length in preserved memory cannot be right, or bytes fail their checksum.
 */
export class BadAddressError extends LuoError {
  static override readonly codes = {
    LUO_BAD_ADDRESS: {
      when: "an address, count or length in preserved memory cannot be right, or bytes have changed",
      do: "the memory is damaged, or what lay there was freed: take the object again, or restore the image",
    },
  };
  readonly address: bigint;

  /** @param what the words for what should lie there, if that is known */
  constructor(address: bigint | number, fault: Fault, what?: string) {
    const where = `address ${hex(address)}`;
    super("LUO_BAD_ADDRESS", what === undefined ? where : `${where}, ${what}`, fault);
    this.address = BigInt(address);
  }
}

/** The buffer below a preserved memory cannot grow as far as an allocation needs. */
export class OutOfMemoryError extends LuoError {
  static override readonly codes = {
    LUO_OUT_OF_MEMORY: {
      when: "the buffer below a preserved memory cannot grow as far as an allocation needs",
      do: "use a buffer that can grow",
    },
  };

  constructor(wanted: number, limit: number, options?: ErrorOptions) {
    const found = `would need ${wanted} bytes, but its buffer ends at ${limit}`;
    super("LUO_OUT_OF_MEMORY", "preserved memory", { found }, options);
  }
}

/** Another program is changing the memory. Nothing was changed. */
export class MemoryLockedError extends LuoError {
  static override readonly codes = {
    LUO_MEMORY_LOCKED: {
      when: "another program is changing the memory; nothing was changed",
      do: "try again when it has sealed its changes or has ended",
    },
  };

  constructor() {
    super("LUO_MEMORY_LOCKED", "preserved memory", { found: "another program has its lock" });
  }
}

/** Memory is allocated or freed in a way that cannot be right, such as twice. */
export class AllocationError extends LuoError {
  static override readonly codes = {
    LUO_ALLOCATION: {
      when: "memory is allocated or freed in a way that cannot be right, such as twice",
      do: "free each allocation once, by the address and the pool that it came from",
    },
  };
  readonly pool: string;
  readonly address: bigint;

  constructor(pool: string, address: bigint | number, fault: Fault) {
    super("LUO_ALLOCATION", `pool ${pool}, address ${hex(address)}`, fault);
    this.pool = pool;
    this.address = BigInt(address);
  }
}

/** A pool that was expected to be empty still has allocations. */
export class LeakError extends LuoError {
  static override readonly codes = {
    LUO_LEAK: {
      when: "something is still allocated in a pool that should be empty",
      do: "free them, or release the pool",
    },
  };
  readonly pool: string;
  readonly allocations: readonly Allocation[];

  constructor(pool: string, allocations: readonly Allocation[]) {
    const [first] = allocations;
    const more = allocations.length > 1 ? ` and ${allocations.length - 1} more` : "";
    const held = first ? `${first.bytes} bytes at ${hex(first.address)}${more}` : "nothing";
    super("LUO_LEAK", `pool ${pool}`, { found: `still holds ${held}` });
    this.pool = pool;
    this.allocations = allocations;
  }
}

/** Bytes that were allocated together. */
export interface Allocation {
  /** The address of the first byte. */
  readonly address: number;
  /** The bytes asked for, rounded up to a multiple of 8, or of 4096 from 2049 bytes on. */
  readonly bytes: number;
}

export const hex = (address: bigint | number) => `0x${address.toString(16)}`;
