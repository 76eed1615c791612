import { checksum } from "@luo/memory";
import { Memory } from "@luo/struct";

/** A checksum in an image: where it lies, and what it is of. */
interface Sum {
  readonly at: number;
  readonly of: (view: DataView) => Range;
}

type Range = readonly [start: number, length: number];

/** Where in an image something is, as docs/FORMAT.md has it. */
export interface Anatomy {
  /** Every 8 bytes that are not all zero: what is worth changing. */
  readonly words: readonly number[];
  /** Those of them that hold an address, or what could be one. */
  readonly addresses: readonly number[];
  /** Headers of arrays. */
  readonly arrays: readonly number[];
  /** But for those of arrays; the innermost first, so that all are right in the end. */
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
  const arrays: number[] = [];
  for (let at = 0; at < image.length; at += 8) {
    if (u64(at) !== 0) words.push(at);
    const isHeader = at >= 4096 && at + HEADER <= image.length && u64(at) > 0;
    if (!isHeader || checksum(memory, at, 36) !== u32(at + 36)) continue;
    arrays.push(at);
  }
  const addresses = words.filter(
    (at) => u64(at) >= 4096 && u64(at) < image.length && u64(at) % 8 === 0,
  );
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
    addresses,
    arrays,
    sums: [...structs, ...segments, schemas, ...roots],
    schemas: [u64(root + 56), u64(root + 64)],
  };
}

const lengthAt = (view: DataView, at: number) => Number(view.getBigUint64(at, true));
const rangeAt = (view: DataView, address: number, length: number) =>
  [lengthAt(view, address), lengthAt(view, length)] as const;

/** The checksums of an array by what its header and its table say now: they may lead anywhere. */
function* sumsOfArray(view: DataView, at: number): Iterable<readonly [at: number, of: Range]> {
  const table = lengthAt(view, at + 16);
  const [extents, size] = [view.getUint32(at + 24, true), view.getUint32(at + 28, true)];
  if (table % 8 === 0 && table + extents * 16 <= view.byteLength) {
    let left = lengthAt(view, at);
    for (let entry = table; entry < table + extents * 16; entry += 16) {
      const used = Math.min(left, view.getUint32(entry + 8, true));
      left -= used;
      yield [entry + 12, [lengthAt(view, entry), used * size]];
    }
    yield [at + 32, [table, extents * 16]];
  }
  yield [at + 36, [at, 36]];
}

/** Makes the checksums right, as far as what they are of lies in the image. */
export function repair(image: Uint8Array, { arrays, sums }: Anatomy): void {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const memory = new Memory(image);
  const right = (at: number, [start, length]: Range) => {
    if (start % 4 !== 0 || start + length > image.length) return;
    view.setUint32(at, checksum(memory, start, length), true);
  };
  for (const header of arrays) {
    for (const [at, of] of sumsOfArray(view, header)) right(at, of);
  }
  for (const { at, of } of sums) right(at, of(view));
}
