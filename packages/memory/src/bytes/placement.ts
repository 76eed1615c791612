import { BadAddressError, hex } from "./errors.js";
import { PAGE_SIZE } from "./pages.js";

/** An allocation, and the words for it in messages. */
interface ForeignAllocation {
  readonly address: number;
  readonly bytes: number;
  readonly what: string;
}

/**
 * The placement of allocations in an image that another writer packed. They may lie anywhere, as
 * long as none overlaps another. A page is taken while any allocation touches it, or did so when
 * the last generation was sealed.
 */
export class ForeignPlacement {
  readonly #placed: ForeignAllocation[] = [];
  /** By page, how many allocations touch it. */
  readonly #counts = new Map<number, number>();
  /** Bytes that are not allocated yet. */
  #left: number;

  /** @param byteLength bytes of the memory, which bound the allocations together */
  constructor(byteLength: number) {
    this.#left = byteLength;
  }

  /**
   * Notes an allocation, and gives the pages that no other allocation touches.
   *
   * @throws {BadAddressError} when all allocations together have more bytes than the memory, as
   *   some then overlap
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

  /** Forgets an allocation, and gives the pages that no allocation touches any more. */
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
