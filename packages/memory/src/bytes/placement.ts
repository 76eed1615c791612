import { BadAddressError, hex } from "./errors.js";
import { PAGE_SIZE } from "./pages.js";

/** Bytes at an address, and the words for them in messages. */
interface Placed {
  readonly address: number;
  readonly bytes: number;
  readonly what: string;
}

/**
 * Allocations of an image that was packed by another writer, which may lie anywhere. A page is taken
 * while anything in it is allocated, or was when the last generation was sealed.
 */
export class ForeignPlacement {
  readonly #placed: Placed[] = [];
  /** Allocations that touch a page. */
  readonly #counts = new Map<number, number>();
  /** Bytes that are not allocated yet. */
  #left: number;

  /** @param byteLength of the memory, which bounds what can lie in it */
  constructor(byteLength: number) {
    this.#left = byteLength;
  }

  /**
   * Notes an allocation, and gives the pages that nothing else was in.
   *
   * @throws {BadAddressError} when all allocations together have more bytes than the memory
   */
  add(address: number, bytes: number, what: string): readonly number[] {
    this.#left -= bytes;
    if (this.#left < 0) throw new BadAddressError(address, `${what} overlaps something else`);
    this.#placed.push({ address, bytes, what });
    return pagesOf(address, bytes).filter((page) => {
      const count = this.#counts.get(page) ?? 0;
      this.#counts.set(page, count + 1);
      return count === 0;
    });
  }

  /** Forgets an allocation, and gives the pages in which nothing is left. */
  remove(address: number, bytes: number): readonly number[] {
    return pagesOf(address, bytes).filter((page) => {
      const count = (this.#counts.get(page) ?? 0) - 1;
      if (count > 0) this.#counts.set(page, count);
      else this.#counts.delete(page);
      return count <= 0;
    });
  }

  /** @throws {BadAddressError} when two allocations overlap */
  check(): void {
    const sorted = this.#placed.splice(0).sort((a, b) => a.address - b.address);
    for (const [index, next] of sorted.entries()) {
      const before = sorted[index - 1];
      if (before === undefined || before.address + before.bytes <= next.address) continue;
      const { address, bytes, what } = before;
      const problem = `${next.what} overlaps ${what}, of ${bytes} bytes at ${hex(address)}`;
      throw new BadAddressError(next.address, problem);
    }
  }
}

function pagesOf(address: number, bytes: number): readonly number[] {
  const first = Math.floor(address / PAGE_SIZE);
  const length = Math.ceil((address + bytes) / PAGE_SIZE) - first;
  return Array.from({ length }, (_, index) => first + index);
}
