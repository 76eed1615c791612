/**
 * The buffers of a preserved memory: one ArrayBuffer, the mapping of a memfd, or several of these
 * in a row.
 */
export interface Backing {
  /**
   * The segments of the address space. It begins with the first byte of the first segment; each
   * further segment continues where the one before ends. A segment never moves and is never
   * replaced. Every segment but the last has a multiple of 4096 bytes.
   */
  readonly segments: readonly ArrayBufferLike[];
  /**
   * False for memory in which no fault can change bytes, such as a memfd. The checksums of contents
   * are then not computed. Headers still carry theirs, because a header's checksum shows that its
   * writing was completed.
   */
  readonly checksums?: boolean;
  /**
   * Appends one segment of `byteLength` zeros, a multiple of 4096. Absent where the memory cannot
   * grow.
   *
   * @throws any error when there is no room; the segments are as before
   */
  grow?(byteLength: number): void;
  /**
   * Finds the bytes by which another program has made the memory longer. `segments` may then have
   * fewer and longer buffers of the same bytes; those that it gave before stay valid. Absent where
   * no other program can do so.
   */
  refresh?(): void;
  /**
   * Takes the lock of the memory, which one program at a time can have, and gives true; gives false
   * when another program has it. The call does not wait, and may be repeated by the holder. The
   * system frees the lock when its holder ends, also by a signal. Absent where the memory belongs to
   * one program.
   */
  lock?(): boolean;
  /** Gives the lock back; does nothing without it. It is there if `lock` is. */
  unlock?(): void;
}

/** A backing on the JavaScript heap, for images that stay in the process, and for tests. */
export class HeapBacking implements Backing {
  readonly #segments: ArrayBufferLike[];

  /** @param first the first segment, which is not copied, or a number of zero bytes */
  constructor(first: number | ArrayBufferLike = 0) {
    const buffer = typeof first === "number" ? new ArrayBuffer(first) : first;
    this.#segments = buffer.byteLength > 0 ? [buffer] : [];
  }

  get segments(): readonly ArrayBufferLike[] {
    return this.#segments;
  }

  grow(byteLength: number): void {
    this.#segments.push(new ArrayBuffer(byteLength));
  }

  /** Copies all segments, one after the other. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const length = this.#segments.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const bytes = new Uint8Array(length);
    let at = 0;
    for (const segment of this.#segments) {
      bytes.set(new Uint8Array(segment), at);
      at += segment.byteLength;
    }
    return bytes;
  }
}

/**
 * Makes a backing on the JavaScript heap.
 *
 * @param first the first segment, which is not copied, or a number of zero bytes
 */
export function heapBacking(first: number | ArrayBufferLike = 0): HeapBacking {
  return new HeapBacking(first);
}
