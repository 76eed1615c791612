import { BadAddressError, checksum, type Location, OutOfMemoryError, type Pool } from "@luo/memory";
import { codecOf, LuoStruct, u32, u64 } from "@luo/struct";
import { BadImageError } from "./errors.js";
import { IdentifierBytes, MAX_IDENTIFIER } from "./identifier.js";
import { IdentifierIndex, MAX_ENTRY_ADDRESS } from "./identifier-index.js";

/** The beginning of a segment; its entries follow. */
@LuoStruct(0, { family: "luo.segment" })
class Segment {
  /** XXH32 of the rest of the header and of the entries. */
  @u32 checksum = 0;
  /** How many entries follow. */
  @u32 entries = 0;
  /** Address of the segment before this; 0 in the oldest. */
  @u64.number previous = 0;
  /** The generation that it was written for. */
  @u64.number generation = 0;
  /** Of all entries. */
  @u64.number bytes = 0;
  /** Bytes that are allocated, header included. */
  @u64.number capacity = 0;
}

/** One version of an object. */
@LuoStruct(0, { family: "luo.copy" })
export class Copy {
  /** Index of its layout among the schemas. */
  @u32 schema = 0;
  /** XXH32 of its bytes. */
  @u32 checksum = 0;
  @u64.number address = 0;
  /** Of the struct itself; arrays that it refers to are not counted. */
  @u64.number bytes = 0;
}

const segmentCodec = codecOf(Segment);
const copyCodec = codecOf(Copy);

/** An entry: u16 bytes of the identifier, u16 copies, u32 zero; the copies; the identifier, padded to 8. */
const ENTRY = 8;
/** With one copy and a short identifier. */
const SMALLEST_ENTRY = 40;
const MAX_COPIES = 0xffff;
const [SMALLEST, LARGEST] = [1024, 65_536];

/**
 * Which objects there are, as a log: an entry says what an identifier holds from now on, and no copy
 * at all that it holds nothing. A generation adds segments with what has changed; when most entries
 * are out of date, those that are not are written anew.
 */
export class Directory {
  readonly #pool: Pool;
  #index = new IdentifierIndex();
  readonly #identifier = new IdentifierBytes();
  /** Oldest first. Those from `#sealed` on belong to the generation that is being written. */
  #segments: number[] = [];
  #sealed = 0;
  /** Entries in all segments, and those that are out of date. */
  #entries = 0;
  #open: { address: number; capacity: number; used: number; entries: number } | undefined;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  /**
   * The directory whose newest segment lies at an address.
   *
   * @throws {BadImageError} when a segment is damaged
   * @throws {BadAddressError} when one cannot lie where it is said to
   */
  static open(pool: Pool, newest: number, objects: number): Directory {
    const { memory } = pool;
    const directory = new Directory(pool);
    const bytes: number[] = [];
    let generation = memory.generation;
    let room = memory.end;
    // Where a circle would have to come back to, moved on ever less often: Brent's cycle detection.
    let [mark, moves] = [0, 1];
    for (let address = newest; address !== 0; ) {
      if (address === mark) room = 0;
      if (bytes.length === moves) [mark, moves] = [address, moves * 2];
      const at = memory.locate(address, segmentCodec.size, "a directory segment");
      const segment = segmentCodec.decode(at.memory, at.offset);
      const length = segmentCodec.size + segment.bytes;
      memory.locate(address, segment.capacity, "a directory segment with its entries");
      if (length > segment.capacity) {
        throw new BadAddressError(
          address,
          "a directory segment has more bytes than were allocated",
        );
      }
      room -= length;
      if (room < 0 || segment.generation > generation) {
        throw new BadAddressError(address, "the segments of the directory overlap or form a loop");
      }
      const sum = checksum(at.memory, at.offset + 4, length - 4);
      if (sum !== segment.checksum) {
        throw new BadImageError(
          `the directory segment at 0x${address.toString(16)} has the checksum ${segment.checksum}, expected ${sum}`,
        );
      }
      generation = segment.generation;
      directory.#segments.push(address);
      bytes.push(segment.bytes);
      directory.#entries += segment.entries;
      address = segment.previous;
    }
    directory.#segments.reverse();
    bytes.reverse();
    const most = bytes.reduce((sum, length) => sum + length, 0) / SMALLEST_ENTRY;
    directory.#index = new IdentifierIndex(Math.min(objects, most));
    directory.#segments.forEach((address, at) => {
      directory.#read(address + segmentCodec.size, bytes[at] as number);
    });
    directory.#sealed = directory.#segments.length;
    if (directory.size !== objects) {
      throw new BadImageError(`the directory has ${directory.size} objects, expected ${objects}`);
    }
    return directory;
  }

  /** Identifiers that hold an object. */
  get size(): number {
    return this.#index.size;
  }

  /** Address of the newest segment; 0 when there is none. */
  get newest(): number {
    return this.#segments.at(-1) ?? 0;
  }

  /** Every segment with its header, for who takes account of memory. */
  *#laid(): Iterable<{ address: number; bytes: number; capacity: number }> {
    for (const address of this.#segments) {
      const { memory, offset } = this.#at(address);
      const { bytes, capacity } = segmentCodec.decode(memory, offset);
      yield { address, bytes: segmentCodec.size + bytes, capacity };
    }
  }

  /** Takes account of where the segments lie. */
  adopt(): void {
    for (const { address, capacity } of this.#laid()) {
      this.#pool.adopt(address, capacity, "a directory segment");
    }
  }

  /** The entry of an identifier: its address, or 0 when it holds nothing. */
  find(identifier: string): number {
    const key = this.#identifier.set(identifier);
    return this.#index.find(this.#pool.memory, key);
  }

  /** Every entry that is not out of date, in the order in which they were written. */
  *entries(): Iterable<number> {
    this.#close();
    for (const { address, bytes } of this.#laid()) {
      let at = address + segmentCodec.size;
      while (at < address + bytes) {
        const place = this.#at(at);
        const { key, size, length } = extentOf(place);
        this.#identifier.read(place.memory, key, size);
        if (this.#index.find(this.#pool.memory, this.#identifier) === at) yield at;
        at += length;
      }
    }
  }

  /** The identifier of an entry. */
  identifierOf(entry: number): string {
    const place = this.#at(entry);
    const { key, size } = extentOf(place);
    return IdentifierBytes.text(place.memory, key, size);
  }

  /** How many versions of its object an entry has. */
  copies(entry: number): number {
    const { memory, offset } = this.#at(entry);
    return memory.u16[offset / 2 + 1] as number;
  }

  /** One of them. */
  copy(entry: number, at: number): Copy {
    const { memory, offset } = this.#at(entry);
    return copyCodec.decode(memory, offset + ENTRY + at * copyCodec.size);
  }

  /** The index of its layout among the schemas. */
  schema(entry: number, at: number): number {
    const { memory, offset } = this.#at(entry);
    return memory.u32[(offset + ENTRY + at * copyCodec.size) / 4] as number;
  }

  /** Says what an identifier holds from now on. */
  set(identifier: string, copies: readonly Copy[]): void {
    const key = this.#identifier.set(identifier);
    const entry = this.#append(key, copies);
    if (copies.length > 0) this.#index.set(this.#pool.memory, key, entry);
    else this.#index.delete(this.#pool.memory, key);
    if (this.#entries > 2 * this.size + 256) this.#tryToCompact();
  }

  /** Completes the segments of this generation. */
  seal(generation: number): void {
    this.#close();
    for (const address of this.#segments.slice(this.#sealed)) {
      const { memory, offset } = this.#at(address);
      const segment = segmentCodec.decode(memory, offset);
      segment.generation = generation;
      segmentCodec.encode(segment, memory, offset);
      segment.checksum = checksum(memory, offset + 4, segmentCodec.size + segment.bytes - 4);
      segmentCodec.encode(segment, memory, offset);
    }
    this.#sealed = this.#segments.length;
  }

  #append(key: IdentifierBytes, copies: readonly Copy[]): number {
    if (copies.length > MAX_COPIES) {
      throw new RangeError(
        `found ${copies.length} versions of an object, expected at most ${MAX_COPIES}`,
      );
    }
    const length = ENTRY + copies.length * copyCodec.size + Math.ceil(key.length / 8) * 8;
    const segment = this.#room(length);
    const entry = segment.address + segment.used;
    const { memory, offset } = this.#at(entry);
    memory.u16[offset / 2] = key.length;
    memory.u16[offset / 2 + 1] = copies.length;
    memory.u32[offset / 4 + 1] = 0;
    let at = offset + ENTRY;
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

  /** The segment being written, with room for an entry. */
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

  /** Writes the header of the segment being written; its checksum follows when it is sealed. */
  #close(): void {
    if (this.#open === undefined) return;
    const { address, used, entries, capacity } = this.#open;
    const { memory, offset } = this.#at(address);
    segmentCodec.encode(
      {
        checksum: 0,
        entries,
        previous: this.#segments.at(-2) ?? 0,
        generation: 0,
        bytes: used - segmentCodec.size,
        capacity,
      },
      memory,
      offset,
    );
    this.#open = undefined;
  }

  /** What was said is said; where there is no room to compact, another time will do. */
  #tryToCompact(): void {
    try {
      this.#compact();
    } catch (error) {
      if (!(error instanceof OutOfMemoryError)) throw error;
    }
  }

  /**
   * Writes what is not out of date anew, in one segment, and frees the rest.
   *
   * @throws {OutOfMemoryError} when there is no room for both; everything is then as before
   */
  #compact(): void {
    const entries = [...this.entries()];
    const lengths = entries.map((entry) => extentOf(this.#at(entry)).length);
    const used = lengths.reduce((sum, length) => sum + length, segmentCodec.size);
    const address = this.#allocate(used);
    let at = address + segmentCodec.size;
    for (const [index, entry] of entries.entries()) {
      const length = lengths[index] as number;
      const [from, to] = [this.#at(entry), this.#at(at)];
      to.memory.bytes(to.offset, length).set(from.memory.bytes(from.offset, length));
      const { key, size } = extentOf(to);
      this.#index.set(this.#pool.memory, this.#identifier.read(to.memory, key, size), at);
      at += length;
    }
    for (const former of this.#segments) this.#pool.free(former);
    this.#segments = [address];
    this.#sealed = 0;
    this.#entries = entries.length;
    this.#open = { address, capacity: used, used, entries: entries.length };
    this.#close();
  }

  #at(address: number): Location {
    return this.#pool.memory.at(address);
  }

  /** Takes in the entries of a segment, which begin at an address. */
  #read(start: number, length: number): void {
    const { memory, offset } = this.#at(start);
    const end = offset + length;
    const bad = (at: number, problem: string): never => {
      throw new BadAddressError(start + at - offset, `a directory entry ${problem}`);
    };
    for (let at = offset; at < end; ) {
      if (at + ENTRY > end) bad(at, "does not end where its segment does");
      const entry = extentOf({ memory, offset: at });
      if (entry.size === 0 || entry.size > MAX_IDENTIFIER) {
        bad(at, `has an identifier of ${entry.size} bytes, expected 1 to ${MAX_IDENTIFIER}`);
      }
      if (at + entry.length > end) bad(at, "does not end where its segment does");
      const identifier = this.#identifier.read(memory, entry.key, entry.size);
      if (!identifier.isText || !identifier.equals(memory.u32, entry.key)) {
        bad(at, "has an identifier that is not UTF-8, padded with zeros");
      }
      const address = start + at - offset;
      if (memory.u16[at / 2 + 1] === 0) this.#index.delete(this.#pool.memory, identifier);
      else this.#index.set(this.#pool.memory, identifier, address);
      at += entry.length;
    }
  }
}

/** An entry's identifier: its offset in the memory and its bytes; and the bytes of the entry. */
function extentOf({ memory, offset }: Location): { key: number; size: number; length: number } {
  const size = memory.u16[offset / 2] as number;
  const key = offset + ENTRY + (memory.u16[offset / 2 + 1] as number) * copyCodec.size;
  return { key, size, length: key + Math.ceil(size / 8) * 8 - offset };
}
