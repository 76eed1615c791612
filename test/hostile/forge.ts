import { type ArrayHeader, type Backing, checksum, tableBytes } from "@luo/memory";
import { Memory } from "@luo/struct";
import {
  ARRAY,
  BLOCK,
  COPY,
  ENTRY,
  EXTENT,
  HEADER,
  ROOT,
  ROOT_AT,
  SEGMENT,
  SLOTS,
} from "../image-offsets.js";

const PAGE = 4096;
/** That of what is forged, which is an image of one generation. */
const [GENERATION, SLOT] = [1, SLOTS[1]] as const;

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

  readonly #packed: boolean;

  /**
   * @param byteLength of the image, whatever of it is used
   * @param packed whether one allocation follows the other, as no pool gives them
   */
  constructor(
    readonly byteLength: number,
    { packed = false } = {},
  ) {
    this.memory = new Memory(new ArrayBuffer(byteLength));
    this.#packed = packed;
  }

  get view(): DataView {
    return this.memory.view;
  }

  /** As a pool gives it: up to 2048 bytes share a page with others of their size. */
  allocate(bytes: number): number {
    const size = Math.ceil(bytes / 8) * 8;
    if (this.#packed || bytes > PAGE / 2) {
      const address = this.#end;
      this.#end += this.#packed ? size : Math.ceil(bytes / PAGE) * PAGE;
      return address;
    }
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

  u32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  /** A header and its table, at which the extents of another array may be. Returns the header's address. */
  array(count: number, elementSize: number, extents: readonly Extent[], table?: number): number {
    const at = this.allocate(ARRAY.size);
    const entries = table ?? this.allocate(tableBytes(extents.length));
    let left = count;
    for (const [index, { address, capacity }] of extents.entries()) {
      const entry = entries + index * EXTENT.size;
      const used = Math.min(left, capacity);
      left -= used;
      if (table !== undefined) continue;
      this.u64(entry + EXTENT.address, address);
      this.u32(entry + EXTENT.capacity, capacity);
      this.#sum(entry + EXTENT.checksum, address, used * elementSize);
    }
    this.header(at, { count, elementSize, table: entries, extents: extents.length });
    return at;
  }

  header(at: number, what: Omit<Header, "fingerprint"> & Partial<Header>): void {
    this.u64(at + ARRAY.count, what.count);
    this.view.setBigUint64(at + ARRAY.fingerprint, what.fingerprint ?? 0n, true);
    this.u64(at + ARRAY.table, what.table);
    this.u32(at + ARRAY.extents, what.extents);
    this.u32(at + ARRAY.elementSize, what.elementSize);
    this.#sum(at + ARRAY.tableChecksum, what.table, what.extents * EXTENT.size);
    this.#sum(at + ARRAY.checksum, at, ARRAY.checksum);
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
      this.u64(page + BLOCK.next, pages[at + 1] ?? 0);
      this.u64(page + BLOCK.count, entries[at] ?? 0);
      for (let n = 0; n < (entries[at] ?? 0); n++) write(page + BLOCK.size + n * size, index++);
    });
    return pages[0] ?? 0;
  }

  /** Notes an object under a name of up to 8 letters. */
  object(identifier: string, versions: readonly Version[]): void {
    const name = new TextEncoder().encode(identifier);
    const named = ENTRY.size + versions.length * COPY.size;
    const entry = new Memory(new ArrayBuffer(named + 8));
    entry.view.setUint16(ENTRY.length, name.length, true);
    entry.view.setUint16(ENTRY.copies, versions.length, true);
    for (const [index, { schema = 0, address, bytes }] of versions.entries()) {
      const at = ENTRY.size + index * COPY.size;
      entry.view.setUint32(at + COPY.schema, schema, true);
      entry.view.setUint32(at + COPY.checksum, checksum(this.memory, address, bytes), true);
      entry.view.setBigUint64(at + COPY.address, BigInt(address), true);
      entry.view.setBigUint64(at + COPY.bytes, BigInt(bytes), true);
    }
    entry.u8.set(name, named);
    for (const byte of entry.u8) this.#entries.push(byte);
    this.#objects++;
  }

  /** Completes the image. `circle` makes the only segment of the directory the one before itself. */
  seal(schemas: string, { pools = 0, circle = false } = {}): Backing {
    const json = new TextEncoder().encode(schemas);
    const text = this.allocate(json.length);
    this.memory.u8.set(json, text);
    const entries = this.#entries.length;
    const segment = this.allocate(SEGMENT.size + entries);
    this.memory.u8.set(this.#entries, segment + SEGMENT.size);
    this.u64(segment + SEGMENT.previous, circle ? segment : 0);
    this.u64(segment + SEGMENT.generation, GENERATION);
    this.u64(segment + SEGMENT.bytes, entries);
    this.u64(segment + SEGMENT.capacity, SEGMENT.size + entries);
    this.u32(segment + SEGMENT.entries, this.#objects);
    this.#sum(segment + SEGMENT.entriesChecksum, segment + SEGMENT.size, entries);
    this.#sum(segment + SEGMENT.checksum, segment, SEGMENT.checksum);
    this.memory.u8.set(new TextEncoder().encode("luo-img"), SLOT + HEADER.magic);
    this.u32(SLOT + HEADER.format, 3);
    this.u32(SLOT + HEADER.pageSize, PAGE);
    this.u32(SLOT + HEADER.byteOrder, 0x0102_0304);
    this.u64(SLOT + HEADER.generation, GENERATION);
    this.#sum(SLOT + HEADER.checksum, SLOT, HEADER.checksum);
    const root = SLOT + ROOT_AT;
    this.u64(root + ROOT.generation, GENERATION);
    this.u64(root + ROOT.length, this.byteLength);
    this.u64(root + ROOT.directory, segment);
    this.u64(root + ROOT.objects, this.#objects);
    this.u64(root + ROOT.schemas, text);
    this.u64(root + ROOT.schemasLength, json.length);
    this.u64(root + ROOT.pools, pools);
    this.#sum(root + ROOT.schemasChecksum, text, json.length);
    this.#sum(root + ROOT.checksum, root, ROOT.checksum);
    if (this.#end > this.byteLength) throw new Error(`the image needs ${this.#end} bytes`);
    return { segments: [this.memory.buffer] };
  }

  #sum(at: number, start: number, length: number): void {
    this.u32(at, checksum(this.memory, start, length));
  }
}
