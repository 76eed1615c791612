import { codecOf, type RefResolver, type Sequence, type StructClass } from "@luo/struct";
import type { Pool } from "../bytes/pool.js";
import { type ArrayHost, PreservedArray, shapeOf, writeElements } from "./array.js";
import { ArrayStorage } from "./array-storage.js";

/** An array that is still to be filled. */
interface Pending {
  readonly storage: ArrayStorage;
  readonly struct: StructClass;
  readonly elements: Sequence<object>;
}

/**
 * Writes the arrays behind one value, or several that belong together. Arrays of the owner stay where
 * they are; of all others each is written once, however many references lead to it. A reference is
 * known before its array is filled, so circles close, and lists of any depth need no stack.
 *
 * Of several forks of the owner, only the arrays of one can stay: two forks may hold the same array in
 * different states.
 */
export class ArrayWriter<Owner extends ArrayHost = ArrayHost> implements RefResolver {
  readonly #pool: Pool;
  readonly #owner: Owner;
  #keeper: Owner | undefined;
  readonly #kept = new Set<PreservedArray>();
  #pending: Pending[] = [];
  readonly #allocations: number[] = [];
  /** The addresses of the arrays that were written so far, by struct and identity. */
  readonly #written = new Map<StructClass, Map<unknown, number>>();

  /** @param owner the owner whose arrays stay where they are */
  constructor(pool: Pool, owner: Owner) {
    this.#pool = pool;
    this.#owner = owner;
  }

  /** The owner, or the fork of it, whose arrays are part of what was written; undefined without any. */
  get keeper(): Owner | undefined {
    return this.#keeper;
  }

  /** These arrays. */
  get kept(): ReadonlySet<PreservedArray> {
    return this.#kept;
  }

  /** Every allocation of the arrays that were written. */
  get allocations(): readonly number[] {
    return this.#allocations;
  }

  store(elements: Sequence<object>, of: StructClass): bigint {
    if (this.#stays(elements, of)) {
      this.#kept.add(elements);
      return elements.address;
    }
    const identity = elements.identity ?? elements;
    let written = this.#written.get(of);
    if (written === undefined) {
      written = new Map();
      this.#written.set(of, written);
    }
    const known = written.get(identity);
    if (known !== undefined) return BigInt(known);
    const storage = ArrayStorage.alloc(this.#pool, shapeOf(of));
    this.#allocations.push(storage.address);
    this.#pending.push({ storage, struct: of, elements });
    written.set(identity, storage.address);
    return BigInt(storage.address);
  }

  load(address: bigint, of: StructClass): Sequence<object> {
    return this.#owner.load(address, of);
  }

  /** Fills all arrays, and those behind their elements, level by level. */
  finish(): void {
    while (this.#pending.length > 0) {
      const level = this.#pending;
      this.#pending = [];
      for (const pending of level) this.#fill(pending);
    }
  }

  /** Frees everything that was written. */
  undo(): void {
    for (const address of this.#allocations.splice(0)) this.#pool.free(address);
  }

  #fill({ storage, struct, elements }: Pending): void {
    try {
      writeElements(storage, codecOf(struct), elements, this);
      storage.extend(elements.length);
      storage.flush();
    } finally {
      // The header was noted when it was allocated.
      for (const address of storage.allocations.slice(1)) this.#allocations.push(address);
    }
  }

  #stays(elements: Sequence<object>, of: StructClass): elements is PreservedArray {
    if (!(elements instanceof PreservedArray) || elements.struct !== of) return false;
    const { owner } = elements;
    if (this.#keeper === undefined && owner.isOf(this.#owner)) this.#keeper = owner as Owner;
    return owner === this.#keeper;
  }
}
