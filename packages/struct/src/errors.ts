import { editDistance } from "./edit-distance.js";
import { type Fault, LuoError, LuoRangeError } from "./luo-error.js";

/** The annotations of a class have no layout. Thrown when the class is declared or first used. */
export class DeclarationError extends LuoError {
  static override readonly codes = {
    LUO_DECLARATION: {
      when: "a class is annotated in a way that has no layout; at its declaration or first use",
      do: "correct the annotations of the class and field that it names",
    },
  };
  readonly struct: string;
  readonly field: string | undefined;

  constructor(struct: string, field: string | undefined, fault: Fault) {
    super("LUO_DECLARATION", field === undefined ? struct : `${struct}.${field}`, fault);
    this.struct = struct;
    this.field = field;
  }
}

/** `create` got a value for a name that is no field of the class. */
export class UnknownFieldError extends LuoError {
  static override readonly codes = {
    LUO_UNKNOWN_FIELD: {
      when: "`create` is given a value for a name that is no field of the class",
      do: "correct the name, or annotate the property",
    },
  };
  readonly struct: string;
  readonly field: string;
  /** At most three fields with the most similar spelling, the nearest first. */
  readonly closest: readonly string[];

  constructor(struct: string, field: string, known: readonly string[]) {
    const distance = (name: string) => editDistance(field.toLowerCase(), name.toLowerCase());
    const closest = [...known].sort((a, b) => distance(a) - distance(b)).slice(0, 3);
    const expected = closest.length === 0 ? "no field" : `one such as ${closest.join(", ")}`;
    super("LUO_UNKNOWN_FIELD", struct, { found: `the field ${show(field)}`, expected });
    this.struct = struct;
    this.field = field;
    this.closest = closest;
  }
}

/** A value does not fit its field: it is out of range, too long, or of the wrong type. */
export class FieldRangeError extends LuoRangeError {
  static override readonly codes = {
    LUO_FIELD_RANGE: {
      when: "a value does not fit its field: it is out of range, too long, or of another type",
      do: "change the value, or give the field a type that holds it",
    },
  };
  readonly struct: string;
  readonly field: string;
  readonly value: unknown;

  /** @param remedy the advice to give where another value would not help */
  constructor(struct: string, field: string, value: unknown, expected: string, remedy?: string) {
    const fault = { found: show(value), expected, ...(remedy !== undefined && { do: remedy }) };
    super("LUO_FIELD_RANGE", `${struct}.${field}`, fault);
    this.struct = struct;
    this.field = field;
    this.value = value;
  }
}

/** The bytes of a field encode no value, such as a bool of 2 or text that is not UTF-8. */
export class InvalidBytesError extends LuoError {
  static override readonly codes = {
    LUO_INVALID_BYTES: {
      when: "no value of a field encodes to the bytes, such as a bool of 2 or text that is not UTF-8",
      do: "read the bytes as the class that they were written as; else they are damaged",
    },
  };
  readonly struct: string;
  readonly field: string;
  /** Offset of the field in the memory that was read. */
  readonly offset: number;

  constructor(struct: string, field: string, offset: number, found: unknown, expected: string) {
    const where = `${struct}.${field} at offset ${offset}`;
    super("LUO_INVALID_BYTES", where, { found: show(found), expected });
    this.struct = struct;
    this.field = field;
    this.offset = offset;
  }
}

/** A struct or range reaches outside of the memory. */
export class BoundsError extends LuoRangeError {
  static override readonly codes = {
    LUO_BOUNDS: {
      when: "a struct or range would lie, wholly or in part, outside of the memory",
      do: "pass a larger memory or another offset; offsets are whole numbers from 0 up",
    },
  };
  readonly offset: number;
  readonly byteLength: number;

  /**
   * @param what the struct or range, for the message
   * @param bytes the length that it needs, in bytes
   * @param byteLength the length of the memory, in bytes
   * @param remedy the advice to give where another offset would not help
   */
  constructor(what: string, offset: number, bytes: number, byteLength: number, remedy?: string) {
    super("LUO_BOUNDS", `${what} at offset ${offset}`, {
      found: `a memory of ${byteLength} bytes`,
      expected: `${bytes} bytes from that offset on`,
      ...(remedy !== undefined && { do: remedy }),
    });
    this.offset = offset;
    this.byteLength = byteLength;
  }
}

/** The buffer was unmapped, resized or transferred while a `Memory` or a view still used it. */
export class DetachedError extends LuoError {
  static override readonly codes = {
    LUO_DETACHED: {
      when: "memory is used whose buffer was unmapped, resized or transferred",
      do: "copy what is still needed before it is closed, and take the memory anew after it grew",
    },
  };

  constructor(byteLength: number) {
    super("LUO_DETACHED", "", { found: `the memory of ${byteLength} bytes was unmapped` });
  }
}

/** An argument is outside of the values that the function takes. The call changed nothing. */
export class ArgumentError extends LuoRangeError {
  static override readonly codes = {
    LUO_ARGUMENT: {
      when: "a function cannot take an argument; nothing was changed",
      do: "correct the argument",
    },
  };
  readonly argument: string;

  /** @param argument the argument's name or purpose, for the message */
  constructor(argument: string, fault: { readonly found: string; readonly expected: string }) {
    super("LUO_ARGUMENT", argument, fault);
    this.argument = argument;
  }
}

/** The text is no notation of a type; see "Types" in docs/FORMAT.md. */
export class NotationError extends LuoError {
  static override readonly codes = {
    LUO_NOTATION: {
      when: "text is no notation of a type",
      do: 'write it as "Types" in docs/FORMAT.md says',
    },
  };
  readonly text: string;
  /** The position of the first mismatch, in UTF-16 code units from the start of the text. */
  readonly position: number;

  constructor(text: string, position: number, expected: string) {
    const found = position < text.length ? show(text.slice(position)) : "its end";
    super("LUO_NOTATION", `type ${show(text)}, at ${position}`, { found, expected });
    this.text = text;
    this.position = position;
  }
}

/** The schema describes no layout, or contradicts another schema of its list. */
export class SchemaError extends LuoError {
  static override readonly codes = {
    LUO_SCHEMA: {
      when: "a schema describes no layout, or none that goes together with the others of its list",
      do: "use schemas as a program of luo wrote them",
    },
  };
  /** `family@version`. */
  readonly struct: string;
  readonly field: string | undefined;

  constructor(struct: string, field: string | undefined, fault: Fault, options?: ErrorOptions) {
    const what = show(field === undefined ? struct : `${struct}.${field}`).slice(1, -1);
    super("LUO_SCHEMA", `schema ${what}`, fault, options);
    this.struct = struct;
    this.field = field;
  }
}

/** Formats a value for an error message: short, with its type visible. */
export function show(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "string")
    return JSON.stringify(value.length > 64 ? `${value.slice(0, 61)}...` : value);
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value !== "object" || value === null)
    return Object.is(value, -0) ? "-0" : String(value);
  const name: unknown = value.constructor?.name;
  const length: unknown = "length" in value ? value.length : undefined;
  return `${typeof name === "string" ? name : "object"}${typeof length === "number" ? `(${length})` : ""}`;
}
