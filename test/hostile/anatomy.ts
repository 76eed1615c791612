import { checksum } from "@luo/memory";
import { Memory } from "@luo/struct";
import {
  ARRAY,
  COPY,
  ENTRY,
  EXTENT,
  HEADER,
  NONE,
  ROOT,
  ROOT_2,
  ROOT_AT,
  SEGMENT,
  SEGMENT_2,
  SLOTS,
} from "../image-offsets.js";

/** A checksum in an image: where it lies, and what it is of. */
interface Sum {
  readonly at: number;
  readonly of: (view: DataView) => Range;
  /** Whether a writer may leave it out. */
  readonly optional?: true;
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
  /** Where those of structs, tables, extents, entries and schemas lie, which may be left out. */
  readonly optional: readonly number[];
  /** Address and length of the schemas. */
  readonly schemas: readonly [start: number, length: number];
  /** Where the root says how long they are. */
  readonly schemasLength: number;
  /** The slots that were written to. */
  readonly slots: readonly number[];
}

/** Where the records of a format have what leads on, and what their checksums are of. */
interface Format {
  readonly root: Record<"directory" | "schemas" | "schemasLength" | "schemasChecksum", number>;
  readonly rootAt: number;
  readonly generation: number;
  readonly segment: Record<"previous" | "bytes" | "size", number>;
  /** Of a slot, in turn. */
  readonly slotSums: (slot: number) => readonly Sum[];
  /** Of a segment, the innermost first. */
  readonly segmentSums: (segment: number) => readonly Sum[];
}

const fixed = (at: number, start: number, length: number): Sum => ({
  at,
  of: () => [start, length],
});

const FORMAT_2: Format = {
  root: ROOT_2,
  rootAt: 0,
  generation: ROOT_2.generation,
  segment: SEGMENT_2,
  slotSums: (slot) => [fixed(slot + ROOT_2.checksum, slot, ROOT_2.checksum)],
  segmentSums: (at) => [
    {
      at,
      of: (view) => [at + 4, SEGMENT_2.size - 4 + lengthAt(view, at + SEGMENT_2.bytes)],
    },
  ],
};

const FORMAT_3: Format = {
  root: ROOT,
  rootAt: ROOT_AT,
  generation: HEADER.generation,
  segment: SEGMENT,
  slotSums: (slot) => [
    fixed(slot + HEADER.checksum, slot, HEADER.checksum),
    fixed(slot + ROOT_AT + ROOT.checksum, slot + ROOT_AT, ROOT.checksum),
  ],
  segmentSums: (at) => [
    {
      at: at + SEGMENT.entriesChecksum,
      of: (view) => [at + SEGMENT.size, lengthAt(view, at + SEGMENT.bytes)],
      optional: true,
    },
    fixed(at + SEGMENT.checksum, at, SEGMENT.checksum),
  ],
};

/** Finds out by the checksums themselves, so that an image has only to be right. */
export function anatomyOf(image: Uint8Array): Anatomy {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const memory = new Memory(image);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  const u32 = (at: number) => view.getUint32(at, true);
  const words: number[] = [];
  const arrays: number[] = [];
  for (let at = 0; at < image.length; at += 8) {
    if (u64(at) !== 0) words.push(at);
    const isHeader = at >= 4096 && at + ARRAY.size <= image.length && u64(at) > 0;
    if (!isHeader || checksum(memory, at, ARRAY.checksum) !== u32(at + ARRAY.checksum)) continue;
    arrays.push(at);
  }
  const addresses = words.filter(
    (at) => u64(at) >= 4096 && u64(at) < image.length && u64(at) % 8 === 0,
  );
  const slots = SLOTS.filter((at) => u64(at) !== 0);
  const formatAt = (slot: number) => (u32(slot + HEADER.format) === 2 ? FORMAT_2 : FORMAT_3);
  const generation = (slot: number) => u64(slot + formatAt(slot).generation);
  const slot = slots.toSorted((a, b) => generation(b) - generation(a))[0] ?? 0;
  const { root, rootAt, segment, segmentSums } = formatAt(slot);
  const of = (field: keyof Format["root"]) => slot + rootAt + root[field];
  const structs: Sum[] = [];
  const segments: Sum[] = [];
  for (let at = u64(of("directory")); at !== 0; at = u64(at + segment.previous)) {
    segments.unshift(...segmentSums(at));
    const start = at + segment.size;
    for (let entry = start; entry < start + u64(at + segment.bytes); ) {
      const copies = view.getUint16(entry + ENTRY.copies, true);
      const name = entry + ENTRY.size + copies * COPY.size;
      for (let copy = entry + ENTRY.size; copy < name; copy += COPY.size) {
        structs.push({
          at: copy + COPY.checksum,
          of: (view) => rangeAt(view, copy + COPY.address, copy + COPY.bytes),
          optional: true,
        });
      }
      entry = name + Math.ceil(view.getUint16(entry + ENTRY.length, true) / 8) * 8;
    }
  }
  const schemas: Sum = {
    at: of("schemasChecksum"),
    of: (view) => rangeAt(view, of("schemas"), of("schemasLength")),
    optional: true,
  };
  const inner = [...structs, ...segments, schemas];
  return {
    words,
    addresses,
    arrays,
    sums: [...inner, ...slots.flatMap((at) => formatAt(at).slotSums(at))],
    optional: [
      ...inner.filter(({ optional }) => optional).map(({ at }) => at),
      ...arrays.flatMap((at) => [
        at + ARRAY.tableChecksum,
        ...Array.from({ length: u32(at + ARRAY.extents) }, (_, index) => {
          return u64(at + ARRAY.table) + index * EXTENT.size + EXTENT.checksum;
        }),
      ]),
    ],
    schemas: [u64(of("schemas")), u64(of("schemasLength"))],
    schemasLength: of("schemasLength"),
    slots,
  };
}

const lengthAt = (view: DataView, at: number) => Number(view.getBigUint64(at, true));
const rangeAt = (view: DataView, address: number, length: number) =>
  [lengthAt(view, address), lengthAt(view, length)] as const;

/** The checksums of an array by what its header and its table say now: they may lead anywhere. */
function* sumsOfArray(view: DataView, at: number): Iterable<readonly [at: number, of: Range]> {
  const table = lengthAt(view, at + ARRAY.table);
  const extents = view.getUint32(at + ARRAY.extents, true);
  const size = view.getUint32(at + ARRAY.elementSize, true);
  const end = table + extents * EXTENT.size;
  if (table % 8 === 0 && end <= view.byteLength) {
    let left = lengthAt(view, at);
    for (let entry = table; entry < end; entry += EXTENT.size) {
      const used = Math.min(left, view.getUint32(entry + EXTENT.capacity, true));
      left -= used;
      yield [entry + EXTENT.checksum, [lengthAt(view, entry + EXTENT.address), used * size]];
    }
    yield [at + ARRAY.tableChecksum, [table, end - table]];
  }
  yield [at + ARRAY.checksum, [at, ARRAY.checksum]];
}

/**
 * Makes the checksums right, as far as what they are of lies in the image and they are computed at all.
 */
export function repair(image: Uint8Array, { arrays, sums }: Anatomy): void {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  const memory = new Memory(image);
  const right = (at: number, [start, length]: Range) => {
    if (start % 4 !== 0 || start + length > image.length) return;
    if (view.getUint32(at, true) === NONE) return;
    view.setUint32(at, checksum(memory, start, length), true);
  };
  for (const header of arrays) {
    for (const [at, of] of sumsOfArray(view, header)) right(at, of);
  }
  for (const { at, of } of sums) right(at, of(view));
}
