import {
  type AddressSpace,
  BadAddressError,
  type Location,
  OutOfMemoryError,
  type Pool,
} from "@luo/memory";
import { ArgumentError, codecOf } from "@luo/struct";
import {
  COPIES_OFFSET,
  ENTRY_BYTES,
  entryProblem,
  keyOffset,
  LENGTH_OFFSET,
  measureEntry,
  padded,
  SCHEMA_OFFSET,
  UNUSED_OFFSET,
} from "./directory-entry.js";
import { HEADERS, OLD_HEADERS, type SegmentHeaders, segmentCodec } from "./directory-segment.js";
import { BadImageError } from "./errors.js";
import { IdentifierBytes, MAX_IDENTIFIER } from "./identifier.js";
import { IdentifierIndex, MAX_ENTRY_ADDRESS } from "./identifier-index.js";
import { Copy, SegmentV1 } from "./image-records.js";
import type { ImageSchema } from "./schemas.js";

const copyCodec = codecOf(Copy);

/** Bytes of the smallest entry: with one copy and an identifier of up to 8 bytes. */
const SMALLEST_ENTRY = 40;
const MAX_COPIES = 0xffff;
/** Bytes of the first segment of a generation, and the most that doubling leads to. */
const [SMALLEST, LARGEST] = [1024, 65_536];

/**
 * The objects of an image by identifier, as a log. An entry lists the copies that its identifier
 * holds from then on; an entry without copies says that it holds nothing. A generation adds
 * segments with its changes. Once most entries are out of date, the live ones are copied to one new
 * segment and the older segments are freed; the cost is amortised over the changes.
 */
export class Directory {
  readonly #pool: Pool;
  #index = new IdentifierIndex();
  readonly #identifier = new IdentifierBytes();
  /** Addresses, oldest first. Segments from `#sealed` on belong to the generation being written. */
  #segments: number[] = [];
  #sealed = 0;
  /** Entries in all segments, those out of date included. */
  #entries = 0;
  /**
   * The format of the segments' headers. An opened directory of format 2 keeps its own until the
   * first change.
   */
  #headers: SegmentHeaders = HEADERS;
  #open: { address: number; capacity: number; used: number; entries: number } | undefined;
  /** True once a later directory has taken over the index. */
  #passedOn = false;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * Reads the directory whose newest segment lies at an address.
   *
   * @param former the directory of an earlier generation of the image, without changes since: only
   *   segments that it lacks are read, and it cannot be used any more
   * @throws {BadImageError} when a segment is damaged, or the number of objects is another
   * @throws {BadAddressError} when a segment cannot lie at its address, or an entry is malformed
   */
  static open(
    pool: Pool,
    { newest, objects, format, schemas }: StoredDirectory,
    former?: Directory,
  ): Directory {
    const { memory } = pool;
    const directory = new Directory(pool);
    const headers = format === 2 ? OLD_HEADERS : HEADERS;
    directory.#headers = headers;
    const segments: SegmentV1[] = [];
    let generation = memory.generation;
    let room = memory.end;
    // Brent's cycle detection: the mark moves on ever less often, and a circle returns to it.
    let [mark, moves] = [0, 1];
    let known: Directory | undefined;
    for (let address = newest; address !== 0; ) {
      if (address === mark) room = 0;
      if (segments.length === moves) [mark, moves] = [address, moves * 2];
      if (former?.continuesIn(memory, address, headers)) {
        known = former;
        break;
      }
      const segment = headers.read(memory, address);
      room -= headers.size + segment.bytes;
      if (room < 0 || segment.generation > generation) {
        throw new BadAddressError(address, "the segments of the directory overlap or form a loop");
      }
      generation = segment.generation;
      directory.#segments.push(address);
      segments.push(segment);
      directory.#entries += segment.entries;
      address = segment.previous;
    }
    directory.#segments.reverse();
    segments.reverse();
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    if (known === undefined) {
      directory.#index = new IdentifierIndex(Math.min(objects, bytes / SMALLEST_ENTRY));
    } else {
      directory.#index = known.#index;
      known.#passedOn = true;
    }
    directory.#segments.forEach((address, at) => {
      const { bytes = 0, entries = 0 } = segments[at] ?? {};
      const found = directory.#read(address + headers.size, bytes, schemas);
      if (found === entries) return;
      const problem = `a directory segment has ${found} entries, expected ${entries}`;
      throw new BadAddressError(address, problem);
    });
    if (known !== undefined) {
      directory.#segments.unshift(...known.#segments);
      directory.#entries += known.#entries;
    }
    directory.#sealed = directory.#segments.length;
    if (directory.size !== objects) {
      throw new BadImageError(`the directory has ${directory.size} objects, expected ${objects}`);
    }
    return directory;
  }

  /**
   * True when a segment of a later generation is the newest of this directory. All segments before it
   * are then the same: compaction would have freed it, and where it lay could only be a segment of
   * a later generation.
   */
  continuesIn(memory: AddressSpace, address: number, headers: SegmentHeaders): boolean {
    if (this.#passedOn || address !== this.newest || headers !== this.#headers) return false;
    const { generation } = headers.decode(
      memory.locate(address, headers.size, "a directory segment"),
    );
    return generation <= this.#pool.memory.generation;
  }

  /** Identifiers that hold an object. */
  get size(): number {
    return this.#index.size;
  }

  /** Address of the newest segment; 0 when there is none. */
  get newest(): number {
    return this.#segments.at(-1) ?? 0;
  }

  /** Every segment with its bytes in use and its capacity, header included. */
  *#laid(): Iterable<{ address: number; bytes: number; capacity: number }> {
    for (const address of this.#segments) {
      const { bytes, capacity } = this.#headers.decode(this.#at(address));
      yield { address, bytes: this.#headers.size + bytes, capacity };
    }
  }

  /** Has the pool adopt the segments. */
  adopt(): void {
    for (const { address, capacity } of this.#laid()) {
      this.#pool.adopt(address, capacity, () => "a directory segment");
    }
  }

  /** Gives the address of an identifier's entry; 0 when the identifier holds nothing. */
  find(identifier: string): number {
    const key = this.#identifier.set(identifier);
    return this.#index.find(this.#pool.memory, key);
  }

  /** Every entry that is not out of date, in the order in which they were written. */
  *entries(): Iterable<number> {
    this.#close();
    for (const { address, bytes } of this.#laid()) {
      let at = address + this.#headers.size;
      while (at < address + bytes) {
        const place = this.#at(at);
        const { key, size, length } = measureEntry(place);
        this.#identifier.read(place.memory, key, size);
        if (this.#index.find(this.#pool.memory, this.#identifier) === at) yield at;
        at += length;
      }
    }
  }

  /** Gives the identifier of an entry. */
  identifierOf(entry: number): string {
    const place = this.#at(entry);
    const { key, size } = measureEntry(place);
    return IdentifierBytes.text(place.memory, key, size);
  }

  /** Gives every copy of an entry, the newest version first. */
  copies(entry: number): Copy[] {
    const { memory, offset } = this.#at(entry);
    const count = memory.u16[(offset + COPIES_OFFSET) / 2] as number;
    return copyCodec.decodeArray(memory, offset + ENTRY_BYTES, count);
  }

  /**
   * Gives the newest copy of an entry that a reader knows.
   *
   * @param readable by the index of each schema, undefined where the reader does not know it
   */
  newestOf(entry: number, readable: readonly unknown[]): Copy | undefined {
    const { memory, offset } = this.#at(entry);
    const count = memory.u16[(offset + COPIES_OFFSET) / 2] as number;
    for (let copy = 0; copy < count; copy++) {
      const at = offset + keyOffset(copy);
      if (readable[memory.u32[(at + SCHEMA_OFFSET) / 4] as number] !== undefined) {
        return copyCodec.decode(memory, at);
      }
    }
    return undefined;
  }

  /**
   * Sets the copies that an identifier holds from now on; none removes it.
   *
   * @throws {OutOfMemoryError} when there is no room for the entry; nothing has changed
   */
  set(identifier: string, copies: readonly Copy[]): void {
    this.#modernize();
    const key = this.#identifier.set(identifier);
    const entry = this.#append(key, copies);
    if (copies.length > 0) this.#index.set(this.#pool.memory, key, entry);
    else this.#index.delete(this.#pool.memory, key);
    if (this.#entries > 2 * this.size + 256) this.#tryToCompact();
  }

  /**
   * Completes the segments of this generation. A directory of format 2 is rewritten in format 3.
   *
   * @throws {OutOfMemoryError} when there is no room to rewrite it
   */
  seal(generation: number): void {
    this.#trim();
    this.#close();
    this.#modernize();
    const { memory: space } = this.#pool;
    for (const address of this.#segments.slice(this.#sealed)) {
      const { memory, offset } = this.#at(address);
      const segment = segmentCodec.decode(memory, offset);
      segment.generation = generation;
      const entries = { memory, offset: offset + segmentCodec.size };
      segment.entriesChecksum = space.checksumOf(entries, segment.bytes);
      segmentCodec.encode(segment, memory, offset);
    }
    this.#sealed = this.#segments.length;
  }

  /** Rewrites a directory of format 2 in format 3. */
  #modernize(): void {
    if (this.#headers !== HEADERS) this.#compact();
  }

  #append(key: IdentifierBytes, copies: readonly Copy[]): number {
    if (copies.length > MAX_COPIES) {
      const found = `${copies.length} versions of an object`;
      throw new ArgumentError("alongside", { found, expected: `at most ${MAX_COPIES}` });
    }
    const length = ENTRY_BYTES + copies.length * copyCodec.size + Math.ceil(key.length / 8) * 8;
    const segment = this.#room(length);
    const entry = segment.address + segment.used;
    const { memory, offset } = this.#at(entry);
    // Three numbers, for every object that is put: writing them field by field is fastest.
    memory.u16[(offset + LENGTH_OFFSET) / 2] = key.length;
    memory.u16[(offset + COPIES_OFFSET) / 2] = copies.length;
    memory.u32[(offset + UNUSED_OFFSET) / 4] = 0;
    let at = offset + ENTRY_BYTES;
    for (const copy of copies) {
      copyCodec.encode(copy, memory, at);
      at += copyCodec.size;
    }
    key.write(memory, at);
    segment.used += length;
    segment.entries++;
    this.#entries++;
    return entry;
  }

  /**
   * Gives the segment being written, or another one if it has no room for an entry of so many
   * bytes.
   */
  #room(bytes: number) {
    const open = this.#open;
    if (open !== undefined && open.used + bytes <= open.capacity) return open;
    this.#close();
    const roomier = Math.min(open === undefined ? SMALLEST : open.capacity * 2, LARGEST);
    const capacity = Math.max(roomier, segmentCodec.size + bytes);
    const address = this.#allocate(capacity);
    const segment = { address, capacity, used: segmentCodec.size, entries: 0 };
    this.#segments.push(address);
    this.#open = segment;
    return segment;
  }

  #allocate(bytes: number): number {
    const address = this.#pool.allocate(bytes);
    if (address + bytes <= MAX_ENTRY_ADDRESS) return address;
    this.#pool.free(address);
    throw new OutOfMemoryError(address + bytes, MAX_ENTRY_ADDRESS);
  }

  /**
   * Moves the segment being written to an allocation of the size that it needs, if that is smaller:
   * a generation often has a single entry. Sizes are powers of two, so that a few slabs hold all.
   */
  #trim(): void {
    if (this.#open === undefined) return;
    const { address: from, capacity: before, used } = this.#open;
    const capacity = 2 ** Math.ceil(Math.log2(used));
    if (capacity >= before) return;
    let address: number;
    try {
      address = this.#allocate(capacity);
    } catch (error) {
      // The segment stays where it is, and takes more than it needs.
      if (error instanceof OutOfMemoryError) return;
      throw error;
    }
    const [source, target] = [this.#at(from), this.#at(address)];
    target.memory.bytes(target.offset, used).set(source.memory.bytes(source.offset, used));
    for (let offset = HEADERS.size; offset < used; ) {
      const place = this.#at(address + offset);
      const { key, size, length } = measureEntry(place);
      const identifier = this.#identifier.read(place.memory, key, size);
      if (this.#index.find(this.#pool.memory, identifier) === from + offset) {
        this.#index.set(this.#pool.memory, identifier, address + offset);
      }
      offset += length;
    }
    this.#segments[this.#segments.length - 1] = address;
    this.#pool.free(from);
    this.#open = { ...this.#open, address, capacity };
  }

  /** Writes the header of the segment being written; its checksum follows when it is sealed. */
  #close(): void {
    if (this.#open === undefined) return;
    const { address, used, entries, capacity } = this.#open;
    const { memory, offset } = this.#at(address);
    const previous = this.#segments.at(-2) ?? 0;
    const segment = { ...new SegmentV1(), previous, bytes: used - HEADERS.size, capacity, entries };
    segmentCodec.encode(segment, memory, offset);
    this.#open = undefined;
  }

  /** Compacts if there is room. The entry is written already, so a later change can try again. */
  #tryToCompact(): void {
    try {
      this.#compact();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
  }

  /**
   * Copies the entries that are not out of date to one new segment, and frees all older segments.
   *
   * @throws {OutOfMemoryError} when there is no room for it beside them; nothing has changed
   */
  #compact(): void {
    const entries = [...this.entries()];
    const lengths = entries.map((entry) => measureEntry(this.#at(entry)).length);
    const used = lengths.reduce((sum, length) => sum + length, segmentCodec.size);
    const address = this.#allocate(used);
    let at = address + segmentCodec.size;
    for (const [index, entry] of entries.entries()) {
      const length = lengths[index] as number;
      const [from, to] = [this.#at(entry), this.#at(at)];
      to.memory.bytes(to.offset, length).set(from.memory.bytes(from.offset, length));
      const { key, size } = measureEntry(to);
      this.#index.set(this.#pool.memory, this.#identifier.read(to.memory, key, size), at);
      at += length;
    }
    for (const former of this.#segments) this.#pool.free(former);
    this.#headers = HEADERS;
    this.#segments = [address];
    this.#sealed = 0;
    this.#entries = entries.length;
    this.#open = { address, capacity: used, used, entries: entries.length };
    this.#close();
  }

  #at(address: number): Location {
    return this.#pool.memory.at(address);
  }

  /**
   * Indexes the entries that begin at an address and take `length` bytes, and gives their number.
   */
  #read(start: number, length: number, schemas: readonly ImageSchema[]): number {
    const { memory, offset } = this.#at(start);
    const end = offset + length;
    let entries = 0;
    const bad = (at: number, problem: string): never => {
      throw new BadAddressError(start + at - offset, `a directory entry ${problem}`);
    };
    for (let at = offset; at < end; entries++) {
      if (at + ENTRY_BYTES > end) bad(at, "does not end where its segment does");
      const size = memory.u16[(at + LENGTH_OFFSET) / 2] as number;
      const copies = memory.u16[(at + COPIES_OFFSET) / 2] as number;
      if (size === 0 || size > MAX_IDENTIFIER) {
        bad(at, `has an identifier of ${size} bytes, expected 1 to ${MAX_IDENTIFIER}`);
      }
      const key = at + keyOffset(copies);
      const next = key + padded(size);
      if (next > end) bad(at, "does not end where its segment does");
      const identifier = this.#identifier.read(memory, key, size);
      if (!identifier.isText || !identifier.equals(memory.u32, key)) {
        bad(at, "has an identifier that is not UTF-8, padded with zeros");
      }
      const problem = entryProblem(memory, at, copies, schemas);
      if (problem !== undefined) bad(at, problem);
      if (copies === 0) this.#index.delete(this.#pool.memory, identifier);
      else this.#index.set(this.#pool.memory, identifier, start + at - offset);
      at = next;
    }
    return entries;
  }
}

/** The directory of an image as its root describes it, and the schemas that entries refer to. */
interface StoredDirectory {
  /** Address of the newest segment; 0 when there is no object. */
  readonly newest: number;
  /** Identifiers that hold an object. */
  readonly objects: number;
  /** The format of the image, 2 or 3. */
  readonly format: number;
  readonly schemas: readonly ImageSchema[];
}
