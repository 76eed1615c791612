import {
  allocArray,
  type Lease,
  type LeasedRefs,
  type Pool,
  PreservedArray,
  restoreArray,
} from "@luo/memory";
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
    if (isTaken(elements, of, this.#lease)) {
      elements.flush();
      this.#kept.add(elements);
      return elements.address;
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

/**
 * Reads the arrays of one object, and those behind them, for as long as the lease is valid. What is put
 * into them is written at once; it is completed, and part of the object, when that is put.
 */
export class ArrayReader implements LeasedRefs {
  lease: Lease;
  readonly #pool: Pool;

  constructor(pool: Pool, lease: Lease) {
    this.#pool = pool;
    this.lease = lease;
  }

  store(elements: Sequence<object>, of: StructClass): bigint {
    if (isTaken(elements, of, this.lease)) return elements.address;
    const array = allocArray(this.#pool, of, this);
    array.lease = this.lease;
    array.append(elements);
    return array.address;
  }

  load(address: bigint, of: StructClass): Sequence<object> {
    const array = restoreArray(this.#pool, address, of, this);
    array.lease = this.lease;
    return array;
  }
}

/** Whether these are an array of the lease, which lies where it should. */
function isTaken(
  elements: Sequence<object>,
  of: StructClass,
  lease: Lease | undefined,
): elements is PreservedArray {
  return elements instanceof PreservedArray && elements.struct === of && elements.lease === lease;
}
