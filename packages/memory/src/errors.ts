import { LuoError } from "@luo/struct";

/** An address, count or length in preserved memory that cannot be right. */
export class BadAddressError extends LuoError {
  readonly address: bigint;

  constructor(address: bigint, problem: string) {
    super("LUO_BAD_ADDRESS", `address 0x${address.toString(16)}: ${problem}`);
    this.address = address;
  }
}

/** The buffer below a preserved memory cannot grow as far as an allocation needs. */
export class OutOfMemoryError extends LuoError {
  constructor(wanted: number, limit: number) {
    super(
      "LUO_OUT_OF_MEMORY",
      `preserved memory would need ${wanted} bytes, but its buffer ends at ${limit}; use a buffer that can grow`,
    );
  }
}
