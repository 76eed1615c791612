import { checksum } from "@luo/memory";
import { Memory } from "@luo/struct";

/** A checksum in an image: where it lies, and what it is of. */
interface Sum {
  readonly at: number;
  readonly of: (view: DataView) => readonly [start: number, length: number];
}

/** Where in an image something is, as docs/FORMAT.md has it. */
export interface Anatomy {
  /** Every 8 bytes that are not all zero: what is worth changing. */
  readonly words: readonly number[];
  /** The innermost first, so that all are right in the end. */
  readonly sums: readonly Sum[];
  /** Address and length of the schemas. */
  readonly schemas: readonly [start: number, length: number];
}

const [ROOTS, HEADER, SEGMENT, COPY] = [[0, 2048], 40, 40, 24] as const;

/** Finds out by the checksums themselves, so that an image has only to be right. */
export function anatomyOf(image: Uint8Array): Anatomy {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const memory = new Memory(image);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  const u32 = (at: number) => view.getUint32(at, true);
  const fixed = (at: number, start: number, length: number): Sum => ({
    at,
    of: () => [start, length],
  });
  const words: number[] = [];
  const arrays: Sum[] = [];
  for (let at = 0; at < image.length; at += 8) {
    if (u64(at) !== 0) words.push(at);
    const isHeader = at >= 4096 && at + HEADER <= image.length && u64(at) > 0;
    if (!isHeader || checksum(memory, at, 36) !== u32(at + 36)) continue;
    const [count, table, extents, size] = [u64(at), u64(at + 16), u32(at + 24), u32(at + 28)];
    let left = count;
    for (let entry = table; entry < table + extents * 16; entry += 16) {
      const used = Math.min(left, u32(entry + 8));
      left -= used;
      arrays.push(fixed(entry + 12, u64(entry), used * size));
    }
    arrays.push(fixed(at + 32, table, extents * 16), fixed(at + 36, at, 36));
  }
  const root = ROOTS.toSorted((a, b) => u64(b + 24) - u64(a + 24))[0] ?? 0;
  const structs: Sum[] = [];
  const segments: Sum[] = [];
  for (let at = u64(root + 40); at !== 0; at = u64(at + 8)) {
    segments.unshift({ at, of: (view) => [at + 4, SEGMENT - 4 + lengthAt(view, at + 24)] });
    for (let entry = at + SEGMENT; entry < at + SEGMENT + u64(at + 24); ) {
      const copies = view.getUint16(entry + 2, true);
      for (let copy = entry + 8; copy < entry + 8 + copies * COPY; copy += COPY) {
        structs.push({ at: copy + 4, of: (view) => rangeAt(view, copy + 8, copy + 16) });
      }
      entry += 8 + copies * COPY + Math.ceil(view.getUint16(entry, true) / 8) * 8;
    }
  }
  const schemas: Sum = { at: root + 20, of: (view) => rangeAt(view, root + 56, root + 64) };
  const roots = ROOTS.filter((at) => u64(at) !== 0).map((at) => fixed(at + 84, at, 84));
  return {
    words,
    sums: [...arrays, ...structs, ...segments, schemas, ...roots],
    schemas: [u64(root + 56), u64(root + 64)],
  };
}

const lengthAt = (view: DataView, at: number) => Number(view.getBigUint64(at, true));
const rangeAt = (view: DataView, address: number, length: number) =>
  [lengthAt(view, address), lengthAt(view, length)] as const;

/** Makes the checksums right, as far as what they are of lies in the image. */
export function repair(image: Uint8Array, { sums }: Anatomy): void {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const memory = new Memory(image);
  for (const { at, of } of sums) {
    if (at + 4 > image.length) continue;
    const [start, length] = of(view);
    if (start % 4 !== 0 || start + length > image.length) continue;
    view.setUint32(at, checksum(memory, start, length), true);
  }
}
