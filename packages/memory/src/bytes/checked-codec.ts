import { codecOf, layoutOf, type Memory, type StructClass, type StructCodec } from "@luo/struct";
import { checksum } from "./checksum.js";

/** A struct that ends with a `@u32 checksum` of the bytes before it. */
export interface Checked {
  checksum: number;
}

/** The checksums of a struct's bytes that do not agree. */
export interface ChecksumMismatch {
  readonly found: number;
  readonly expected: number;
}

/** Reads and writes structs that end with the XXH32 of the bytes before. */
export class CheckedCodec<T extends Checked> {
  readonly codec: StructCodec<T>;
  /** Bytes of the struct. */
  readonly size: number;
  /** Bytes that the checksum is of. */
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

  /** Writes the struct with its checksum, whatever checksum the value has. */
  encode(value: T, memory: Memory, offset: number): void {
    this.codec.encode(value, memory, offset);
    memory.view.setUint32(offset + this.#covered, this.#sum(memory, offset), true);
  }

  decode(memory: Memory, offset: number): T {
    return this.codec.decode(memory, offset);
  }

  /** The checksum that the bytes have and the one that they tell; undefined when they agree. */
  mismatch(memory: Memory, offset: number): ChecksumMismatch | undefined {
    const found = this.#sum(memory, offset);
    const expected = memory.view.getUint32(offset + this.#covered, true);
    return found === expected ? undefined : { found, expected };
  }

  #sum(memory: Memory, offset: number): number {
    return checksum(memory, offset, this.#covered);
  }
}
