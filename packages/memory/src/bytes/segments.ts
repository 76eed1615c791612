import { Memory } from "@luo/struct";
import type { Backing } from "./backing.js";
import { OutOfMemoryError } from "./errors.js";
import { PAGE_SIZE } from "./pages.js";

/**
 * Nothing that has an address crosses a multiple of so many bytes: a reader can map any image in
 * windows of this size, whatever segments its writer had.
 */
export const WINDOW = 2 ** 32;

/** A segment that is added to grow has at least so many bytes, where the backing gives as many. */
const SMALLEST_SEGMENT = 1 << 16;

/** A stretch of the address space in one buffer. */
export interface Segment {
  readonly memory: Memory;
  /** Address of its first byte, a multiple of 4096. */
  readonly start: number;
  /** Address behind its last byte. */
  readonly end: number;
}

/** Where the bytes at an address lie: in a memory, as codecs take it. */
export interface Location {
  readonly memory: Memory;
  /** In bytes from the start of the memory. */
  readonly offset: number;
}

/** The segments of a backing by address. None ever moves, so a location stays right as they grow. */
export class Segments {
  readonly #backing: Backing;
  readonly #list: Segment[] = [];

  constructor(backing: Backing) {
    this.#backing = backing;
    this.#adopt();
  }

  /** Bytes that there are, in use or not. */
  get byteLength(): number {
    return this.#list.at(-1)?.end ?? 0;
  }

  get list(): readonly Segment[] {
    return this.#list;
  }

  /** The segment that an address below `byteLength` lies in. */
  of(address: number): Segment {
    const list = this.#list;
    let at = list.length - 1;
    // There are few, and each is about as long as all before it together.
    while ((list[at] as Segment).start > address) at--;
    return list[at] as Segment;
  }

  /**
   * Adds a segment with room for a run of so many bytes, or more; it does not cross a window.
   * Doubling keeps the number of segments small; where that is too much, just enough will do.
   *
   * @throws {OutOfMemoryError} when the backing cannot grow, or no window has room for the run
   */
  grow(bytes: number): void {
    const end = this.byteLength;
    const room = WINDOW - (end % WINDOW);
    if (bytes > WINDOW) throw new OutOfMemoryError(end + bytes, end);
    if (bytes > room) this.#append(room, room);
    const left = WINDOW - (this.byteLength % WINDOW);
    const wanted = Math.max(bytes, Math.min(Math.max(this.byteLength, SMALLEST_SEGMENT), left));
    this.#append(wanted, bytes);
  }

  #append(wanted: number, least: number): void {
    const end = this.byteLength;
    let cause: unknown;
    for (const bytes of end % PAGE_SIZE === 0 ? new Set([wanted, least]) : []) {
      try {
        this.#backing.grow?.(bytes);
        this.#adopt();
      } catch (error) {
        cause = error;
      }
      if (this.byteLength >= end + least) return;
    }
    throw new OutOfMemoryError(end + least, end, { cause });
  }

  /** Takes in the segments that the backing has by now. */
  #adopt(): void {
    for (const buffer of this.#backing.segments.slice(this.#list.length)) {
      const start = this.byteLength;
      this.#list.push({ memory: new Memory(buffer), start, end: start + buffer.byteLength });
    }
  }
}
