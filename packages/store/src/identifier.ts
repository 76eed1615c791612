import type { Memory } from "@luo/struct";
import { IdentifierError } from "./errors.js";

/** Bytes of UTF-8 that an identifier may have. */
export const MAX_IDENTIFIER = 128;

/** Seeds the hashes, so that nobody can write an image whose identifiers share one. */
const SEED = Math.random() * 2 ** 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** An identifier as its bytes in memory, with a hash. One object is reused for many identifiers. */
export class IdentifierBytes {
  length = 0;
  /** A signed 32-bit integer. It is valid in this process only, as its seed is random. */
  hash = 0;
  readonly #bytes = new Uint8Array(MAX_IDENTIFIER);
  /** The same bytes in words, for comparisons and hashes. */
  readonly #words = new Uint32Array(this.#bytes.buffer);
  #text: string | undefined;
  /** True when a byte is not ASCII. */
  #wide = false;

  /**
   * Takes an identifier from text.
   *
   * @throws {IdentifierError} unless it has 1 to 128 bytes of well-formed UTF-8
   */
  set(identifier: string): this {
    if (typeof identifier !== "string") throw new IdentifierError(identifier, typeof identifier);
    if (identifier === this.#text) return this;
    this.#text = undefined;
    const { length } = identifier;
    const bytes = this.#bytes;
    let at = 0;
    for (; at < length && at < MAX_IDENTIFIER; at++) {
      const code = identifier.charCodeAt(at);
      if (code > 0x7f) break;
      bytes[at] = code;
    }
    this.#complete(at < length || length === 0 ? this.#encode(identifier) : at);
    this.#text = identifier;
    return this;
  }

  /** Takes an identifier from memory. */
  read({ u8 }: Memory, start: number, length: number): this {
    this.#text = undefined;
    const bytes = this.#bytes;
    for (let at = 0; at < length; at++) bytes[at] = u8[start + at] as number;
    this.#complete(length);
    return this;
  }

  /** Writes the identifier to memory at a multiple of 8, padded with zeros to a multiple of 8. */
  write({ u32 }: Memory, start: number): void {
    const end = Math.ceil(this.length / 8) * 2;
    for (let word = 0; word < end; word++) u32[start / 4 + word] = this.#words[word] as number;
  }

  /** True when the bytes in memory, padding included, are those of the identifier. */
  equals(u32: Uint32Array, start: number): boolean {
    const words = this.#words;
    const first = start / 4;
    const end = Math.ceil(this.length / 8) * 2;
    for (let word = 0; word < end; word++) {
      if (u32[first + word] !== words[word]) return false;
    }
    return true;
  }

  /** True when the identifier is well-formed UTF-8. */
  get isText(): boolean {
    if (!this.#wide) return true;
    try {
      decoder.decode(this.#bytes.subarray(0, this.length));
      return true;
    } catch {
      return false;
    }
  }

  static text({ u8 }: Memory, start: number, length: number): string {
    return decoder.decode(u8.slice(start, start + length));
  }

  #encode(identifier: string): number {
    if (/\p{Surrogate}/u.test(identifier)) {
      throw new IdentifierError(identifier, "half a character");
    }
    const { read, written } = encoder.encodeInto(identifier, this.#bytes);
    if (read !== identifier.length || written === 0) {
      throw new IdentifierError(identifier, `${encoder.encode(identifier).length} bytes`);
    }
    return written;
  }

  /** Pads the identifier with zeros and computes its hash. */
  #complete(length: number): void {
    const words = this.#words;
    for (let at = length; at % 8 !== 0; at++) this.#bytes[at] = 0;
    let hash = length ^ SEED;
    let seen = 0;
    for (let at = 0; at * 4 < length; at++) {
      const word = words[at] as number;
      seen |= word;
      hash = Math.imul(hash ^ word, 0x9e37_79b1);
      hash ^= hash >>> 15;
    }
    this.length = length;
    this.#wide = (seen & 0x8080_8080) !== 0;
    this.hash = Math.imul(hash, 0x85eb_ca77);
  }
}
