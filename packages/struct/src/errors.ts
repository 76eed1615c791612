import { editDistance } from "./edit-distance.js";

/** Base of every error that luo throws; `code` is stable and safe to branch on. */
export class LuoError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A class is annotated in a way that has no layout. Thrown when the class is declared or first used. */
export class DeclarationError extends LuoError {
  readonly struct: string;
  readonly field: string | undefined;

  constructor(struct: string, field: string | undefined, problem: string) {
    super("LUO_DECLARATION", `${field === undefined ? struct : `${struct}.${field}`}: ${problem}`);
    this.struct = struct;
    this.field = field;
  }
}

/** `create` was given a value for a name that is no field of the class. */
export class UnknownFieldError extends LuoError {
  readonly struct: string;
  readonly field: string;
  /** At most three names of fields that are spelled most alike, the nearest first. */
  readonly closest: readonly string[];

  constructor(struct: string, field: string, known: readonly string[]) {
    const distance = (name: string) => editDistance(field.toLowerCase(), name.toLowerCase());
    const closest = [...known].sort((a, b) => distance(a) - distance(b)).slice(0, 3);
    super(
      "LUO_UNKNOWN_FIELD",
      `${struct}.${field}: the class has no such field, expected one such as ${closest.join(", ")}; correct the name, or annotate the property`,
    );
    this.struct = struct;
    this.field = field;
    this.closest = closest;
  }
}

/** A value does not fit its field: it is outside the field's range, or too long, or of the wrong type. */
export class FieldRangeError extends RangeError {
  readonly code = "LUO_FIELD_RANGE";
  readonly struct: string;
  readonly field: string;
  readonly value: unknown;

  constructor(struct: string, field: string, value: unknown, expected: string) {
    super(`${struct}.${field}: found ${show(value)}, expected ${expected}`);
    this.name = "FieldRangeError";
    this.struct = struct;
    this.field = field;
    this.value = value;
  }
}

/** Bytes that no value of the field encodes to, such as a bool of 2 or text that is not UTF-8. */
export class InvalidBytesError extends LuoError {
  readonly struct: string;
  readonly field: string;
  /** Offset of the field in the memory that was read. */
  readonly offset: number;

  constructor(struct: string, field: string, offset: number, found: unknown, expected: string) {
    super(
      "LUO_INVALID_BYTES",
      `${struct}.${field} at offset ${offset}: found ${show(found)}, expected ${expected}; the bytes are damaged or were written with another layout`,
    );
    this.struct = struct;
    this.field = field;
    this.offset = offset;
  }
}

/** A struct would lie, wholly or in part, outside of the memory. */
export class BoundsError extends RangeError {
  readonly code = "LUO_BOUNDS";
  readonly offset: number;
  readonly byteLength: number;

  constructor(what: string, offset: number, bytes: number, byteLength: number) {
    super(
      `${what} at offset ${offset} needs ${bytes} bytes, but the memory has ${byteLength}; offsets are whole numbers from 0 up`,
    );
    this.name = "BoundsError";
    this.offset = offset;
    this.byteLength = byteLength;
  }
}

/** The bytes are gone: their buffer was unmapped, resized or transferred while it was still in use. */
export class DetachedError extends LuoError {
  constructor(byteLength: number) {
    super(
      "LUO_DETACHED",
      `the memory of ${byteLength} bytes was unmapped; copy what is still needed before it is closed, and take the memory anew after it grew`,
    );
  }
}

/** Text that is no notation of a type; see "Types" in docs/FORMAT.md. */
export class NotationError extends LuoError {
  readonly text: string;
  /** Where in the text it stops to be one, in UTF-16 code units from its start. */
  readonly position: number;
  readonly found: string;
  readonly expected: string;

  constructor(text: string, position: number, expected: string) {
    const found = position < text.length ? show(text.slice(position)) : "its end";
    super(
      "LUO_NOTATION",
      `type ${show(text)}, at ${position}: found ${found}, expected ${expected}`,
    );
    this.text = text;
    this.position = position;
    this.found = found;
    this.expected = expected;
  }
}

/** A schema that describes no layout, or none that goes together with the others of its list. */
export class SchemaError extends LuoError {
  /** `family@version`. */
  readonly struct: string;
  readonly field: string | undefined;

  constructor(struct: string, field: string | undefined, problem: string, options?: ErrorOptions) {
    const what = show(field === undefined ? struct : `${struct}.${field}`).slice(1, -1);
    super("LUO_SCHEMA", `schema ${what} ${problem}`, options);
    this.struct = struct;
    this.field = field;
  }
}

/** A value as an error message shows it: short, with its type visible. */
export function show(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string")
    return JSON.stringify(value.length > 64 ? `${value.slice(0, 61)}...` : value);
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value !== "object" || value === null) return String(value);
  const name: unknown = value.constructor?.name;
  const length: unknown = "length" in value ? value.length : undefined;
  return `${typeof name === "string" ? name : "object"}${typeof length === "number" ? `(${length})` : ""}`;
}
