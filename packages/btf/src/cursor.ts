import type { Endian } from "@luo/struct";
import { BtfError } from "./errors.js";

/** A run of bytes within the BTF. */
export interface Section {
  readonly offset: number;
  /** Size in bytes. */
  readonly size: number;
}

/** Reads the type section. Every number and name that it returns lies within its section. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  readonly #end: number;
  readonly #strings: Section;
  readonly #names = new Map<number, string>();
  readonly #decoder = new TextDecoder();
  /** The position, in bytes from the start of the BTF. */
  offset: number;
  /** The id of the type being read, for errors. */
  typeId = 0;

  constructor(bytes: Uint8Array, endian: Endian, types: Section, strings: Section) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = endian === "little";
    this.offset = types.offset;
    this.#end = types.offset + types.size;
    this.#strings = strings;
  }

  get done(): boolean {
    return this.offset >= this.#end;
  }

  /** @throws {BtfError} when fewer bytes follow */
  need(bytes: number): void {
    const left = this.#end - this.offset;
    if (bytes > left) {
      const found = `${left} bytes left in the type section`;
      throw this.error("LUO_BTF_TRUNCATED", found, `${bytes}`, "read the file again, whole");
    }
  }

  u32(): number {
    this.need(4);
    const value = this.#view.getUint32(this.offset, this.#little);
    this.offset += 4;
    return value;
  }

  i32(): number {
    return this.u32() | 0;
  }

  /**
   * Reads the offset of a name in the string section, and returns the name. Offset 0 is the empty name.
   *
   * @throws {BtfError} when the name does not begin and end within that section
   */
  name(): string {
    const at = this.u32();
    const known = this.#names.get(at);
    if (known !== undefined) return known;
    const { offset, size } = this.#strings;
    const end = at < size ? this.#bytes.indexOf(0, offset + at) : -1;
    if (end < 0 || end >= offset + size) {
      this.offset -= 4;
      throw this.error(
        "LUO_BTF_STRING",
        `a name at ${at} of the string section`,
        `one that begins and ends within its ${size} bytes`,
        "the BTF of a kernel module names strings of vmlinux and cannot be read without it",
      );
    }
    const name = this.#decoder.decode(this.#bytes.subarray(offset + at, end));
    this.#names.set(at, name);
    return name;
  }

  error(code: BtfError["code"], found: string, expected: string, advice: string): BtfError {
    const { offset, typeId } = this;
    return new BtfError(code, { offset, typeId }, found, expected, advice);
  }
}
