import { PAGE_SIZE } from "./pages.js";

/**
 * Pages that a pool has taken: a run for one large allocation, or one page cut into slots for small
 * ones.
 *
 * A slot is *used* from its allocation until it is freed, and *held* while the last sealed
 * generation has an allocation in it. Only a slot that is neither is allocated, so bytes that a
 * reader of that generation sees are never overwritten.
 */
export class Slab {
  /** Address of the first page. */
  readonly address: number;
  /** Bytes per slot. */
  readonly size: number;
  readonly slots: number;
  /** True while its pool allocates from it. */
  open = false;
  /** True when a slot was allocated or freed since the last commit. */
  touched = false;
  /** Slots in use. */
  live = 0;
  readonly #used: Uint32Array;
  readonly #held: Uint32Array;

  constructor(address: number, size: number, slots: number) {
    this.address = address;
    this.size = size;
    this.slots = slots;
    const words = (slots + 31) >>> 5;
    this.#used = new Uint32Array(words);
    this.#held = new Uint32Array(words);
  }

  /** Pages of the slab. */
  get pages(): number {
    return Math.max(1, (this.size * this.slots) / PAGE_SIZE) | 0;
  }

  /** True when no slot is used or held. */
  get empty(): boolean {
    return this.live === 0 && this.#held.every((word) => word === 0);
  }

  /** Allocates the first free slot and gives its address; -1 when there is none. */
  allocate(): number {
    const [used, held] = [this.#used, this.#held];
    for (let word = 0; word < used.length; word++) {
      const free = ~((used[word] as number) | (held[word] as number));
      if (free === 0) continue;
      const slot = word * 32 + 31 - Math.clz32(free & -free);
      if (slot >= this.slots) return -1;
      (used[word] as number) |= free & -free;
      this.live++;
      return this.address + slot * this.size;
    }
    return -1;
  }

  /** Gives the slot that begins at an address; -1 when none does. */
  slotOf(address: number): number {
    const slot = (address - this.address) / this.size;
    return Number.isInteger(slot) && slot >= 0 && slot < this.slots ? slot : -1;
  }

  isUsed(slot: number): boolean {
    return (((this.#used[slot >>> 5] as number) >>> (slot & 31)) & 1) === 1;
  }

  free(slot: number): void {
    (this.#used[slot >>> 5] as number) &= ~(1 << (slot & 31));
    this.live--;
  }

  freeAll(): void {
    this.#used.fill(0);
    this.live = 0;
  }

  /** Marks a slot that was in use when the last generation was sealed. */
  adopt(slot: number): void {
    (this.#used[slot >>> 5] as number) |= 1 << (slot & 31);
    (this.#held[slot >>> 5] as number) |= 1 << (slot & 31);
    this.live++;
  }

  /** Marks the used slots as those that the sealed generation holds. */
  commit(): void {
    this.#held.set(this.#used);
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let slot = 0; slot < this.slots; slot++) {
      if (this.isUsed(slot)) yield this.address + slot * this.size;
    }
  }
}
