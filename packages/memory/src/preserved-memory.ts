import {
  codecOf,
  describe,
  Memory,
  type RefResolver,
  type Sequence,
  type StructClass,
} from "@luo/struct";
import { allocArray, restoreArray } from "./array.js";
import { BadAddressError, OutOfMemoryError } from "./errors.js";

/** Bytes per page. Buffers grow in pages, and the first page belongs to the image's header. */
export const PAGE_SIZE = 4096;

/** What preserved memory lies in: any ArrayBuffer, or the mapping of a memfd. */
export interface Backing {
  readonly buffer: ArrayBufferLike;
  /** Makes the buffer at least this long and returns it; the old one may be detached. */
  resize?(byteLength: number): ArrayBufferLike;
}

/** Backing on the heap: for what does not leave the process. */
export function heapBacking(byteLength = PAGE_SIZE): Backing {
  const backing = {
    buffer: new ArrayBuffer(byteLength),
    resize(wanted: number) {
      const old = new Uint8Array(backing.buffer);
      backing.buffer = new ArrayBuffer(wanted);
      new Uint8Array(backing.buffer).set(old);
      return backing.buffer;
    },
  };
  return backing;
}

/**
 * An address space over one buffer. A physical address is the u64 offset of a byte; 0 is null.
 * Allocations never move. When the buffer grows, `bytes` is replaced: take it anew each time.
 *
 * It also resolves `@ref` fields: arrays are allocated here and read from here.
 */
export class PreservedMemory implements RefResolver {
  readonly #backing: Backing;
  #bytes: Memory;
  #end: number;

  /**
   * @param backing what the memory lies in
   * @param end bytes in use: the next allocation begins there, and nothing beyond is read
   */
  constructor(backing: Backing, end: number = PAGE_SIZE) {
    this.#backing = backing;
    this.#bytes = new Memory(backing.buffer);
    this.#end = end;
    if (end > this.#bytes.byteLength) this.#grow(end);
  }

  /** The whole buffer, for codecs. Do not keep it across an allocation. */
  get bytes(): Memory {
    return this.#bytes;
  }

  /** Bytes in use, from address 0. */
  get end(): number {
    return this.#end;
  }

  /**
   * Allocates bytes, aligned to 8. The address is never 0.
   *
   * @throws {OutOfMemoryError} when the buffer cannot grow
   */
  allocate(bytes: number): bigint {
    const start = Math.ceil(this.#end / 8) * 8;
    if (start + bytes > this.#bytes.byteLength) this.#grow(start + bytes);
    this.#end = start + bytes;
    return BigInt(start);
  }

  /**
   * Where the bytes at an address lie in `bytes`.
   *
   * @throws {BadAddressError} when they are not wholly in use, or lie in the header's page
   */
  locate(address: bigint, bytes: number, what: string): number {
    if (address < BigInt(PAGE_SIZE)) {
      throw new BadAddressError(
        address,
        `${what} cannot lie in the first page, the image's header`,
      );
    }
    if (address + BigInt(bytes) > BigInt(this.#end)) {
      const end = `0x${this.#end.toString(16)}`;
      throw new BadAddressError(address, `${what} needs ${bytes} bytes, but memory ends at ${end}`);
    }
    return Number(address);
  }

  /**
   * Writes a struct and, elsewhere, the arrays that it refers to.
   *
   * @throws {FieldRangeError} when a value does not fit
   */
  put<T extends object>(struct: StructClass<T>, value: T): bigint {
    const address = this.allocate(codecOf(struct).size);
    this.write(struct, value, Number(address));
    return address;
  }

  /** Writes a struct to an offset that was allocated for it. */
  write<T extends object>(struct: StructClass<T>, value: T, offset: number): void {
    const codec = codecOf(struct);
    // Arrays behind references are allocated meanwhile, which may replace the buffer.
    const staged = new Memory(new ArrayBuffer(codec.size));
    codec.encode(value, staged, 0, this);
    this.#bytes.u8.set(staged.u8, offset);
  }

  /**
   * Reads the struct at an address.
   *
   * @throws {BadAddressError} when it or an array that it refers to cannot lie where it is said to
   */
  get<T extends object>(struct: StructClass<T>, address: bigint): T {
    const codec = codecOf(struct);
    const offset = this.locate(address, codec.size, describe(struct).name);
    return codec.decode(this.#bytes, offset, this);
  }

  store(elements: Sequence<object>, of: StructClass): bigint {
    const array = allocArray(this, of);
    array.append(elements);
    return array.address;
  }

  load(address: bigint, of: StructClass): Sequence<object> {
    return restoreArray(this, address, of);
  }

  #grow(end: number): void {
    const pages = Math.ceil(end / PAGE_SIZE) * PAGE_SIZE;
    // Doubling keeps the number of remappings logarithmic.
    const wanted = Math.max(pages, this.#bytes.byteLength * 2);
    const buffer = this.#backing.resize?.(wanted);
    if (buffer === undefined || buffer.byteLength < end) {
      throw new OutOfMemoryError(end, this.#bytes.byteLength);
    }
    this.#bytes = new Memory(buffer);
  }
}
