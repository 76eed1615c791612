import { checksum } from "@luo/memory";
import { Memory } from "@luo/struct";
import {
  ARRAY,
  COPY,
  ENTRY,
  EXTENT,
  HEADER,
  ROOT,
  ROOT_AT,
  SEGMENT,
  SLOTS,
} from "../image-offsets.js";

/**
 * Where the parts lie in an image of one generation with one object, whose struct begins with a
 * reference to an array of one extent; and their checksums, so that nonsense can be made correct.
 */
export class Anatomy {
  readonly header = SLOTS[1];
  readonly root = this.header + ROOT_AT;
  readonly segment: number;
  readonly copy: number;
  readonly struct: number;
  readonly array: number;
  readonly table: number;
  readonly extent: number;
  readonly schemas: number;
  readonly view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.segment = this.at(this.root + ROOT.directory);
    this.copy = this.segment + SEGMENT.size + ENTRY.size;
    this.struct = this.at(this.copy + COPY.address);
    this.array = this.at(this.struct);
    this.table = this.at(this.array + ARRAY.table);
    this.extent = this.at(this.table);
    this.schemas = this.at(this.root + ROOT.schemas);
  }

  at(offset: number): number {
    return Number(this.view.getBigUint64(offset, true));
  }

  set(offset: number, value: number | bigint): void {
    this.view.setBigUint64(offset, BigInt(value), true);
  }

  set32(offset: number, value: number): void {
    this.view.setUint32(offset, value, true);
  }

  set16(offset: number, value: number): void {
    this.view.setUint16(offset, value, true);
  }

  fill(offset: number, length: number, byte: number): void {
    this.bytes.fill(byte, offset, offset + length);
  }

  flip(offset: number): void {
    this.bytes[offset] = (this.bytes[offset] ?? 0) ^ 1;
  }

  get description(): string {
    const { schemas, root } = this;
    const length = this.at(root + ROOT.schemasLength);
    return new TextDecoder().decode(this.bytes.subarray(schemas, schemas + length));
  }

  /** Other schemas in the place of those that are there, and not longer. */
  describe(text: string): void {
    const room = this.at(this.root + ROOT.schemasLength);
    const written = new TextEncoder().encode(text);
    if (written.length > room) throw new RangeError(`${written.length} bytes for ${room}`);
    this.bytes.fill(0x20, this.schemas, this.schemas + room).set(written, this.schemas);
  }

  /** Makes every checksum right, from the innermost outwards. */
  seal(): void {
    const memory = new Memory(this.bytes);
    const sum = (to: number, from: number, length: number) =>
      this.set32(to, checksum(memory, from, length));
    const { array, table, extent, copy, segment, root, header } = this;
    const size = this.view.getUint32(array + ARRAY.elementSize, true);
    const capacity = this.view.getUint32(table + EXTENT.capacity, true);
    const used = Math.min(this.at(array), capacity) * size;
    sum(table + EXTENT.checksum, extent, extent + used <= this.bytes.length ? used : 0);
    const extents = Math.min(this.view.getUint32(array + ARRAY.extents, true), 1);
    sum(array + ARRAY.tableChecksum, table, EXTENT.size * extents);
    sum(array + ARRAY.checksum, array, ARRAY.checksum);
    sum(copy + COPY.checksum, this.struct, Math.min(this.at(copy + COPY.bytes), 4096));
    const entries = Math.min(this.at(segment + SEGMENT.bytes), 4096);
    sum(segment + SEGMENT.entriesChecksum, segment + SEGMENT.size, entries);
    sum(segment + SEGMENT.checksum, segment, SEGMENT.checksum);
    sum(root + ROOT.schemasChecksum, this.schemas, this.at(root + ROOT.schemasLength));
    sum(root + ROOT.checksum, root, ROOT.checksum);
    sum(header + HEADER.checksum, header, HEADER.checksum);
  }
}
