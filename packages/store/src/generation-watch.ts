import type { Memory } from "@luo/struct";
import { isSealed, readGeneration, STAMP_OFFSETS } from "./image-header.js";

/** A few words of both slots, at least one of which every new generation changes. */
export type Stamp = readonly number[];

/** The places of the words, counted in words of 4 bytes. */
const WORDS = STAMP_OFFSETS.map((offset) => offset / 4);

/** Reads the stamp of an image; it is read before the generation, so that no later one is missed. */
export function stampOf({ u32 }: Memory): Stamp {
  return WORDS.map((word) => u32[word] ?? 0);
}

/** True while an image has a stamp. */
export function hasStamp({ u32 }: Memory, stamp: Stamp): boolean {
  for (let at = 0; at < WORDS.length; at++) {
    if ((u32[WORDS[at] as number] ?? 0) !== stamp[at]) return false;
  }
  return true;
}

/**
 * Tells when another store has sealed a generation of an image. Memory of a generation is not written
 * to until the next is sealed, so a reader that finds its own still the newest after it has read has
 * read what was sealed.
 */
export class GenerationWatch {
  readonly #memory: Memory;
  /** The newest generation when the stamp was read; undefined when it is unreadable. */
  #newest: number | undefined;
  #stamp: Stamp;

  /**
   * @param memory the first segment
   * @param newest the generation that was read; 0 when there is none yet
   * @param stamp the one from before it was read
   */
  constructor(memory: Memory, newest: number, stamp: Stamp = stampOf(memory)) {
    this.#memory = memory;
    this.#newest = newest;
    this.#stamp = stamp;
  }

  /**
   * True while a generation is the newest that is complete. The stamp tells that nothing was written;
   * only when it differs are the slots read again, as a writer may have ended in the middle.
   */
  isNewest(generation: number): boolean {
    if (!hasStamp(this.#memory, this.#stamp)) {
      this.#stamp = stampOf(this.#memory);
      this.#newest = newestIn(this.#memory);
    }
    return this.#newest === generation;
  }
}

/** Gives the newest generation; undefined when it is unreadable, and 0 when there is none. */
function newestIn(memory: Memory): number | undefined {
  if (!isSealed(memory)) return 0;
  try {
    // Another program may have made the memory longer than this one has mapped.
    return readGeneration(memory, Number.POSITIVE_INFINITY).root.generation;
  } catch {
    return undefined;
  }
}
