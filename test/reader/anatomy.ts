import { checksum } from "@luo/memory";
import { Memory } from "@luo/struct";

/**
 * Where the parts lie in an image of one generation with one object, whose struct begins with a
 * reference to an array of one extent; and their checksums, so that nonsense can be made correct.
 */
export class Anatomy {
  readonly root = 2048;
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
    this.segment = this.at(this.root + 40);
    this.copy = this.segment + 40 + 8;
    this.struct = this.at(this.copy + 8);
    this.array = this.at(this.struct);
    this.table = this.at(this.array + 16);
    this.extent = this.at(this.table);
    this.schemas = this.at(this.root + 56);
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
    return new TextDecoder().decode(this.bytes.subarray(schemas, schemas + this.at(root + 64)));
  }

  /** Other schemas in the place of those that are there, and not longer. */
  describe(text: string): void {
    const room = this.at(this.root + 64);
    const written = new TextEncoder().encode(text);
    if (written.length > room) throw new RangeError(`${written.length} bytes for ${room}`);
    this.bytes.fill(0x20, this.schemas, this.schemas + room).set(written, this.schemas);
  }

  /** Makes every checksum right, from the innermost outwards. */
  seal(): void {
    const memory = new Memory(this.bytes);
    const sum = (to: number, from: number, length: number) =>
      this.set32(to, checksum(memory, from, length));
    const size = this.view.getUint32(this.array + 28, true);
    const capacity = this.view.getUint32(this.table + 8, true);
    const used = Math.min(this.at(this.array), capacity) * size;
    sum(this.table + 12, this.extent, this.extent + used <= this.bytes.length ? used : 0);
    sum(this.array + 32, this.table, 16 * Math.min(this.view.getUint32(this.array + 24, true), 1));
    sum(this.array + 36, this.array, 36);
    sum(this.copy + 4, this.struct, Math.min(this.at(this.copy + 16), 4096));
    sum(this.segment, this.segment + 4, 36 + Math.min(this.at(this.segment + 24), 4096));
    sum(this.root + 20, this.schemas, this.at(this.root + 64));
    sum(this.root + 84, this.root, 84);
  }
}
