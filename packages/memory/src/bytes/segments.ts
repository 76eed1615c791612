import { Memory } from "@luo/struct";
import type { Backing } from "./backing.js";
import { OutOfMemoryError } from "./errors.js";
import { PAGE_SIZE } from "./pages.js";

/**
 * Bytes of a window, 4 GiB. No allocation crosses a multiple of it, so a reader can map any image
 * in windows of this size, whatever segments its writer had.
 */
export const WINDOW = 2 ** 32;

/** Bytes that a further segment has at least, if the backing can give so many. */
const SMALLEST_SEGMENT = 1 << 16;

/** A stretch of the address space in one buffer. */
export interface Segment {
  readonly memory: Memory;
  /** Address of its first byte, a multiple of 4096. */
  readonly start: number;
  /** Address behind its last byte. */
  readonly end: number;
}

/** The location of an address: a memory, as codecs take it, and an offset in it. */
export interface Location {
  readonly memory: Memory;
  /** Bytes from the start of the memory. */
  readonly offset: number;
}

/**
 * The segments of a backing by address. None ever moves, so a location stays valid as more follow.
 */
export class Segments {
  readonly #backing: Backing;
  readonly #list: Segment[] = [];

  constructor(backing: Backing) {
    this.#backing = backing;
    this.#adopt();
  }

  /** Bytes of all segments, in use or not. */
  get byteLength(): number {
    return this.#list.at(-1)?.end ?? 0;
  }

  get list(): readonly Segment[] {
    return this.#list;
  }

  /** Gives the segment of an address, which must be below `byteLength`. */
  of(address: number): Segment {
    const list = this.#list;
    let at = list.length - 1;
    // Segments are few, and each is about as long as all before it together.
    while ((list[at] as Segment).start > address) at--;
    return list[at] as Segment;
  }

  /**
   * Adds a segment with room for a run of so many bytes, which does not cross a window. It doubles
   * the memory, to keep the number of segments small; if the backing cannot, it adds only the bytes
   * needed.
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

  /** Adds the segments that the backing has by now. */
  #adopt(): void {
    for (const buffer of this.#backing.segments.slice(this.#list.length)) {
      const start = this.byteLength;
      this.#list.push({ memory: new Memory(buffer), start, end: start + buffer.byteLength });
    }
  }
}
