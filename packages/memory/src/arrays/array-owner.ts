import { codecOf, layoutOf, type RefResolver, type Sequence, type StructClass } from "@luo/struct";
import { BadAddressError } from "../bytes/errors.js";
import type { Pool } from "../bytes/pool.js";
import { type ArrayHost, PreservedArray, shapeOf } from "./array.js";
import { ArrayStorage, type ElementShape } from "./array-storage.js";
import { ArrayWriter } from "./array-writer.js";

/** Counts the owners of this process; each takes the count as its `id`. */
let owners = 0;

/**
 * Owns arrays that live together, such as those of one object. It puts structs with their arrays
 * into a pool, and resolves references to them.
 *
 *     const arrays = new ArrayOwner(memory.pool("index"));
 *     const list = arrays.alloc(Item);
 *     list.append([item]);
 *     arrays.flush();
 *
 * An array is identified by its address. All views that were loaded from one address show one
 * array, also after a change gave it another address. A change is complete in memory after `flush`,
 * which every commit of the memory calls.
 *
 * A fork is an owner of the same arrays in which they change apart from this one, such as for one
 * decoded copy of an object. Several copies can change without disturbing each other; when one of
 * them is written back, its fork becomes the keeper (see `ArrayWriter.keeper`), and only its arrays
 * stay.
 */
export class ArrayOwner implements ArrayHost {
  readonly id = owners++;
  readonly pool: Pool;
  readonly #base: ArrayOwner | undefined;
  /** Forks in which arrays have changed. */
  readonly #forks = new Set<ArrayOwner>();
  #epoch = 0;
  #ended = false;
  /** Arrays that changed, by their address and by each address that they had before. */
  readonly #changed = new Map<number, ArrayStorage>();
  /** Allocations of arrays that were written because elements of others refer to them. */
  #written: number[] = [];
  /** By the address of a freed array, the epoch in which it was freed. */
  readonly #freed = new Map<number, number>();

  /** @param base the owner that this one is a fork of; see `fork` */
  constructor(pool: Pool, base?: ArrayOwner) {
    this.pool = pool;
    this.#base = base;
  }

  /**
   * Makes an owner of the same arrays, in which they change apart from this one. Its views see the
   * arrays as the memory holds them, without changes by other forks. It ends when this owner ends.
   */
  fork(): ArrayOwner {
    return new ArrayOwner(this.pool, this);
  }

  get epoch(): number {
    return this.#epoch;
  }

  get ended(): boolean {
    return this.#ended || this.#base?.ended === true;
  }

  isOf(owner: ArrayHost): boolean {
    return this === owner || this.#base === owner;
  }

  /**
   * Allocates an empty array, for `append` to fill.
   *
   * @throws {ArgumentError} when the struct has no bytes
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  alloc<T extends object>(struct: StructClass<T>): PreservedArray<T> {
    const storage = ArrayStorage.alloc(this.pool, shapeOf(struct));
    this.change(storage);
    return new PreservedArray(this, struct, storage);
  }

  /**
   * Gives a view of the array at an address. The header is checked at once; the table is read and
   * checked when an element is first asked for.
   *
   * @throws {BadAddressError} when the header cannot be right, or the elements have another layout
   */
  load<T extends object>(address: bigint | number, struct: StructClass<T>): PreservedArray<T> {
    return new PreservedArray(this, struct, this.storageAt(address, shapeOf(struct)));
  }

  /** Writes an array, unless this owner has it already, and gives its address. */
  store(elements: Sequence<object>, of: StructClass): bigint {
    return this.write((refs) => refs.store(elements, of));
  }

  /**
   * Writes a struct, and elsewhere in the pool the arrays that it refers to. Gives its address.
   *
   * @throws {FieldRangeError} when a value does not fit; nothing stays allocated
   * @throws {OutOfMemoryError} when the memory cannot grow; nothing stays allocated
   */
  put<T extends object>(struct: StructClass<T>, value: T): number {
    const codec = codecOf(struct);
    const address = this.pool.allocate(codec.sizeOf(value));
    const { memory, offset } = this.pool.memory.at(address);
    try {
      this.write((refs) => codec.encode(value, memory, offset, refs));
    } catch (error) {
      this.pool.free(address);
      throw error;
    }
    return address;
  }

  /**
   * Reads the struct at an address.
   *
   * @throws {BadAddressError} when the struct, or an array that it refers to, cannot lie there
   */
  get<T extends object>(struct: StructClass<T>, address: number): T {
    const codec = codecOf(struct);
    const { memory, offset } = this.pool.memory.locate(address, codec.size, struct.name);
    return codec.decode(memory, offset, this);
  }

  /**
   * Frees an array, and every array that its elements refer to.
   *
   * @throws {AllocationError} when one of them was freed already
   */
  free(array: PreservedArray): void {
    const found = new Map([[array.address, array]]);
    for (const next of found.values()) {
      if (!layoutOf(next.struct).references) continue;
      for (const element of next) {
        for (const inner of arraysIn(element)) found.set(inner.address, inner);
      }
    }
    for (const { address, allocations } of found.values()) {
      const header = Number(address);
      for (const allocation of allocations) this.pool.free(allocation);
      this.#changed.delete(header);
      this.#freed.set(header, ++this.#epoch);
    }
  }

  /**
   * Completes all changed arrays in memory.
   *
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  flush(): void {
    if (this.ended) return;
    for (const storage of this.#changed.values()) storage.flush();
  }

  /**
   * Ends the owner and its forks. Views of their arrays throw from now on, and `flush` completes
   * none of them any more.
   */
  end(): void {
    this.#ended = true;
  }

  /**
   * Every allocation of arrays that changed, of arrays that were written because elements refer to
   * them, and of all forks. Allocations that only readers of earlier generations need are included.
   */
  get allocations(): ReadonlySet<number> {
    const all = new Set(this.#written);
    for (const fork of this.#forks) for (const address of fork.allocations) all.add(address);
    for (const storage of this.#changed.values()) {
      for (const address of storage.former) all.add(address);
      for (const address of storage.allocations) all.add(address);
    }
    return all;
  }

  /**
   * By each address that an array had before it moved, its address now. References may be stale.
   */
  get moved(): ReadonlyMap<number, number> {
    const moved = new Map<number, number>();
    for (const storage of this.#changed.values()) {
      for (const former of storage.formerHeaders) moved.set(former, storage.address);
    }
    return moved;
  }

  /**
   * Frees every allocation that only readers of earlier generations need. The caller first replaces
   * all references to the addresses that arrays had before.
   */
  freeFormer(): void {
    for (const storage of new Set(this.#changed.values())) {
      for (const address of storage.former) this.pool.free(address);
      for (const address of storage.formerHeaders) this.#changed.delete(address);
      storage.forgetFormer();
    }
  }

  /** Gives the storage of the array at an address; the class of its elements need not be known. */
  storageAt(address: bigint | number, shape: ElementShape): ArrayStorage {
    const changed = this.#changed.get(Number(address));
    const isSame = changed?.shape.fingerprint === shape.fingerprint;
    return changed !== undefined && isSame
      ? changed
      : ArrayStorage.restore(this.pool, address, shape);
  }

  current(storage: ArrayStorage, epoch: number): ArrayStorage {
    const { address, name } = storage;
    if ((this.#freed.get(address) ?? 0) <= epoch) return this.#changed.get(address) ?? storage;
    throw new BadAddressError(address, { found: `the array of ${name} was freed` });
  }

  change(storage: ArrayStorage): ArrayStorage {
    const before = storage.address;
    storage.change();
    if (this.#changed.get(before) !== storage || before !== storage.address) this.#epoch++;
    this.#changed.set(before, storage).set(storage.address, storage);
    this.pool.memory.defer(this);
    if (this.#base !== undefined) this.#base.#forks.add(this);
    return storage;
  }

  write<R>(act: (refs: RefResolver) => R): R {
    const writer = new ArrayWriter(this.pool, this);
    try {
      const result = act(writer);
      writer.finish();
      for (const address of writer.allocations) this.#written.push(address);
      return result;
    } catch (error) {
      writer.undo();
      throw error;
    }
  }
}

/**
 * Gives the arrays that a decoded value refers to, those in structs and lists inside it included.
 */
function arraysIn(value: unknown): PreservedArray[] {
  if (value instanceof PreservedArray) return [value];
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).flatMap(arraysIn);
}
