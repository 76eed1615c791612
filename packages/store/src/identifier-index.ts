import type { AddressSpace } from "@luo/memory";
import { layoutOf, offsetOf } from "@luo/struct";
import type { IdentifierBytes } from "./identifier.js";
import { Copy, EntryHeader } from "./image-records.js";

/** Bytes from an entry to the number of bytes of its identifier, and to the number of its copies. */
export const LENGTH_OFFSET = offsetOf(EntryHeader, "length");
export const COPIES_OFFSET = offsetOf(EntryHeader, "copies");

const [ENTRY_BYTES, COPY_BYTES] = [layoutOf(EntryHeader).size, layoutOf(Copy).size];

/** Bytes from an entry to its identifier. */
export const keyOffset = (copies: number) => ENTRY_BYTES + copies * COPY_BYTES;

/** Bytes of the address space that entries may lie in: their addresses are kept in units of 8. */
export const MAX_ENTRY_ADDRESS = 2 ** 35;

/**
 * Finds the directory entry of an identifier: a hash table with linear probing over addresses, which
 * takes 8 bytes per slot and leaves the identifiers where they lie. A slot is an address, 0 when it is
 * empty, and beside it the identifier's hash.
 */
export class IdentifierIndex {
  #slots: Int32Array;
  #mask: number;
  #size = 0;

  /** @param expected how many identifiers there will be */
  constructor(expected = 32) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(expected, 32) * 1.7));
    this.#slots = new Int32Array(slots * 2);
    this.#mask = slots - 1;
  }

  get size(): number {
    return this.#size;
  }

  /** The address of the entry; 0 when there is none. */
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
    // Those behind it that would not be found any more move up.
    for (let slot = (hole + 1) & mask; slots[slot * 2] !== 0; slot = (slot + 1) & mask) {
      const home = (slots[slot * 2 + 1] as number) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole * 2] = slots[slot * 2] as number;
      slots[hole * 2 + 1] = slots[slot * 2 + 1] as number;
      hole = slot;
    }
    slots[hole * 2] = 0;
  }

  /** Where the key is, or the empty slot where it would be. */
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
