import type { Backing } from "./backing.js";
import { checksum, NOT_COMPUTED } from "./checksum.js";
import { BadAddressError, hex, OutOfMemoryError } from "./errors.js";
import { PAGE_SIZE, PageMap, pagesFor } from "./pages.js";
import { ForeignPlacement, ForeignPlacementError } from "./placement.js";
import { type Location, type Segment, Segments } from "./segments.js";

/** What lies in a memory already. */
export interface Contents {
  /** Bytes in use, a multiple of 4096: nothing beyond is read. */
  readonly end: number;
  /** The generation of the contents. */
  readonly generation: number;
  /** Has pools adopt what is allocated. Called before the first allocation, so readers skip it. */
  readonly account: () => void;
}

/** Holds something in memory that is not complete between commits, such as a checksum. */
export interface Unfinished {
  /** Completes it. */
  flush(): void;
}

/**
 * Addresses and pages over segments that never move. A physical address is the offset of a byte from
 * the start, a u64 in fields; 0 is null, and the first page is the header's.
 */
export class AddressSpace {
  readonly #segments: Segments;
  readonly #computes: boolean;
  readonly #map = new PageMap();
  readonly #unfinished = new Set<Unfinished>();
  #end: number;
  #generation: number;
  #account: (() => void) | undefined;
  #foreign: ForeignPlacement | undefined;

  /** @param backing the buffers that the space lies in: zeros, unless there are contents */
  constructor(
    backing: Backing,
    { end = PAGE_SIZE, generation = 0, account }: Partial<Contents> = {},
  ) {
    this.#segments = new Segments(backing);
    this.#computes = backing.checksums !== false;
    this.#end = end;
    this.#generation = generation;
    this.#account = account;
    this.#map.take(0, 1);
    const { byteLength } = this.#segments;
    if (end > byteLength) this.#segments.grow(end - byteLength);
  }

  /** Bytes of the address space so far, from address 0: a multiple of 4096. */
  get end(): number {
    return this.#end;
  }

  /** Counts the commits. Allocations since the last commit can be written to in place. */
  get generation(): number {
    return this.#generation;
  }

  /** Pages that are taken, without the first. */
  get takenPages(): number {
    return this.#map.taken - 1;
  }

  /** Where the bytes of an allocation lie: for addresses that pools gave, which are not checked. */
  at(address: number): Location {
    const { memory, start } = this.#segments.of(address);
    return { memory, offset: address - start };
  }

  /** The segment of such an address. */
  segmentOf(address: number): Segment {
    return this.#segments.of(address);
  }

  /**
   * Where the bytes at an address lie that was read from somewhere.
   *
   * @throws {BadAddressError} when they are not wholly in use and in one segment, or lie in the first
   *   page
   */
  locate(address: bigint | number, bytes: number, what: string): Location {
    const first = Number(address);
    if (first < PAGE_SIZE) {
      const problem = `${what} cannot lie in the first page, the image's header`;
      throw new BadAddressError(address, problem);
    }
    if (!(first + bytes <= this.#end)) {
      const problem = `${what} needs ${bytes} bytes, but memory ends at ${hex(this.#end)}`;
      throw new BadAddressError(address, problem);
    }
    if (first % 8 !== 0) {
      throw new BadAddressError(address, `${what} would have to be aligned to 8 bytes`);
    }
    const { memory, start, end } = this.#segments.of(first);
    if (first + bytes > end) {
      const problem = `${what} of ${bytes} bytes crosses ${hex(end)}, where a segment ends`;
      throw new BadAddressError(address, problem);
    }
    return { memory, offset: first - start };
  }

  /** The checksum of bytes that were written: XXH32, or `NOT_COMPUTED` where the backing needs none. */
  checksumOf({ memory, offset }: Location, length: number): number {
    return this.#computes ? checksum(memory, offset, length) : NOT_COMPUTED;
  }

  /** The checksum that bytes have, when it is not the one that was noted; otherwise undefined. */
  mismatch({ memory, offset }: Location, length: number, noted: number): number | undefined {
    if (noted === NOT_COMPUTED) return undefined;
    const found = checksum(memory, offset, length);
    return found === noted ? undefined : found;
  }

  /**
   * Takes pages in a row, in one segment, and returns the address of the first.
   *
   * @throws {OutOfMemoryError} when the backing cannot grow
   */
  takePages(count: number): number {
    let first = this.#findPages(count);
    if (first === undefined) {
      this.#segments.grow(count * PAGE_SIZE);
      first = this.#findPages(count) as number;
    }
    this.#end = Math.max(this.#end, (first + count) * PAGE_SIZE);
    this.#map.take(first, count);
    return first * PAGE_SIZE;
  }

  /**
   * Takes pages at an address, where something lies already.
   *
   * @returns false when one of them is taken; none is then
   */
  takePagesAt(address: number, count: number): boolean {
    const first = address / PAGE_SIZE;
    for (let page = first; page < first + count; page++) if (this.#map.has(page)) return false;
    this.#map.take(first, count);
    return true;
  }

  /** The placement of an image that was packed by another writer; undefined for one of our own. */
  get foreign(): ForeignPlacement | undefined {
    return this.#foreign;
  }

  /** Takes account of an allocation that another writer placed. */
  takeForeign(address: number, bytes: number, what: string): void {
    for (const page of this.#foreign?.add(address, bytes, what) ?? []) this.#map.take(page, 1);
  }

  /** Gives back what such an allocation took. */
  giveForeign(address: number, bytes: number): void {
    for (const page of this.#foreign?.remove(address, bytes) ?? []) this.#map.give(page, 1);
  }

  /** Forgets all allocations, before they are taken account of once more. */
  protected reset(): void {
    this.#map.clear();
    this.#map.take(0, 1);
  }

  /** Gives back pages in a row. */
  givePages(address: number, count: number): void {
    this.#map.give(address / PAGE_SIZE, count);
  }

  /**
   * Takes account of what lies in the memory, unless that was done. Pools do it by themselves. An image
   * whose allocations do not lie as pools place them is gone through a second time, as one that was
   * packed by another writer.
   *
   * @throws {BadAddressError} when allocations overlap, and what `account` throws; each time
   */
  account(): void {
    const account = this.#account;
    if (account === undefined) return;
    this.#account = undefined;
    try {
      try {
        account();
      } catch (error) {
        if (!(error instanceof ForeignPlacementError)) throw error;
        this.reset();
        this.#foreign = new ForeignPlacement(this.#end);
        account();
        this.#foreign.check();
      }
    } catch (error) {
      this.#account = () => {
        throw error;
      };
      throw error;
    }
  }

  /**
   * Grows the memory once for allocations of so many bytes to come, and a little more for what
   * follows, if it can: allocations that find no room ask for it themselves.
   */
  reserve(bytes: number): void {
    if (this.#end + bytes <= this.#segments.byteLength) return;
    try {
      this.#segments.grow(pagesFor(bytes + bytes / 8) * PAGE_SIZE);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
  }

  /** Has something completed before the next commit. */
  defer(unfinished: Unfinished): void {
    this.#unfinished.add(unfinished);
  }

  /** Completes all that was deferred. */
  flush(): void {
    for (const unfinished of this.#unfinished) unfinished.flush();
    this.#unfinished.clear();
  }

  /**
   * Begins the next generation: allocations of now are what its readers see, and are not written to
   * any more.
   */
  commit(): void {
    this.flush();
    this.#generation++;
  }

  /** The first of free pages in a row in one segment. */
  #findPages(count: number): number | undefined {
    for (const { start, end } of this.#segments.list) {
      const first = this.#map.find(count, start / PAGE_SIZE, Math.floor(end / PAGE_SIZE));
      if (first !== undefined) return first;
    }
    return undefined;
  }
}
