/** Bytes per page. */
export const PAGE_SIZE = 4096;

/** Gives the number of pages that hold so many bytes. */
export const pagesFor = (bytes: number) => Math.ceil(bytes / PAGE_SIZE);

/**
 * A bit for each page of an address space, set while the page is taken. Free runs are found first
 * fit, so that memory stays dense at its beginning.
 */
export class PageMap {
  #bits = new Uint32Array(64);
  /** Every page below this one is taken. */
  #lowest = 0;
  #taken = 0;

  /** Pages that are taken. */
  get taken(): number {
    return this.#taken;
  }

  /**
   * Finds `count` free pages in a row, from page `start` to before `end`: the first, or undefined.
   */
  find(count: number, start: number, end: number): number | undefined {
    let from = this.#nextFree(Math.max(start, this.#lowest), end);
    if (start <= this.#lowest && this.#lowest < end) this.#lowest = from;
    while (from + count <= end) {
      let next = from + 1;
      while (next < from + count && !this.has(next)) next++;
      if (next === from + count) return from;
      from = this.#nextFree(next, end);
    }
    return undefined;
  }

  /** True when a page is taken. */
  has(page: number): boolean {
    return (((this.#bits[page >>> 5] ?? 0) >>> (page & 31)) & 1) === 1;
  }

  take(first: number, count: number): void {
    this.#reserve(first + count);
    for (let page = first; page < first + count; page++) {
      (this.#bits[page >>> 5] as number) |= 1 << (page & 31);
    }
    this.#taken += count;
  }

  /** Frees all pages. */
  clear(): void {
    this.#bits.fill(0);
    this.#lowest = 0;
    this.#taken = 0;
  }

  give(first: number, count: number): void {
    for (let page = first; page < first + count; page++) {
      (this.#bits[page >>> 5] as number) &= ~(1 << (page & 31));
    }
    this.#taken -= count;
    this.#lowest = Math.min(this.#lowest, first);
  }

  #nextFree(from: number, end: number): number {
    let page = from;
    while (page < end && this.has(page)) {
      const whole = (page & 31) === 0 && this.#bits[page >>> 5] === 0xffff_ffff;
      page += whole ? 32 : 1;
    }
    return page;
  }

  #reserve(pages: number): void {
    if (pages <= this.#bits.length * 32) return;
    const bits = new Uint32Array(Math.max(Math.ceil(pages / 32), this.#bits.length * 2));
    bits.set(this.#bits);
    this.#bits = bits;
  }
}
