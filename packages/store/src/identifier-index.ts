import type { AddressSpace } from "@luo/memory";
import { COPIES_OFFSET, keyOffset, LENGTH_OFFSET } from "./directory-entry.js";
import type { IdentifierBytes } from "./identifier.js";

/** Entries lie below this address, 32 GiB: the index keeps addresses in units of 8, as 32 bits. */
export const MAX_ENTRY_ADDRESS = 2 ** 35;

/**
 * Finds the directory entry of an identifier. It is a hash table with linear probing, of 8 bytes
 * per slot: the address of an entry (0 in an empty slot) and the hash of its identifier. The
 * identifiers stay in the memory of the image.
 */
export class IdentifierIndex {
  #slots: Int32Array;
  #mask: number;
  #size = 0;

  /** @param expected the number of identifiers to expect */
  constructor(expected = 32) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(expected, 32) * 1.7));
    this.#slots = new Int32Array(slots * 2);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** Gives the address of an identifier's entry; 0 when there is none. */
  find(memory: AddressSpace, key: IdentifierBytes): number {
    return ((this.#slots[this.#slot(memory, key) * 2] as number) >>> 0) * 8;
  }

  set(memory: AddressSpace, key: IdentifierBytes, entry: number): void {
    let slot = this.#slot(memory, key);
    if (this.#slots[slot * 2] === 0) {
      this.#size++;
      if (this.#size > this.#mask * 0.6) {
        this.#grow();
        slot = this.#slot(memory, key);
      }
      this.#slots[slot * 2 + 1] = key.hash;
    }
    this.#slots[slot * 2] = entry / 8;
  }

  delete(memory: AddressSpace, key: IdentifierBytes): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = this.#slot(memory, key);
    if (slots[hole * 2] === 0) return;
    this.#size--;
    // Moves up the slots behind the hole that probing would no longer find.
    for (let slot = (hole + 1) & mask; slots[slot * 2] !== 0; slot = (slot + 1) & mask) {
      const home = (slots[slot * 2 + 1] as number) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole * 2] = slots[slot * 2] as number;
      slots[hole * 2 + 1] = slots[slot * 2 + 1] as number;
      hole = slot;
    }
    slots[hole * 2] = 0;
  }

  /** Gives the slot of a key, or the empty slot where it belongs. */
  #slot(space: AddressSpace, key: IdentifierBytes): number {
    const slots = this.#slots;
    const mask = this.#mask;
    const { hash, length } = key;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = slots[slot * 2] as number;
      if (entry === 0) return slot;
      if (slots[slot * 2 + 1] !== hash) continue;
      const address = (entry >>> 0) * 8;
      const { memory, start } = space.segmentOf(address);
      const at = address - start;
      if (memory.u16[(at + LENGTH_OFFSET) / 2] !== length) continue;
      const copies = memory.u16[(at + COPIES_OFFSET) / 2] as number;
      if (key.equals(memory.u32, at + keyOffset(copies))) return slot;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Int32Array(old.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] === 0) continue;
      const hash = old[at + 1] as number;
      let slot = hash & this.#mask;
      while (this.#slots[slot * 2] !== 0) slot = (slot + 1) & this.#mask;
      this.#slots[slot * 2] = old[at] as number;
      this.#slots[slot * 2 + 1] = hash;
    }
  }
}
