import type { Memfd } from "luo";

/** The place of a value in the heap. */
export interface Slot {
  key: string;
  /** Bytes from the start of the heap. */
  offset: number;
  /** Bytes of the value. */
  length: number;
  /** Bytes that the value may grow to in place. */
  capacity: number;
}

/**
 * A table of keys and values. The values lie in a memfd one after the other, and a slot has the place of
 * each. Every release of the server has its own record for a slot: `record` makes one at each write.
 */
export class Table<S extends Slot> {
  readonly #heap: Memfd;
  readonly #record: (slot: Slot) => S;
  readonly #slots: Map<string, S>;
  #used: number;

  constructor(heap: Memfd, used: number, slots: Iterable<S>, record: (slot: Slot) => S) {
    this.#heap = heap;
    this.#used = used;
    this.#record = record;
    this.#slots = new Map(Array.from(slots, (slot) => [slot.key, slot]));
  }

  /** Bytes of the heap in use. */
  get used(): number {
    return this.#used;
  }

  get slots(): S[] {
    return [...this.#slots.values()];
  }

  slot(key: string): S | undefined {
    return this.#slots.get(key);
  }

  /** Copies the value, because the heap may be mapped again while a response is on its way. */
  read({ offset, length }: Slot): Buffer {
    return Buffer.from(new Uint8Array(this.#heap.buffer, offset, length));
  }

  write(key: string, value: Uint8Array): void {
    const old = this.#slots.get(key);
    const fits = old !== undefined && value.length <= old.capacity;
    const offset = fits ? old.offset : this.#allocate(value.length);
    const capacity = fits ? old.capacity : value.length;
    new Uint8Array(this.#heap.buffer).set(value, offset);
    this.#slots.set(key, this.#record({ key, offset, length: value.length, capacity }));
  }

  remove(key: string): boolean {
    return this.#slots.delete(key);
  }

  #allocate(bytes: number): number {
    const offset = this.#used;
    this.#used += bytes;
    if (this.#used > this.#heap.byteLength) {
      this.#heap.resize(Math.max(this.#used, this.#heap.byteLength * 2));
    }
    return offset;
  }
}
