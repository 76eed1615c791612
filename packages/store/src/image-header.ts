import { CheckedCodec, PAGE_SIZE } from "@luo/memory";
import { Memory, offsetOf, show } from "@luo/struct";
import { BadImageError } from "./errors.js";
import {
  BYTE_ORDER,
  ImageHeader,
  MAGIC,
  type Program,
  Root,
  RootV0,
  RootV1,
} from "./image-records.js";

/** The version of the format that docs/FORMAT.md specifies. */
export const FORMAT = 3;

/** Bytes between the first header and the second. */
const SLOT = 2048;

/** Bytes from a header to its root; the space between them is for further fields of the header. */
const ROOT_OFFSET = 256;

/** The last generation that an image can have. */
export const LAST_GENERATION = Number.MAX_SAFE_INTEGER - 1;

const headerCodec = new CheckedCodec(ImageHeader);
const rootCodec = new CheckedCodec(RootV1);
const oldRootCodec = new CheckedCodec(RootV0);

/** Features of an image that a program may have to know, one bit each; this release knows none. */
export type Features = Pick<ImageHeader, "compatible" | "readCompatible" | "incompatible">;

/**
 * The program that wrote an image, and the features needed to read it, for an image of any format.
 */
export interface ImageOrigin {
  /** The format of the image. */
  readonly format: number;
  /** True when this release reads it. */
  readonly readable: boolean;
  /** True when this release can write its next generation. */
  readonly writable: boolean;
  /** The program that wrote it; undefined where the header names none. */
  readonly program: Program | undefined;
  readonly generation: number;
  readonly features: Features;
}

/** A generation of an image. */
export interface Generation {
  readonly root: RootV1;
  /** The format of the image. */
  readonly format: number;
  readonly features: Features;
}

/**
 * Offsets of a header's fields. Reading a few of them costs less than compiling a codec for all.
 */
const AT = {
  format: offsetOf(ImageHeader, "format"),
  pageSize: offsetOf(ImageHeader, "pageSize"),
  byteOrder: offsetOf(ImageHeader, "byteOrder"),
  compatible: offsetOf(ImageHeader, "compatible"),
  readCompatible: offsetOf(ImageHeader, "readCompatible"),
  incompatible: offsetOf(ImageHeader, "incompatible"),
  generation: offsetOf(ImageHeader, "generation"),
  unused: offsetOf(ImageHeader, "unused"),
} as const;

const u32 = ({ view }: Memory, slot: number, field: keyof typeof AT) =>
  view.getUint32(slot + AT[field], true);

const formatOf = (memory: Memory, slot: number) => u32(memory, slot, "format");

function featuresOf(memory: Memory, slot: number): Features {
  if (formatOf(memory, slot) === 2) return NO_FEATURES;
  return {
    compatible: u32(memory, slot, "compatible"),
    readCompatible: u32(memory, slot, "readCompatible"),
    incompatible: u32(memory, slot, "incompatible"),
  };
}

export const NO_FEATURES: Features = { compatible: 0, readCompatible: 0, incompatible: 0 };

/**
 * Writes the header and the root of a generation over those of the last but one. The root's
 * checksum is written last: if the program ends before that, the previous generation is still the
 * newest complete one.
 */
export function writeGeneration(
  memory: Memory,
  { root, features }: Generation,
  { name: program, version: programVersion }: Program = { name: "", version: "" },
): void {
  const { generation } = root;
  const draft = new Memory(new ArrayBuffer(ROOT_OFFSET + rootCodec.size));
  const header = { ...new ImageHeader(), ...features, generation, program, programVersion };
  headerCodec.encode({ ...header, format: FORMAT }, draft, 0);
  rootCodec.encode(root, draft, ROOT_OFFSET);
  const slot = slotOf(generation);
  const last = draft.byteLength - 4;
  memory.bytes(slot, last).set(draft.u8.subarray(0, last));
  Atomics.store(memory.u32, (slot + last) / 4, draft.view.getUint32(last, true));
}

/**
 * Checks a program.
 *
 * @throws {FieldRangeError} when its name or version does not fit into a header
 */
export function checkProgram({ name: program, version: programVersion }: Program): void {
  const draft = new Memory(new ArrayBuffer(headerCodec.size));
  headerCodec.encode({ ...new ImageHeader(), program, programVersion }, draft, 0);
}

/**
 * Gives the offset of a generation's slot; generations alternate between the two of the first page.
 */
const slotOf = (generation: number) => (generation % 2) * SLOT;

/**
 * True when a generation was ever completed in memory that was zeros before, even if it is damaged
 * now. A root's checksum is written last, so a program that ended during its first generation left
 * none.
 */
export function isSealed(memory: Memory): boolean {
  if (memory.byteLength < PAGE_SIZE) return false;
  return [0, SLOT].some((slot) => {
    const format = formatOf(memory, slot);
    const end = ENDS.get(format) ?? headerCodec.size;
    return format !== 0 && memory.view.getUint32(slot + end - 4, true) !== 0;
  });
}

/** By format, the bytes from the start of a slot to the end of its root. */
const ENDS = new Map([
  [2, oldRootCodec.size],
  [FORMAT, ROOT_OFFSET + rootCodec.size],
]);

/**
 * Reads the newest complete generation.
 *
 * @param memory the first segment
 * @param byteLength bytes of all segments
 * @throws {BadImageError} that says what is wrong, and which program wrote the image if that is
 *   known
 */
export function readGeneration(memory: Memory, byteLength: number): Generation {
  if (memory.byteLength < PAGE_SIZE) {
    const found = `its length is ${memory.byteLength} bytes`;
    throw new BadImageError(`${found}, expected at least ${PAGE_SIZE}`);
  }
  const slots = [0, SLOT].map((slot) => readSlot(memory, byteLength, slot));
  let newest: Generation | undefined;
  let problem: SlotProblem | undefined;
  for (const found of slots) {
    if ("root" in found) {
      if (found.root.generation > (newest?.root.generation ?? 0)) newest = found;
    } else if (found.depth > (problem?.depth ?? -1)) problem = found;
  }
  // The program that wrote a later generation may have overwritten memory of this one.
  for (const slot of [0, SLOT]) {
    const origin = originOf(memory, slot);
    if (newest === undefined || origin === undefined || origin.readable) continue;
    if (origin.generation > newest.root.generation) {
      throw new BadImageError(formatProblem(memory, slot) ?? "its newest generation is unreadable");
    }
  }
  if (newest !== undefined) return newest;
  throw new BadImageError(problem?.text ?? "it has no root");
}

/**
 * Reads from its header which program wrote an image, and which features reading it needs. It reads
 * the header of any image, also of one that this release cannot read.
 *
 * @throws {BadImageError} when no slot has an undamaged header
 */
export function readOrigin(memory: Memory): ImageOrigin {
  const slots = memory.byteLength < PAGE_SIZE ? [] : [0, SLOT];
  const origins = slots.map((slot) => originOf(memory, slot));
  let newest: ImageOrigin | undefined;
  for (const origin of origins) {
    if (origin && origin.generation >= (newest?.generation ?? 0)) newest = origin;
  }
  if (newest !== undefined) return newest;
  throw new BadImageError(
    "it has no header that is whole; it was never sealed, or is something else",
  );
}

/** The reason why a slot holds no generation. */
interface SlotProblem {
  readonly text: string;
  /**
   * The number of checks that held before this one; the slot with more says more about the image.
   */
  readonly depth: number;
}

/** One check of a slot; gives what is wrong, or undefined when it holds. */
type Check = () => string | undefined;

function firstProblem(checks: readonly Check[]): SlotProblem | undefined {
  for (const [depth, check] of checks.entries()) {
    const text = check();
    if (text !== undefined) return { text, depth };
  }
  return undefined;
}

/** Reads the generation in a slot, or gives the reason why there is none. */
function readSlot(memory: Memory, byteLength: number, slot: number): Generation | SlotProblem {
  const format = formatOf(memory, slot);
  const old = format === 2;
  const found: { root?: RootV1 } = {};
  const root = () => found.root as RootV1;
  const problem = firstProblem([
    () => differs("the magic", magicOf(memory, slot), text(MAGIC), NEVER),
    () => differs("the byte order", u32(memory, slot, "byteOrder"), BYTE_ORDER),
    () => (old ? undefined : headerProblem(memory, slot)),
    () => formatProblem(memory, slot),
    () => differs("the page size", u32(memory, slot, "pageSize"), PAGE_SIZE),
    () => rootProblem(memory, slot, old, found),
    () => differs("the generation in the root", root().generation, generationOf(memory, slot)),
    () => generationProblem(root(), slot),
    () => lengthProblem(root(), byteLength),
  ]);
  return problem ?? { root: root(), format, features: featuresOf(memory, slot) };
}

const NEVER = "; it was never sealed, or is something else";

const magicOf = (memory: Memory, slot: number) => text(memory.bytes(slot, MAGIC.length));

/** Gives the generation that a header states, or a root of format 2. */
function generationOf(memory: Memory, slot: number): number {
  const at = formatOf(memory, slot) === 2 ? OLD_GENERATION : AT.generation;
  return Number(memory.view.getBigUint64(slot + at, true));
}

const OLD_GENERATION = offsetOf(RootV0, "generation");

/**
 * Offsets of words that differ between two generations in one slot, for both slots: the lower half
 * of the generation, and the checksum that is written last, in both formats.
 */
export const STAMP_OFFSETS: readonly number[] = [0, SLOT].flatMap((slot) => [
  slot + OLD_GENERATION,
  slot + oldRootCodec.size - 4,
  slot + ROOT_OFFSET,
  slot + ROOT_OFFSET + rootCodec.size - 4,
]);

const text = (bytes: Uint8Array) => String.fromCharCode(...bytes);

function differs(what: string, found: unknown, expected: unknown, more = ""): string | undefined {
  if (found === expected) return undefined;
  return `${what} is ${show(found)}, expected ${show(expected)}${more}`;
}

function sumProblem(
  what: string,
  codec: CheckedCodec<ImageHeader> | CheckedCodec<RootV0> | CheckedCodec<RootV1>,
  memory: Memory,
  offset: number,
): string | undefined {
  const mismatch = codec.mismatch(memory, offset);
  return mismatch && differs(`the checksum of ${what}`, mismatch.expected, mismatch.found);
}

function headerProblem(memory: Memory, slot: number): string | undefined {
  const problem = sumProblem("the header", headerCodec, memory, slot);
  return problem ?? differs("reserved space in the header", u32(memory, slot, "unused"), 0);
}

function formatProblem(memory: Memory, slot: number): string | undefined {
  const format = formatOf(memory, slot);
  const { incompatible } = featuresOf(memory, slot);
  if (format === 2 || (format === FORMAT && incompatible === 0)) return undefined;
  const program = originOf(memory, slot)?.program;
  const by = program === undefined ? "" : `, written by ${program.name} ${program.version}`;
  if (format !== FORMAT) {
    return `the format is ${format}${by}; this release reads 2 and ${FORMAT}: use one that knows it`;
  }
  const bits = `0x${incompatible.toString(16)}`;
  return `it has incompatible features ${bits}${by}, of which this release knows none: use one that does`;
}

/** Reads a root to `found.root`, or gives what is wrong with it. */
function rootProblem(
  memory: Memory,
  slot: number,
  old: boolean,
  found: { root?: RootV1 },
): string | undefined {
  const problem = old
    ? sumProblem("the root", oldRootCodec, memory, slot)
    : sumProblem("the root", rootCodec, memory, slot + ROOT_OFFSET);
  if (problem !== undefined) return problem;
  try {
    found.root = old
      ? (Root.convert(oldRootCodec.decode(memory, slot), 1) as RootV1)
      : rootCodec.decode(memory, slot + ROOT_OFFSET);
  } catch (error) {
    // Under a checksum that is right, bytes may still be no safe integer.
    return `the root is not decodable: ${error instanceof Error ? error.message : error}`;
  }
  return undefined;
}

function generationProblem({ generation }: RootV1, slot: number): string | undefined {
  if (generation >= 1 && generation <= LAST_GENERATION && slotOf(generation) === slot) {
    return undefined;
  }
  const parity = slot === 0 ? "an even" : "an odd";
  return `the generation of the root at ${slot} is ${generation}, expected ${parity} number from 1 to ${LAST_GENERATION}`;
}

function lengthProblem({ length }: RootV1, byteLength: number): string | undefined {
  if (length >= PAGE_SIZE && length % PAGE_SIZE === 0 && length <= byteLength) return undefined;
  return `the length in the root is ${length}, expected a multiple of ${PAGE_SIZE} up to the ${byteLength} bytes that there are`;
}

/**
 * Gives the origin that a slot's header of any format states; undefined when the header is damaged.
 */
function originOf(memory: Memory, slot: number): ImageOrigin | undefined {
  if (magicOf(memory, slot) !== text(MAGIC)) return undefined;
  if (u32(memory, slot, "byteOrder") !== BYTE_ORDER) return undefined;
  const format = formatOf(memory, slot);
  const codec = format === 2 ? oldRootCodec : headerCodec;
  if (codec.mismatch(memory, slot) !== undefined) return undefined;
  const features = featuresOf(memory, slot);
  const readable = format === 2 || (format === FORMAT && features.incompatible === 0);
  const writable = readable && features.readCompatible === 0;
  const generation = generationOf(memory, slot);
  const program = format === 2 ? undefined : programOf(memory, slot);
  return { format, readable, writable, program, generation, features };
}

/** Gives the program in a header; undefined when it names none, or its name is not text. */
function programOf(memory: Memory, slot: number): Program | undefined {
  try {
    const { program: name, programVersion: version } = headerCodec.decode(memory, slot);
    return name === "" ? undefined : { name, version };
  } catch {
    // The checksum is right, so somebody forged these bytes: they name no program.
    return undefined;
  }
}
