import { HEADER, NONE, ROOT_AT } from "../image-offsets.js";
import { type Anatomy, repair } from "./anatomy.js";
import { SCHEMAS } from "./schemas.js";

/** Reads a mutation's bytes one after the other; behind their end there are zeros. */
class Program {
  #at = 0;
  constructor(readonly bytes: Uint8Array) {}

  get done(): boolean {
    return this.#at >= this.bytes.length;
  }

  u8(): number {
    return this.bytes[this.#at++] ?? 0;
  }

  u16(): number {
    return this.u8() * 256 + this.u8();
  }

  of<T>(list: readonly T[]): T {
    return list[this.u16() % list.length] as T;
  }
}

/** Numbers at which something may go wrong. */
const NUMBERS = [
  0n,
  1n,
  2n,
  7n,
  8n,
  15n,
  16n,
  24n,
  40n,
  255n,
  4095n,
  4096n,
  4097n,
  8192n,
  65_535n,
  65_536n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 33n,
  2n ** 40n,
  2n ** 52n,
  2n ** 53n - 1n,
  2n ** 53n - 8n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

const HEADER_FIELDS = Object.values(HEADER);
/** Those of formats and features before all. */
const HEADER_NUMBERS = [0n, 1n, 2n, 3n, 4n, 99n, 2n ** 31n, ...NUMBERS];

interface Subject {
  readonly image: Uint8Array;
  readonly anatomy: Anatomy;
  readonly view: DataView;
}

type Mutation = (subject: Subject, program: Program) => void;

const MUTATIONS: readonly Mutation[] = [
  // A bit.
  ({ image, anatomy }, program) => {
    const at = program.of(anatomy.words) + (program.u8() & 7);
    image[at] = (image[at] ?? 0) ^ (1 << (program.u8() & 7));
  },
  // A number that is somewhere else in the image: an address, a length, a checksum.
  ({ view, anatomy }, program) => {
    const value = view.getBigUint64(program.of(anatomy.words), true);
    view.setBigUint64(program.of(anatomy.words), value + BigInt(program.u8() % 3) * 8n, true);
  },
  ({ view, anatomy }, program) =>
    view.setBigUint64(program.of(anatomy.words), program.of(NUMBERS), true),
  ({ view, anatomy }, program) => {
    const at = program.of(anatomy.words) + (program.u8() & 1) * 4;
    view.setUint32(at, Number(BigInt.asUintN(32, program.of(NUMBERS))), true);
  },
  ({ view, anatomy }, program) =>
    view.setUint16(program.of(anatomy.words) + (program.u8() & 6), program.u16(), true),
  // An address in place of another: what lies there overlaps, or is something else, or runs in a circle.
  ({ view, anatomy: { addresses } }, program) =>
    view.setBigUint64(program.of(addresses), view.getBigUint64(program.of(addresses), true), true),
  // An array with the extents of another.
  ({ image, anatomy: { arrays } }, program) => {
    if (arrays.length === 0) return;
    const [from, to] = [program.of(arrays), program.of(arrays)];
    image.copyWithin(to + 16, from + 16, from + 28);
  },
  // An address of something that is there.
  ({ view, anatomy }, program) =>
    view.setBigUint64(program.of(anatomy.words), BigInt(program.of(anatomy.words)), true),
  // Bytes from somewhere else.
  ({ image, anatomy }, program) => {
    const [from, to] = [program.of(anatomy.words), program.of(anatomy.words)];
    image.copyWithin(to, from, from + 8 * (1 + (program.u8() & 31)));
  },
  ({ image, anatomy }, program) => {
    const at = program.of(anatomy.words);
    image.fill(program.u8() & 1 ? 0xff : 0, at, at + program.u8());
  },
  // Text of the schemas.
  ({ image, anatomy: { schemas } }, program) => {
    const [start, length] = schemas;
    const text = '0123456789"@&[]{}(),:= be\\';
    image[start + (program.u16() % Math.max(length, 1))] = text.charCodeAt(
      program.u8() % text.length,
    );
  },
  // Other schemas, which may be longer: they go over what lies behind.
  ({ image, view, anatomy: { schemas, schemasLength } }, program) => {
    const [start] = schemas;
    const text = new TextEncoder().encode(program.of(SCHEMAS));
    image.set(text.subarray(0, image.length - start), start);
    view.setBigUint64(schemasLength, BigInt(text.length), true);
  },
  // A field of a header: another format, a feature, a page size.
  ({ view, anatomy: { slots } }, program) => {
    const at = program.of(slots) + program.of(HEADER_FIELDS);
    view.setUint32(at, Number(BigInt.asUintN(32, program.of(HEADER_NUMBERS))), true);
  },
  // Another generation, in header and root.
  ({ view, anatomy: { slots } }, program) => {
    const [slot, generation] = [program.of(slots), program.of(NUMBERS)];
    view.setBigUint64(slot + HEADER.generation, generation, true);
    view.setBigUint64(slot + ROOT_AT, generation, true);
  },
  // A header and a root in the other slot: as they were, or with the generation that belongs there.
  ({ image, view }, program) => {
    const [from, to] = program.u8() & 1 ? [0, 2048] : [2048, 0];
    image.copyWithin(to, from, from + 2048);
    const step = BigInt(program.u8() % 3);
    for (const at of [to + HEADER.generation, to + ROOT_AT]) {
      view.setBigUint64(at, view.getBigUint64(at, true) + step, true);
    }
  },
  // The name of the program that wrote it.
  ({ image, anatomy: { slots } }, program) => {
    const at = program.of(slots) + HEADER.program + (program.u8() % 96);
    image.fill(program.u8(), at, at + 1 + (program.u8() % 8));
  },
  // A checksum that was not computed, also where it has to be.
  ({ view, anatomy: { optional } }, program) => view.setUint32(program.of(optional), NONE, true),
  ({ view, anatomy: { optional } }) => {
    for (const at of optional) view.setUint32(at, NONE, true);
  },
  ({ view, anatomy: { sums } }, program) => view.setUint32(program.of(sums).at, NONE, true),
];

/**
 * The image with a few changes, as a program of arbitrary bytes says. The first byte tells whether
 * checksums are made right afterwards, and whether the image is cut short.
 */
export function mutate(original: Uint8Array, anatomy: Anatomy, bytes: Uint8Array): Uint8Array {
  const image = original.slice();
  const program = new Program(bytes);
  const first = program.u8();
  const subject = { image, anatomy, view: new DataView(image.buffer) };
  for (let count = 0; count < 8 && !program.done; count++) {
    (MUTATIONS[program.u8() % MUTATIONS.length] as Mutation)(subject, program);
  }
  // Nonsense with right checksums gets further than what they tell.
  if ((first & 3) !== 0) repair(image, anatomy);
  return (first & 28) === 28 ? image.slice(0, program.u16() % image.length) : image;
}
