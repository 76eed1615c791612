import { type ArrayHeader, type Backing, checksum, tableBytes } from "@luo/memory";
import { Memory } from "@luo/struct";

const PAGE = 4096;
const [HEADER, EXTENT, SEGMENT, COPY, ENTRY, BLOCK] = [40, 16, 40, 24, 8, 16] as const;

/** Elements from an address on. */
export interface Extent {
  readonly address: number;
  readonly capacity: number;
}

type Header = Pick<ArrayHeader, "count" | "elementSize" | "table" | "extents" | "fingerprint">;

/** One version of an object: where its struct lies, and by which layout. */
export interface Version extends Pick<Extent, "address"> {
  readonly schema?: number;
  readonly bytes: number;
}

/**
 * Writes images by docs/FORMAT.md that no store would write. Every checksum is right, so what is wrong
 * with them has to be found by what they say. They can be large: it is the large ones that cost.
 */
export class Forge {
  readonly memory: Memory;
  #end = PAGE;
  #entries: number[] = [];
  #objects = 0;
  /** By size, where the next allocation lies and where its page ends. */
  readonly #open = new Map<number, { next: number; end: number }>();

  /** @param byteLength of the image, whatever of it is used */
  constructor(readonly byteLength: number) {
    this.memory = new Memory(new ArrayBuffer(byteLength));
  }

  get view(): DataView {
    return this.memory.view;
  }

  /** As a pool gives it: up to 2048 bytes share a page with others of their size. */
  allocate(bytes: number): number {
    if (bytes > PAGE / 2) {
      const address = this.#end;
      this.#end += Math.ceil(bytes / PAGE) * PAGE;
      return address;
    }
    const size = Math.ceil(bytes / 8) * 8;
    let open = this.#open.get(size);
    if (open === undefined || open.next + size > open.end) {
      open = { next: this.#end, end: this.#end + PAGE };
      this.#end += PAGE;
      this.#open.set(size, open);
    }
    open.next += size;
    return open.next - size;
  }

  u64(at: number, value: number): void {
    this.view.setBigUint64(at, BigInt(value), true);
  }

  /** A header and its table, at which the extents of another array may be. Returns the header's address. */
  array(count: number, elementSize: number, extents: readonly Extent[], table?: number): number {
    const at = this.allocate(HEADER);
    const entries = table ?? this.allocate(tableBytes(extents.length));
    let left = count;
    for (const [index, { address, capacity }] of extents.entries()) {
      const entry = entries + index * EXTENT;
      const used = Math.min(left, capacity);
      left -= used;
      if (table !== undefined) continue;
      this.u64(entry, address);
      this.view.setUint32(entry + 8, capacity, true);
      this.view.setUint32(entry + 12, checksum(this.memory, address, used * elementSize), true);
    }
    this.header(at, { count, elementSize, table: entries, extents: extents.length });
    return at;
  }

  header(at: number, what: Omit<Header, "fingerprint"> & Partial<Header>): void {
    this.u64(at, what.count);
    this.view.setBigUint64(at + 8, what.fingerprint ?? 0n, true);
    this.u64(at + 16, what.table);
    this.view.setUint32(at + 24, what.extents, true);
    this.view.setUint32(at + 28, what.elementSize, true);
    this.#sum(at + 32, what.table, what.extents * EXTENT);
    this.#sum(at + 36, at, HEADER - 4);
  }

  /** Pages of a block list with so many entries each, written by `write`. Returns the first's address. */
  blocks(
    entries: readonly number[],
    size: number,
    write: (at: number, index: number) => void,
  ): number {
    const pages = entries.map(() => this.allocate(PAGE));
    let index = 0;
    pages.forEach((page, at) => {
      this.u64(page, pages[at + 1] ?? 0);
      this.u64(page + 8, entries[at] ?? 0);
      for (let n = 0; n < (entries[at] ?? 0); n++) write(page + BLOCK + n * size, index++);
    });
    return pages[0] ?? 0;
  }

  /** Notes an object under a name of up to 8 letters. */
  object(identifier: string, versions: readonly Version[]): void {
    const name = new TextEncoder().encode(identifier);
    const entry = new Memory(new ArrayBuffer(ENTRY + versions.length * COPY + 8));
    entry.view.setUint16(0, name.length, true);
    entry.view.setUint16(2, versions.length, true);
    for (const [index, { schema = 0, address, bytes }] of versions.entries()) {
      const at = ENTRY + index * COPY;
      entry.view.setUint32(at, schema, true);
      entry.view.setUint32(at + 4, checksum(this.memory, address, bytes), true);
      entry.view.setBigUint64(at + 8, BigInt(address), true);
      entry.view.setBigUint64(at + 16, BigInt(bytes), true);
    }
    entry.u8.set(name, ENTRY + versions.length * COPY);
    for (const byte of entry.u8) this.#entries.push(byte);
    this.#objects++;
  }

  /** Completes the image. `circle` makes the only segment of the directory the one before itself. */
  seal(schemas: string, { pools = 0, circle = false } = {}): Backing {
    const json = new TextEncoder().encode(schemas);
    const text = this.allocate(json.length);
    this.memory.u8.set(json, text);
    const segment = this.allocate(SEGMENT + this.#entries.length);
    this.memory.u8.set(this.#entries, segment + SEGMENT);
    this.view.setUint32(segment + 4, this.#objects, true);
    this.u64(segment + 8, circle ? segment : 0);
    this.u64(segment + 24, this.#entries.length);
    this.u64(segment + 32, SEGMENT + this.#entries.length);
    this.#sum(segment, segment + 4, SEGMENT - 4 + this.#entries.length);
    this.memory.u8.set(new TextEncoder().encode("luo-img"));
    for (const [at, value] of [
      [8, 2],
      [12, PAGE],
      [16, 0x0102_0304],
    ] as const) {
      this.view.setUint32(at, value, true);
    }
    this.#sum(20, text, json.length);
    const numbers = [2, this.byteLength, segment, this.#objects, text, json.length, pools];
    for (const [index, value] of numbers.entries()) this.u64(24 + index * 8, value);
    this.#sum(84, 0, 84);
    if (this.#end > this.byteLength) throw new Error(`the image needs ${this.#end} bytes`);
    return { segments: [this.memory.buffer] };
  }

  #sum(at: number, start: number, length: number): void {
    this.view.setUint32(at, checksum(this.memory, start, length), true);
  }
}
