import { codecOf, type RefResolver, type Sequence, type StructClass } from "@luo/struct";
import type { Pool } from "../bytes/pool.js";
import { type ArrayHost, PreservedArray, shapeOf, writeElements } from "./array.js";
import { ArrayStorage } from "./array-storage.js";

/** An array that has an address and is still to be filled. */
interface Pending {
  readonly storage: ArrayStorage;
  readonly struct: StructClass;
  readonly elements: Sequence<object>;
}

/**
 * Writes the arrays behind one value, or behind several that belong together. Arrays of the owner
 * stay in place; every other array is written once, however many references lead to it. An array
 * gets its address before it is filled, so circles close, and lists of any depth need no stack.
 *
 * Only one fork of the owner can keep its arrays in place, because two forks may hold the same
 * array in different states. The first whose array is found is the keeper; arrays of other forks
 * are copied.
 */
export class ArrayWriter<Owner extends ArrayHost = ArrayHost> implements RefResolver {
  readonly #pool: Pool;
  readonly #owner: Owner;
  #keeper: Owner | undefined;
  readonly #kept = new Set<PreservedArray>();
  #pending: Pending[] = [];
  readonly #allocations: number[] = [];
  /** Addresses of the arrays written so far, by struct and by identity. */
  readonly #written = new Map<StructClass, Map<unknown, number>>();

  /** @param owner the owner whose arrays stay in place */
  constructor(pool: Pool, owner: Owner) {
    this.#pool = pool;
    this.#owner = owner;
  }

  /** The owner, or its fork, whose arrays stay in place; undefined while none was referred to. */
  get keeper(): Owner | undefined {
    return this.#keeper;
  }

  /** The arrays of the keeper that were referred to, and that stay in place. */
  get kept(): ReadonlySet<PreservedArray> {
    return this.#kept;
  }

  /** Every allocation made for the arrays that were written. */
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

  /** Fills all arrays, and then those that their elements refer to, level by level. */
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
      // The header, which comes first, was noted when it was allocated.
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
