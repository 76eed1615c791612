import { codecOf, layoutOf, type Memory, type StructClass, type StructCodec } from "@luo/struct";
import { checksum } from "./checksum.js";

/** A struct that ends with `@u32 checksum`, the XXH32 of the bytes before it. */
export interface Checked {
  checksum: number;
}

/** The checksum that bytes have, and the other one that their struct states. */
export interface ChecksumMismatch {
  readonly found: number;
  readonly expected: number;
}

/** Reads and writes structs that end with the XXH32 of the bytes before it. */
export class CheckedCodec<T extends Checked> {
  readonly codec: StructCodec<T>;
  /** Bytes of the struct. */
  readonly size: number;
  /** Bytes that the checksum covers. */
  readonly #covered: number;

  /** @throws {TypeError} when the struct does not end with `@u32 checksum` */
  constructor(struct: StructClass<T>) {
    const { size, fields } = layoutOf(struct);
    const last = fields.at(-1);
    if (last?.name !== "checksum" || last.offset !== size - 4) {
      throw new TypeError(`${struct.name} ends with ${last?.name}, expected @u32 checksum`);
    }
    this.codec = codecOf(struct);
    this.size = size;
    this.#covered = size - 4;
  }

  /** Writes the struct with its checksum; the checksum in the value is ignored. */
  encode(value: T, memory: Memory, offset: number): void {
    this.codec.encode(value, memory, offset);
    memory.view.setUint32(offset + this.#covered, this.#sum(memory, offset), true);
  }

  decode(memory: Memory, offset: number): T {
    return this.codec.decode(memory, offset);
  }

  /**
   * Gives the checksum that the bytes have and the one that they state; undefined when they agree.
   */
  mismatch(memory: Memory, offset: number): ChecksumMismatch | undefined {
    const found = this.#sum(memory, offset);
    const expected = memory.view.getUint32(offset + this.#covered, true);
    return found === expected ? undefined : { found, expected };
  }

  #sum(memory: Memory, offset: number): number {
    return checksum(memory, offset, this.#covered);
  }
}
