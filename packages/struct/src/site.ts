import { FieldRangeError, InvalidBytesError, show } from "./errors.js";
import type { Memory } from "./memory.js";
import { expected, type FieldType, type StructClass } from "./types.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A field as generated code refers to it: what to say when a value or its bytes are no good. */
export class Site {
  readonly struct: string;
  readonly field: string;
  readonly type: FieldType;

  constructor(struct: string, field: string, type: FieldType) {
    this.struct = struct;
    this.field = field;
    this.type = type;
  }

  /** The class that a struct or ref field names. */
  get target(): StructClass {
    if (this.type.kind === "struct" || this.type.kind === "ref") return this.type.of();
    throw new TypeError(`${this.struct}.${this.field} names no class`);
  }

  /** A value that cannot be written. */
  reject(value: unknown): never {
    throw new FieldRangeError(this.struct, this.field, value, expected(this.type));
  }

  /** Bytes that cannot be read. */
  invalid(memory: Memory, position: number, found: unknown): never {
    const offset = position - memory.base;
    throw new InvalidBytesError(this.struct, this.field, offset, found, expected(this.type));
  }

  /** An address, but nobody to resolve it. */
  unresolved(): never {
    throw new FieldRangeError(
      this.struct,
      this.field,
      `@ref to ${this.target.name}`,
      "a preserved memory to hold the array",
      "use the object store, or pass `refs`",
    );
  }

  /** Writes text and pads it with NUL. */
  writeText(memory: Memory, position: number, length: number, value: unknown): void {
    if (typeof value !== "string" || value.includes("\0") || !isWellFormed(value))
      this.reject(value);
    const target = memory.u8.subarray(position, position + length);
    const { read, written } = encoder.encodeInto(value, target);
    if (read !== value.length) this.reject(value);
    target.fill(0, written);
  }

  /** Insists on zeros. */
  checkZero(memory: Memory, position: number, length: number): void {
    for (let at = position; at < position + length; at++) {
      if (memory.u8[at] !== 0) this.invalid(memory, at, memory.u8[at]);
    }
  }

  /** Reads text up to its first NUL; what follows must be NUL as well. */
  readText(memory: Memory, position: number, length: number, terminated: boolean): string {
    const { u8 } = memory;
    let end = position;
    while (end < position + length && u8[end] !== 0) end++;
    if (terminated && end === position + length) this.invalid(memory, end - 1, u8[end - 1]);
    this.checkZero(memory, end, position + length - end);
    try {
      // A copy, because TextDecoder refuses shared memory in some runtimes.
      return decoder.decode(u8.slice(position, end));
    } catch {
      return this.invalid(
        memory,
        position,
        `bytes ${show(u8.slice(position, end))} that are not UTF-8`,
      );
    }
  }
}

/** String.prototype.isWellFormed, which Node has from 20 on but TypeScript only from ES2024. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
