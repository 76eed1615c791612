import type { Endian } from "@luo/struct";
import { checkTypes } from "./check.js";
import { Cursor, type Section } from "./cursor.js";
import { BtfError } from "./errors.js";
import { readType } from "./kinds.js";
import type { Btf, BtfType } from "./types.js";

const MAGIC = 0xeb9f;
const VERSION = 1;
/** The size of `struct btf_header`, in bytes. */
const HEADER = 24;

interface Header {
  readonly endian: Endian;
  readonly types: Section;
  readonly strings: Section;
}

/**
 * Reads BTF, such as the content of /sys/kernel/btf/vmlinux or of the section `.BTF` of an object file.
 * The kernel's Documentation/bpf/btf.rst describes the format; either byte order is read. The bytes are
 * not trusted: in the result every reference leads to a type, no type contains itself, and every member
 * lies within its struct.
 *
 * @throws {BtfError} naming the offset or type of the first fault
 */
export function readBtf(bytes: Uint8Array): Btf {
  const { endian, types, strings } = readHeader(bytes);
  const cursor = new Cursor(bytes, endian, types, strings);
  const read: BtfType[] = [{ kind: "void", name: "" }];
  while (!cursor.done) {
    cursor.typeId = read.length;
    read.push(readType(cursor));
  }
  const btf: Btf = { endian, pointerSize: pointerSize(read), types: read };
  checkTypes(btf);
  return btf;
}

function readHeader(bytes: Uint8Array): Header {
  const wrong = (offset: number, found: string, expected: string, advice: string) =>
    new BtfError("LUO_BTF_HEADER", { offset }, found, expected, advice);
  const whole = "read the file again, whole";
  if (bytes.length < HEADER) {
    throw wrong(0, `${bytes.length} bytes`, `a header of ${HEADER}`, whole);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = view.getUint16(0, true) === MAGIC;
  if (!little && view.getUint16(0) !== MAGIC) {
    const advice = "of an object file, give the section .BTF and not the file";
    throw wrong(0, hex(view.getUint16(0, true)), `the magic ${hex(MAGIC)}`, advice);
  }
  const version = view.getUint8(2);
  if (version !== VERSION) {
    throw wrong(2, `version ${version}`, `${VERSION}`, "there is no other that this reader knows");
  }
  const length = view.getUint32(4, little);
  if (length < HEADER || length > bytes.length) {
    throw wrong(4, `a header of ${length} bytes`, `${HEADER} to ${bytes.length}`, whole);
  }
  const section = (field: number, name: string): Section => {
    const [offset, size] = [view.getUint32(field, little), view.getUint32(field + 4, little)];
    const end = length + offset + size;
    if (end > bytes.length) {
      throw wrong(field, `a ${name} section up to ${end}`, `at most ${bytes.length} bytes`, whole);
    }
    return { offset: length + offset, size };
  };
  const types = section(8, "type");
  const strings = section(16, "string");
  return { endian: little ? "little" : "big", types, strings };
}

const hex = (number: number) => `0x${number.toString(16)}`;

/** The size of a pointer in bytes. BTF does not give it, but on Linux a `long` has the same size. */
function pointerSize(types: readonly BtfType[]): 4 | 8 {
  const long = /^(?:unsigned long|long|long int|long unsigned int)$/;
  const found = types.find(({ kind, name }) => kind === "int" && long.test(name));
  return found?.kind === "int" && found.size === 4 ? 4 : 8;
}
