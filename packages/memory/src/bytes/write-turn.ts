import type { Backing } from "./backing.js";
import { MemoryLockedError } from "./errors.js";

/** By the first buffer of a memory, the turn that lasts in this process. */
const lasting = new WeakMap<ArrayBufferLike, WriteTurn>();

/**
 * The turn of one address space to change its memory, from the first change of a generation to its
 * commit. It locks the backing, so that no other program changes the memory meanwhile. In this
 * process, a turn that begins ends the turn of another space over the same buffers: the holder of
 * that turn may have been dropped, and unlike another program it can be told.
 */
export class WriteTurn {
  readonly #backing: Backing;
  readonly #check: () => void;
  #lasts = false;
  #lost = false;

  /** @param check throws when the space may not be changed, such as after a commit of another */
  constructor(backing: Backing, check: () => void = () => {}) {
    this.#backing = backing;
    this.#check = check;
  }

  /** True from `begin` to `end`, unless the turn is lost. */
  get lasts(): boolean {
    return this.#lasts;
  }

  /** True when another space began to change the memory before this one committed its changes. */
  get lost(): boolean {
    return this.#lost;
  }

  /**
   * Begins the turn, or continues it.
   *
   * @throws {MemoryLockedError} when another program changes the memory; and what `check` throws
   */
  begin(): void {
    if (this.#lasts) return;
    this.#check();
    if (this.#backing.lock?.() === false) throw new MemoryLockedError();
    try {
      // Another program may have committed between the first check and the lock.
      this.#check();
    } catch (error) {
      this.#backing.unlock?.();
      throw error;
    }
    const [first] = this.#backing.segments;
    if (first !== undefined) {
      const other = lasting.get(first);
      if (other !== undefined) other.#lose();
      lasting.set(first, this);
    }
    this.#lasts = true;
  }

  /** Ends the turn, and gives the lock back. */
  end(): void {
    if (!this.#lasts) return;
    this.#lasts = false;
    const [first] = this.#backing.segments;
    if (first !== undefined) lasting.delete(first);
    this.#backing.unlock?.();
  }

  #lose(): void {
    this.#lasts = false;
    this.#lost = true;
  }
}
