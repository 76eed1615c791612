import type { Endian } from "@luo/struct";

/** The numbers of the kinds that tests make by hand (Documentation/bpf/btf.rst, section 2.2). */
export const KIND = {
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  const: 10,
  func: 12,
  func_proto: 13,
  float: 16,
  enum64: 19,
} as const;

/** Makes BTF by hand, of types that no compiler at hand makes, or that none would. */
export class BtfBuilder {
  readonly #words: number[] = [];
  #strings = "\0";
  #types = 0;

  /** The offset of a name in the string section. */
  name(text: string): number {
    if (text === "") return 0;
    const known = this.#strings.indexOf(`\0${text}\0`);
    if (known >= 0) return known + 1;
    const offset = Buffer.byteLength(this.#strings);
    this.#strings += `${text}\0`;
    return offset;
  }

  /** Adds a type, and the words that follow it; gives its id. */
  type(
    kind: number,
    name: string,
    word: number,
    { flag = false, count = 0 }: { readonly flag?: boolean; readonly count?: number } = {},
    following: readonly number[] = [],
  ): number {
    const info = ((flag ? 0x8000_0000 : 0) | (kind << 24) | count) >>> 0;
    for (const each of [this.name(name), info, word, ...following]) this.#words.push(each);
    return ++this.#types;
  }

  int(name: string, size: number, { signed = false, bits = size * 8, bitOffset = 0 } = {}): number {
    const word = (signed ? 0x100_0000 : 0) | (bitOffset << 16) | bits;
    return this.type(KIND.int, name, size, {}, [word]);
  }

  array(of: number, length: number): number {
    return this.type(KIND.array, "", 0, {}, [of, of, length]);
  }

  /** Members are [name, type, offset in bits]. */
  struct(
    name: string,
    size: number,
    members: readonly (readonly [string, number, number])[],
    kind: number = KIND.struct,
  ): number {
    const words = members.flatMap(([member, of, offset]) => [this.name(member), of, offset]);
    return this.type(kind, name, size, { count: members.length }, words);
  }

  bytes(endian: Endian = "little"): Uint8Array {
    const strings = Buffer.from(this.#strings);
    const types = this.#words.length * 4;
    const bytes = new Uint8Array(24 + types + strings.length);
    const view = new DataView(bytes.buffer);
    const little = endian === "little";
    view.setUint16(0, 0xeb9f, little);
    view.setUint8(2, 1);
    const header = [24, 0, types, types, strings.length];
    for (const [index, word] of [...header, ...this.#words].entries()) {
      view.setUint32(4 + index * 4, word, little);
    }
    bytes.set(strings, 24 + types);
    return bytes;
  }
}
