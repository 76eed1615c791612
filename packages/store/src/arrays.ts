import { allocArray, type Lease, type Pool, PreservedArray, restoreArray } from "@luo/memory";
import type { RefResolver, Sequence, StructClass } from "@luo/struct";

/**
 * Writes the arrays of one object. Those that the identifier holds already stay where they are, and
 * versions that lie alongside share theirs.
 */
export class ArrayWriter implements RefResolver {
  readonly #pool: Pool;
  readonly #lease: Lease | undefined;
  readonly #created: PreservedArray[] = [];
  readonly #kept = new Set<PreservedArray>();
  readonly #done = new Map<Sequence<object>, PreservedArray>();

  /** @param lease of the arrays that were taken from the identifier */
  constructor(pool: Pool, lease: Lease | undefined) {
    this.#pool = pool;
    this.#lease = lease;
  }

  /** Arrays that were taken, and are part of what was written. */
  get kept(): ReadonlySet<PreservedArray> {
    return this.#kept;
  }

  store(elements: Sequence<object>, of: StructClass): bigint {
    if (elements instanceof PreservedArray && elements.struct === of) {
      if (this.#lease !== undefined && elements.lease === this.#lease) {
        elements.flush();
        this.#kept.add(elements);
        return elements.address;
      }
    }
    const done = this.#done.get(elements);
    if (done?.struct === of) return done.address;
    const array = allocArray(this.#pool, of, this);
    this.#created.push(array);
    array.append(elements);
    array.flush();
    this.#done.set(elements, array);
    return array.address;
  }

  load(address: bigint, of: StructClass): Sequence<object> {
    return restoreArray(this.#pool, address, of);
  }

  /** Frees what was written. */
  undo(): void {
    for (const array of this.#created) array.dispose();
  }
}

/** Reads the arrays of one object, and those behind them, for as long as the lease is valid. */
export class ArrayReader implements RefResolver {
  readonly #pool: Pool;
  readonly #lease: Lease;

  constructor(pool: Pool, lease: Lease) {
    this.#pool = pool;
    this.#lease = lease;
  }

  store(): never {
    throw new TypeError("an object that is read stores nothing");
  }

  load(address: bigint, of: StructClass): Sequence<object> {
    const array = restoreArray(this.#pool, address, of, this);
    array.lease = this.#lease;
    return array;
  }
}
