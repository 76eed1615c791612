import {
  ABIS,
  type Abi,
  codecOf,
  type FieldLayout,
  layoutOf,
  Memory,
  type Operations,
  sizeOf,
} from "@luo/struct";
import { closures } from "../../src/codec/closures.js";
import { CWriter, canWrite, storageOrder } from "./c.js";
import type { Compiler } from "./compilers.js";
import type { Elf } from "./elf.js";
import { define, hasCodec, type Value, valuesOf } from "./luo.js";
import { bitsOf, type Case, everyStruct, members, type StructSpec } from "./specs.js";

/** What is wrong, if anything: the first difference, in words. */
export type Verdict = string | undefined;

const VALUES = 2;
/** Of the unaligned copy. */
const ODD = 3;
const DIRT = 0xa5;

// luo by itself.

/** What luo writes for the values of a case. */
export interface Written {
  readonly bytes: readonly Uint8Array[];
  readonly verdict: Verdict;
}

/**
 * Whether all that luo has agrees with each other: compiled code and closures, aligned and not,
 * what is written and what is read, whole structs and views.
 */
export function judgeLuo(of: Case, abi: Abi): Written {
  const bytes: Uint8Array[] = [];
  try {
    return { bytes, verdict: agrees(of, abi, bytes) };
  } catch (error) {
    return { bytes, verdict: `${abi.name}: ${error instanceof Error ? error.stack : error}` };
  }
}

function agrees(of: Case, abi: Abi, written: Uint8Array[]): Verdict {
  const struct = define(of.struct);
  const layout = layoutOf(struct, abi);
  if (!hasCodec(of.struct, abi)) {
    try {
      codecOf(struct, abi);
    } catch {
      return undefined;
    }
    return `${abi.name}: there is a codec, though nothing tells which field of an overlay holds, or elements from padding`;
  }
  const compiled = codecOf(struct, abi);
  const backends: [string, Operations<Value>][] = [
    ["compiled", compiled],
    ["closures", closures<Value>(layout, codecOf)],
  ];
  for (const value of valuesOf(of, VALUES)) {
    const size = compiled.sizeOf(value);
    const wanted = encoded(compiled, value, size, 0);
    written.push(wanted);
    for (const [name, operations] of backends) {
      for (const offset of [0, ODD]) {
        const where = `${abi.name}, ${name} at offset ${offset}`;
        const found = encoded(operations, value, size, offset);
        if (!equal(found, wanted)) return `${where} writes ${hex(found)}, expected ${hex(wanted)}`;
        const memory = copyOf(wanted, offset);
        const read = operations.decode(memory, offset);
        if (!same(read, value)) return `${where} reads ${text(read)}, expected ${text(value)}`;
        const view = operations.view(memory, offset);
        if (!same(view, value)) return `${where}: the view is not ${text(value)}`;
        const verdict = judgeSetters(of.struct, abi, operations, value, wanted, offset);
        if (verdict !== undefined) return `${where}: ${verdict}`;
      }
    }
  }
  // Every other time, because compiling takes long.
  if (layout.flexible || of.seed % 2 === 0) return undefined;
  return judgeArrays(backends, valuesOf(of, VALUES), written, abi);
}

/** What an operation writes over dirty bytes, none of them outside of the struct. */
function encoded(
  operations: Operations<Value>,
  value: Value,
  size: number,
  offset: number,
): Uint8Array {
  const memory = new Memory(new Uint8Array(size + 16).fill(DIRT));
  operations.encode(value, memory, offset);
  const outside = [...memory.u8.subarray(0, offset), ...memory.u8.subarray(offset + size)];
  if (outside.some((byte) => byte !== DIRT)) throw new Error("bytes outside are overwritten");
  return memory.u8.slice(offset, offset + size);
}

function copyOf(bytes: Uint8Array, offset: number): Memory {
  const memory = new Memory(new ArrayBuffer(offset + bytes.length));
  memory.u8.set(bytes, offset);
  return memory;
}

/** Each setter of a view must write its field, and leave every bit around it alone. */
function judgeSetters(
  spec: StructSpec,
  abi: Abi,
  operations: Operations<Value>,
  value: Value,
  wanted: Uint8Array,
  offset: number,
): Verdict {
  const memory = copyOf(
    wanted.map((_, index) => DIRT ^ (index * 37)),
    offset,
  );
  const view = operations.view(memory, offset);
  for (const { name, type } of layoutOf(define(spec), abi).fields) {
    if (type.kind === "reserved") continue;
    const before = memory.u8.slice(offset);
    view[name] = value[name];
    const { length } = Object(value[name]);
    const elements = type.kind === "flexible" ? length * sizeOf(type.of, abi) : 0;
    const mask = maskOf(spec, abi, name, wanted.length, elements);
    const expected = before.map((byte, index) => {
      const bits = mask[index] ?? 0;
      return (byte & ~bits) | ((wanted[index] ?? 0) & bits);
    });
    const after = memory.u8.slice(offset);
    if (!equal(after, expected)) {
      return `setting ${name} turns ${hex(before)} into ${hex(after)}, expected ${hex(expected)}`;
    }
  }
  return same(view, value) ? undefined : `the view that was set is not ${text(value)}`;
}

/** The bits that belong to a field; of a flexible array, so many bytes. */
function maskOf(
  spec: StructSpec,
  abi: Abi,
  name: string,
  length: number,
  elements: number,
): Uint8Array {
  const mask = new Uint8Array(length);
  const field = layoutOf(define(spec), abi).fields.find((each) => each.name === name);
  if (field === undefined) return mask;
  const { type, offset, size, bitOffset, endian } = field;
  if (type.kind !== "bits" || bitOffset === undefined) {
    return mask.fill(0xff, offset, offset + (type.kind === "flexible" ? elements : size));
  }
  for (let bit = bitOffset; bit < bitOffset + type.width; bit++) {
    const index = bit >> 3;
    mask[index] = (mask[index] ?? 0) | (endian === "big" ? 0x80 >> (bit & 7) : 1 << (bit & 7));
  }
  return mask;
}

function judgeArrays(
  backends: [string, Operations<Value>][],
  values: Value[],
  written: readonly Uint8Array[],
  { name: abi }: Abi,
): Verdict {
  const wanted = Uint8Array.from(written.flatMap((bytes) => [...bytes]));
  for (const [name, operations] of backends) {
    for (const offset of [0, ODD]) {
      const where = `${abi}, ${name} at offset ${offset}`;
      const memory = new Memory(new Uint8Array(offset + wanted.length).fill(DIRT));
      operations.encodeArray(values, memory, offset);
      const found = memory.u8.slice(offset);
      if (!equal(found, wanted)) return `${where} writes the array ${hex(found)}`;
      if (!same(operations.decodeArray(memory, offset, values.length), values)) {
        return `${where} reads another array`;
      }
      const walking = operations.cursor(memory, offset, values.length);
      for (const value of values) {
        if (!walking.next() || !same(walking, value)) return `${where}: the cursor differs`;
      }
    }
  }
  return undefined;
}

/** Whether everything in `wanted` is in `found`. */
function same(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return Object.is(found, wanted);
  if (typeof found !== "object" || found === null) return false;
  if (wanted instanceof Uint8Array) return found instanceof Uint8Array && equal(found, wanted);
  if (Array.isArray(wanted) && (found as unknown[]).length !== wanted.length) return false;
  return Object.entries(wanted).every(([key, value]) => same((found as Value)[key], value));
}

// luo and a compiler.

/**
 * Whether gcc and clang disagree on the declaration, and the compiler is the one that luo does not
 * follow. Both differences are about bitfields that are aligned to less than their type:
 *
 * - If one would span two units of its type just because it is aligned, gcc moves it on to the next
 *   unit. clang looks at that before it aligns, and lets it span.
 * - gcc for i386 makes one of all 64 bits a plain field, if it lies right for that, and gives it the
 *   alignment of 8 that a variable has, in place of the 4 of a member (i386 psABI 2.1).
 */
function isDisputed(spec: StructSpec, { storageOrder: isGcc, abi }: Compiler): boolean {
  const { fields } = layoutOf(define(spec), ABIS[abi]);
  return members(spec).some(({ type, align }, index) => {
    const { bitOffset } = fields[index] ?? {};
    const { width = 0 } = bitsOf(type) ?? {};
    if (bitOffset === undefined || align === null || width === 0) return false;
    if (isGcc) return abi === "i386" && width === 64 && align < 8;
    const end = spec.overlay ? 0 : endOf(fields[index - 1]);
    return bitOffset > Math.ceil(end / 8 / align) * align * 8;
  });
}

/** The first bit behind a field. */
function endOf(field: FieldLayout | undefined): number {
  if (field === undefined) return 0;
  const { type, bitOffset, offset, size } = field;
  const bits = type.kind === "reserved" ? type.of : type;
  return bits.kind === "bits" ? (bitOffset ?? 0) + bits.width : (offset + size) * 8;
}

/** Whether the compiler can judge the case at all. */
export function canJudge(compiler: Compiler, { struct }: Case): boolean {
  return !everyStruct(struct).some((spec) => isDisputed(spec, compiler));
}

/** Whether the compiler can judge the bytes as well. */
export function canJudgeBytes(compiler: Compiler, of: Case): boolean {
  return (
    canJudge(compiler, of) &&
    hasCodec(of.struct, ABIS[compiler.abi]) &&
    canWrite(of.struct, compiler)
  );
}

/** Writes down what is to be compared, with symbols that begin with the prefix. */
function ask(writer: CWriter, compiler: Compiler, of: Case, prefix: string): void {
  writer.declare(of.struct);
  for (const [index, spec] of everyStruct(of.struct).entries()) {
    writer.numbers(`${prefix}n${index}`, spec);
    for (const member of members(spec)) {
      if (member.type.kind === "bits") {
        writer.ones(`${prefix}b${index}${member.name}`, spec, member);
      }
    }
  }
  if (!canJudgeBytes(compiler, of)) return;
  for (const [index, value] of valuesOf(of, VALUES).entries()) {
    writer.value(`${prefix}v${index}`, of.struct, value);
  }
}

/** The C source of some cases. */
export function sourceOf(compiler: Compiler, cases: readonly Case[]): string {
  const writer = new CWriter(compiler);
  for (const [index, of] of cases.entries()) ask(writer, compiler, of, `c${index}`);
  return writer.text;
}

/** Compares the case at `index` of the source with what the compiler made of it. */
export function judgeC(
  compiler: Compiler,
  elf: Elf,
  of: Case,
  index: number,
  written: readonly Uint8Array[],
): Verdict {
  const abi = ABIS[compiler.abi];
  for (const [k, spec] of everyStruct(of.struct).entries()) {
    const verdict = judgeLayout(compiler, elf, spec, abi, `c${index}`, k);
    if (verdict !== undefined) return verdict;
  }
  if (!canJudgeBytes(compiler, of)) return undefined;
  for (const [k, bytes] of written.entries()) {
    const given = elf.symbol(`c${index}v${k}`).subarray(0, bytes.length);
    if (!equal(bytes, given)) return `bytes are ${hex(bytes)}, expected ${hex(given)}`;
  }
  return undefined;
}

function judgeLayout(
  compiler: Compiler,
  elf: Elf,
  spec: StructSpec,
  abi: Abi,
  prefix: string,
  index: number,
): Verdict {
  const { size, align, fields } = layoutOf(define(spec), abi);
  const offsets = fields.flatMap(({ bitOffset, offset }) =>
    bitOffset === undefined ? [offset] : [],
  );
  const found = [size, align, ...offsets];
  const given = numbersIn(elf.symbol(`${prefix}n${index}`), abi);
  if (`${found}` !== `${given}`) {
    return `struct ${index}: size, alignment and offsets are ${found}, expected ${given}`;
  }
  const order = storageOrder(spec, compiler);
  for (const { name, type, bitOffset } of fields) {
    if (type.kind !== "bits") continue;
    const ones = onesIn(elf.symbol(`${prefix}b${index}${name}`), order === "big");
    const wanted = `${bitOffset}:${type.width}`;
    if (ones !== wanted) return `struct ${index}: ${name} has the bits ${wanted}, expected ${ones}`;
  }
  return undefined;
}

function numbersIn(bytes: Uint8Array, { endian }: Abi): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, k) =>
    view.getUint32(k * 4, endian === "little"),
  );
}

/** The first bit that is set, and how many follow. */
function onesIn(bytes: Uint8Array, big: boolean): string {
  const bits = [...bytes].flatMap((byte) =>
    Array.from({ length: 8 }, (_, bit) => (byte >> (big ? 7 - bit : bit)) & 1),
  );
  const first = bits.indexOf(1);
  return `${first}:${bits.lastIndexOf(1) - first + 1}`;
}

// Words.

const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const hex = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString("hex")
    .replace(/.{8}(?=.)/g, "$& ");

function text(value: unknown): string {
  return JSON.stringify(value, (_, item) =>
    typeof item === "bigint" ? `${item}n` : typeof item === "number" ? `${item}` : item,
  );
}
