import type { Backing } from "./backing.js";
import { checksum, NOT_COMPUTED } from "./checksum.js";
import { BadAddressError, hex, OutOfMemoryError } from "./errors.js";
import { PAGE_SIZE, PageMap, pagesFor } from "./pages.js";
import { ForeignPlacement } from "./placement.js";
import { type Location, type Segment, Segments } from "./segments.js";
import { WriteTurn } from "./write-turn.js";

/** The contents that a memory has when it is opened. */
export interface Contents {
  /** Bytes in use, a multiple of 4096; nothing beyond is read. */
  readonly end: number;
  /** The generation of the contents. */
  readonly generation: number;
  /**
   * Has pools adopt every allocation of the contents. It is called before the first change, so a
   * program that only reads never pays for it.
   */
  readonly account: () => void;
  /** The turn to change the memory; by default one that any change begins. */
  readonly turn: WriteTurn;
}

/** A holder of something in memory that is incomplete between commits, such as a checksum. */
export interface Unfinished {
  /** Completes it in memory. */
  flush(): void;
}

/**
 * Addresses and pages over segments that never move. An address is the offset of a byte from the
 * start, a u64 in fields. 0 is null; the first page belongs to the header.
 */
export class AddressSpace {
  readonly #segments: Segments;
  readonly #computes: boolean;
  readonly #map = new PageMap();
  readonly #unfinished = new Set<Unfinished>();
  #end: number;
  #generation: number;
  #account: (() => void) | undefined;
  readonly #turn: WriteTurn;
  #foreign: ForeignPlacement | undefined;
  /** The error of an allocation that lies where no pool of luo would put it. */
  #misplaced: BadAddressError | undefined;

  /** @param backing the buffers of the space; they hold zeros, unless contents are given */
  constructor(
    backing: Backing,
    {
      end = PAGE_SIZE,
      generation = 0,
      account,
      turn = new WriteTurn(backing),
    }: Partial<Contents> = {},
  ) {
    this.#segments = new Segments(backing);
    this.#computes = backing.checksums !== false;
    this.#end = end;
    this.#generation = generation;
    this.#account = account;
    this.#turn = turn;
    this.#map.take(0, 1);
    const { byteLength } = this.#segments;
    if (end > byteLength) this.#segments.grow(end - byteLength);
  }

  /** Bytes of the address space in use so far, from address 0; a multiple of 4096. */
  get end(): number {
    return this.#end;
  }

  /** Counts the commits. Allocations made since the last commit can be written to in place. */
  get generation(): number {
    return this.#generation;
  }

  /** Pages that are taken; the first page is not counted. */
  get takenPages(): number {
    return this.#map.taken - 1;
  }

  /**
   * Locates an allocation. The address comes from a pool and is not checked; otherwise use
   * `locate`.
   */
  at(address: number): Location {
    const { memory, start } = this.#segments.of(address);
    return { memory, offset: address - start };
  }

  /** Gives the segment of an address that a pool gave; it is not checked. */
  segmentOf(address: number): Segment {
    return this.#segments.of(address);
  }

  /**
   * Checks an address that was read from memory, and locates the bytes there.
   *
   * @param what the words for these bytes in messages
   * @throws {BadAddressError} when the address is not a multiple of 8 or is in the first page, or
   *   the bytes are not wholly in use and in one segment
   */
  locate(address: bigint | number, bytes: number, what: string): Location {
    const first = Number(address);
    if (first < PAGE_SIZE) {
      const found = `${what} cannot lie in the first page, the image's header`;
      throw new BadAddressError(address, { found });
    }
    if (!(first + bytes <= this.#end)) {
      const found = `${what} needs ${bytes} bytes, but memory ends at ${hex(this.#end)}`;
      throw new BadAddressError(address, { found });
    }
    if (first % 8 !== 0) {
      throw new BadAddressError(address, { found: `${what} is not aligned to 8 bytes` });
    }
    const { memory, start, end } = this.#segments.of(first);
    if (first + bytes > end) {
      const found = `${what} of ${bytes} bytes crosses ${hex(end)}, where a segment ends`;
      throw new BadAddressError(address, { found });
    }
    return { memory, offset: first - start };
  }

  /**
   * Gives the checksum to store for bytes: XXH32, or `NOT_COMPUTED` where no fault can change the
   * backing, so that computing one would only cost time.
   */
  checksumOf({ memory, offset }: Location, length: number): number {
    return this.#computes ? checksum(memory, offset, length) : NOT_COMPUTED;
  }

  /**
   * Compares bytes with their stored checksum. Gives the checksum that they have when the two
   * differ; undefined when they agree, or when the stored one is `NOT_COMPUTED`.
   */
  mismatch({ memory, offset }: Location, length: number, noted: number): number | undefined {
    if (noted === NOT_COMPUTED) return undefined;
    const found = checksum(memory, offset, length);
    return found === noted ? undefined : found;
  }

  /**
   * Takes pages in a row, in one segment, and gives the address of the first.
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
   * Takes pages at an address at which contents lie already.
   *
   * @returns false when one of them is taken; none is taken by this call
   */
  takePagesAt(address: number, count: number): boolean {
    const first = address / PAGE_SIZE;
    for (let page = first; page < first + count; page++) if (this.#map.has(page)) return false;
    this.#map.take(first, count);
    return true;
  }

  /** The placement of an image that another writer packed; undefined when luo's pools placed it. */
  get foreign(): ForeignPlacement | undefined {
    return this.#foreign;
  }

  /**
   * Gives the error for an allocation that overlaps another one, if both lie as luo's pools place
   * them. When a pool throws it, `account` starts again and accepts any placement without overlaps.
   */
  misplaced(address: number, what: string): BadAddressError {
    this.#misplaced = new BadAddressError(address, { found: `${what} overlaps something else` });
    return this.#misplaced;
  }

  /** Takes the pages of an allocation that another writer placed. */
  takeForeign(address: number, bytes: number, what: string): void {
    for (const page of this.#foreign?.add(address, bytes, what) ?? []) this.#map.take(page, 1);
  }

  /** Gives back the pages of such an allocation, unless others lie in them. */
  giveForeign(address: number, bytes: number): void {
    for (const page of this.#foreign?.remove(address, bytes) ?? []) this.#map.give(page, 1);
  }

  /** Forgets all allocations, before `account` finds them again. */
  protected reset(): void {
    this.#map.clear();
    this.#map.take(0, 1);
  }

  /** Gives back pages in a row, from an address on. */
  givePages(address: number, count: number): void {
    this.#map.give(address / PAGE_SIZE, count);
  }

  /**
   * Prepares for a change: begins the turn of this space, and accounts for the contents. Pools call
   * it before every change.
   *
   * @throws {MemoryLockedError} when another program changes the memory; and what `account` and the
   *   turn's `check` throw
   */
  change(): void {
    if (this.#turn.lasts) return;
    this.#turn.begin();
    try {
      this.account();
    } catch (error) {
      this.#turn.end();
      throw error;
    }
  }

  /**
   * Has pools adopt the allocations of the contents, once, before the first change. If an
   * allocation does not lie where a pool would place it, another writer packed the image; all
   * allocations are then adopted a second time, wherever they lie (see `ForeignPlacement`).
   *
   * @throws {BadAddressError} when allocations overlap; and what the contents' `account` throws.
   *   Every further call throws the same
   */
  account(): void {
    const account = this.#account;
    if (account === undefined) return;
    this.#account = undefined;
    try {
      try {
        account();
      } catch (error) {
        if (error !== this.#misplaced) throw error;
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
   * Grows the memory once for coming allocations of so many bytes and an eighth more. It does
   * nothing when the backing cannot grow: the allocations then ask for room themselves.
   */
  reserve(bytes: number): void {
    if (this.#end + bytes <= this.#segments.byteLength) return;
    try {
      this.#segments.grow(pagesFor(bytes + bytes / 8) * PAGE_SIZE);
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
  }

  /** Has `flush` called for something before the next commit. */
  defer(unfinished: Unfinished): void {
    this.#unfinished.add(unfinished);
  }

  /** Completes everything that was deferred. */
  flush(): void {
    for (const unfinished of this.#unfinished) unfinished.flush();
    this.#unfinished.clear();
  }

  /**
   * Ends a generation and begins the next. Readers of the ended one see the allocations of this
   * moment, so these are not written to any more.
   */
  commit(): void {
    this.flush();
    this.#generation++;
    this.#turn.end();
  }

  /** Finds `count` free pages in a row in one segment; gives the first. */
  #findPages(count: number): number | undefined {
    for (const { start, end } of this.#segments.list) {
      const first = this.#map.find(count, start / PAGE_SIZE, Math.floor(end / PAGE_SIZE));
      if (first !== undefined) return first;
    }
    return undefined;
  }
}
