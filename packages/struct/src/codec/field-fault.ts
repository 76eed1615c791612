import { FieldRangeError, InvalidBytesError } from "../errors.js";
import type { Memory } from "../memory.js";
import { expected, type FieldType, type StructClass } from "../types.js";

/** A field as generated code refers to it, to throw the error for a bad value or bad bytes. */
export class FieldFault {
  readonly struct: string;
  readonly field: string;
  readonly type: FieldType;

  constructor(struct: string, field: string, type: FieldType) {
    this.struct = struct;
    this.field = field;
    this.type = type;
  }

  /** The value cannot be written. */
  reject(value: unknown): never {
    throw new FieldRangeError(this.struct, this.field, value, expected(this.type));
  }

  /** The bytes cannot be read. */
  invalid(memory: Memory, position: number, found: unknown): never {
    const offset = position - memory.base;
    throw new InvalidBytesError(this.struct, this.field, offset, found, expected(this.type));
  }

  /** An array of `of` lies elsewhere, and the codec was given no resolver to reach it. */
  unresolved(of: StructClass): never {
    throw new FieldRangeError(
      this.struct,
      this.field,
      `@ref to ${of.name}`,
      "a preserved memory to hold the array; use the object store, or pass `refs`",
    );
  }

  /** Refuses bytes that are not all zero. */
  checkZeros(memory: Memory, position: number, length: number): void {
    for (let at = position; at < position + length; at++) {
      if (memory.u8[at] !== 0) this.invalid(memory, at, memory.u8[at]);
    }
  }
}
