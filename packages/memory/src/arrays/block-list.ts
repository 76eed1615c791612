import {
  ArgumentError,
  codecOf,
  LuoStruct,
  type StructClass,
  type StructCodec,
  u64,
} from "@luo/struct";
import { BadAddressError } from "../bytes/errors.js";
import { PAGE_SIZE } from "../bytes/pages.js";
import type { Pool } from "../bytes/pool.js";

/**
 * The first 16 bytes of a block, as in the KHO blocks of Linux. Entries of one size follow; further
 * entries lie in further blocks, each linked from the one before.
 */
@LuoStruct(0, { family: "kho.block" })
export class BlockHeader {
  /** Address of the next block; 0 ends the list. */
  @u64.number next = 0;
  /** Entries in this block. */
  @u64.number count = 0;
}

const headerCodec = codecOf(BlockHeader);

/**
 * A list of fixed-size entries in linked blocks of 4096 bytes, byte-compatible with the KHO blocks
 * of Linux: a block holds floor(4080 / entry size) entries.
 */
export class BlockList<T extends object> {
  /** Address of the first block; 0 while the list is empty. */
  address = 0;
  readonly #pool: Pool;
  readonly #codec: StructCodec<T>;
  readonly #perBlock: number;
  readonly #blocks: { readonly address: number; count: number }[] = [];

  private constructor(pool: Pool, struct: StructClass<T>) {
    this.#pool = pool;
    this.#codec = codecOf(struct);
    this.#perBlock = Math.floor((PAGE_SIZE - headerCodec.size) / this.#codec.size);
    if (this.#perBlock === 0 || this.#codec.size === 0) {
      throw new ArgumentError("entries of a block list", {
        found: `${struct.name}, which has ${this.#codec.size} bytes`,
        expected: `1 to ${PAGE_SIZE - headerCodec.size} bytes, as an entry lies within a block`,
      });
    }
  }

  /** Makes an empty list. @throws {ArgumentError} when an entry does not fit into a block */
  static alloc<T extends object>(pool: Pool, struct: StructClass<T>): BlockList<T> {
    return new BlockList(pool, struct);
  }

  /**
   * Opens the list whose first block lies at an address; 0 is the empty list. All blocks are
   * checked.
   *
   * @throws {BadAddressError} when a block cannot be right, or the list runs in a circle
   */
  static restore<T extends object>(
    pool: Pool,
    address: bigint | number,
    struct: StructClass<T>,
  ): BlockList<T> {
    const { memory } = pool;
    const list = new BlockList(pool, struct);
    list.address = Number(address);
    const most = memory.end / PAGE_SIZE;
    for (let next = list.address; next !== 0; ) {
      const at = memory.locate(next, PAGE_SIZE, `a block of ${struct.name}`);
      const header = headerCodec.decode(at.memory, at.offset);
      if (header.count > list.#perBlock) {
        const found = `a block counts ${header.count} entries of ${struct.name}, but ${list.#perBlock} fit`;
        throw new BadAddressError(next, { found });
      }
      if (list.#blocks.push({ address: next, count: header.count }) > most) {
        throw new BadAddressError(next, { found: `the blocks of ${struct.name} run in a circle` });
      }
      next = header.next;
    }
    return list;
  }

  get length(): number {
    return this.#blocks.reduce((sum, { count }) => sum + count, 0);
  }

  /** The addresses of the blocks. */
  get blocks(): readonly number[] {
    return this.#blocks.map(({ address }) => address);
  }

  /**
   * Appends an entry.
   *
   * @throws {FieldRangeError} when a value does not fit its field; the list is as before
   * @throws {OutOfMemoryError} when the memory cannot grow; the list is as before
   */
  push(entry: T): void {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.count < this.#perBlock) {
      const { memory, offset } = this.#pool.memory.at(last.address);
      const end = offset + headerCodec.size + last.count * this.#codec.size;
      this.#codec.encode(entry, memory, end);
      last.count++;
      headerCodec.encode({ next: 0, count: last.count }, memory, offset);
      return;
    }
    const address = this.#pool.allocate(PAGE_SIZE);
    const { memory, offset } = this.#pool.memory.at(address);
    memory.bytes(offset, PAGE_SIZE).fill(0);
    try {
      this.#codec.encode(entry, memory, offset + headerCodec.size);
    } catch (error) {
      this.#pool.free(address);
      throw error;
    }
    headerCodec.encode({ next: 0, count: 1 }, memory, offset);
    if (last === undefined) this.address = address;
    else {
      const before = this.#pool.memory.at(last.address);
      headerCodec.encode({ next: address, count: last.count }, before.memory, before.offset);
    }
    this.#blocks.push({ address, count: 1 });
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const { address, count } of this.#blocks) {
      const { memory, offset } = this.#pool.memory.at(address);
      yield* this.#codec.decodeArray(memory, offset + headerCodec.size, count);
    }
  }

  /** Frees all blocks. */
  free(): void {
    for (const { address } of this.#blocks.splice(0)) this.#pool.free(address);
    this.address = 0;
  }
}
