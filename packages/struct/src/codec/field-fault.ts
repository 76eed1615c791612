import { structOf } from "../declare/registry.js";
import { FieldRangeError, InvalidBytesError } from "../errors.js";
import type { Memory } from "../memory.js";
import { expected, type FieldType, type StructClass } from "../types.js";

/** A field, as generated code holds it to throw errors about its values and bytes. */
export class FieldFault {
  readonly struct: string;
  readonly field: string;
  readonly type: FieldType;

  constructor(struct: string, field: string, type: FieldType) {
    this.struct = struct;
    this.field = field;
    this.type = type;
  }

  /** Throws the error for a value that cannot be written. @throws {FieldRangeError} always */
  reject(value: unknown): never {
    throw new FieldRangeError(this.struct, this.field, value, expected(this.type));
  }

  /**
   * Refuses an object of another struct class than its place has, whose values could mean something
   * else. Plain objects and objects of plain subclasses pass.
   *
   * @throws {FieldRangeError} for an object of another struct class
   */
  checkClass(value: object, struct: StructClass): void {
    const found = structOf(value);
    if (found === undefined || found === struct) return;
    throw new FieldRangeError(
      this.struct,
      this.field,
      value,
      `an object of ${struct.name}, or a plain object with its fields`,
      `make it of ${struct.name}; a family converts an object of another version`,
    );
  }

  /** Throws the error for bytes that encode no value. @throws {InvalidBytesError} always */
  invalid(memory: Memory, position: number, found: unknown): never {
    const offset = position - memory.base;
    throw new InvalidBytesError(this.struct, this.field, offset, found, expected(this.type));
  }

  /** Throws the error for a `@ref` to `of` without a resolver. @throws {FieldRangeError} always */
  unresolved(of: StructClass): never {
    throw new FieldRangeError(
      this.struct,
      this.field,
      `@ref to ${of.name}`,
      "a preserved memory to hold the array; use the object store, or pass `refs`",
    );
  }

  /** @throws {InvalidBytesError} when one of the bytes is not zero */
  checkZeros(memory: Memory, position: number, length: number): void {
    for (let at = position; at < position + length; at++) {
      if (memory.u8[at] !== 0) this.invalid(memory, at, memory.u8[at]);
    }
  }
}
