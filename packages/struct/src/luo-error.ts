/** The shape of every luo error. Errors of packages that do not import this one have it too. */
export interface LuoFailure extends Error {
  /** Stable and safe to branch on. docs/ERRORS.md lists every code. */
  readonly code: string;
  /** The value or state that was found. A whole sentence where `expected` is undefined. */
  readonly found: string;
  /** The value or state that is right. Undefined where no single one is, as after a lost connection. */
  readonly expected: string | undefined;
  /** The advice to the reader: for this case where it is known, else for every error of the code. */
  readonly do: string;
}

/** The content of an error. A string is the message behind the subject, with the code's advice. */
export type Fault =
  | string
  | { readonly found: string; readonly expected?: string | undefined; readonly do?: string };

/** A row of the table of codes. */
export interface ErrorCode {
  /** Completes "thrown when ...". */
  readonly when: string;
  /** The advice for every error of the code. A fault's own `do` replaces it. */
  readonly do: string;
}

/** The codes of an error class. docs/ERRORS.md has a row for each. */
export type ErrorCodes = Readonly<Record<string, ErrorCode>>;

/**
 * The base of luo's errors. `error instanceof LuoError` is true for every one of them, also for a
 * RangeError, for errors of packages that do not import this one, and for errors of a second copy of
 * this package, such as the CommonJS build beside the ESM build.
 */
export class LuoError extends Error implements LuoFailure {
  static readonly codes: ErrorCodes = {};
  readonly code: string;
  readonly found: string;
  readonly expected: string | undefined;
  readonly do: string;

  /**
   * @param where the subject of the error, which begins the message; may be empty
   * @param fault one fault, or a list that becomes one line each
   */
  constructor(
    code: string,
    where: string,
    fault: Fault | readonly Fault[],
    options?: ErrorOptions,
  ) {
    const { message, found, expected, remedy } = tell(new.target.codes[code], where, fault);
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.found = found;
    this.expected = expected;
    this.do = remedy;
  }

  /** `LuoError` itself compares the shape, so that copies of the package agree; subclasses the class. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: classes that extend this one inherit the method.
    if (this === LuoError) return isFailure(value);
    // biome-ignore lint/complexity/noThisInStatic: the same.
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** The base of errors about an argument or value out of range: a `RangeError` with luo's fields. */
export class LuoRangeError extends RangeError implements LuoFailure {
  static readonly codes: ErrorCodes = {};
  readonly code: string;
  readonly found: string;
  readonly expected: string | undefined;
  readonly do: string;

  constructor(code: string, where: string, fault: Fault, options?: ErrorOptions) {
    const { message, found, expected, remedy } = tell(new.target.codes[code], where, fault);
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.found = found;
    this.expected = expected;
    this.do = remedy;
  }
}

function isFailure(value: unknown): value is LuoFailure {
  return (
    value instanceof Error &&
    ["code", "found", "do"].every((name) => typeof Reflect.get(value, name) === "string")
  );
}

/** Composes the message of every error: subject, found, expected, advice. */
function tell(row: ErrorCode | undefined, where: string, fault: Fault | readonly Fault[]): Told {
  if (isList(fault)) return tellAll(fault.map((each) => tell(row, where, each)));
  const place = where === "" ? "" : `${where}: `;
  const general = row?.do ?? "";
  if (typeof fault === "string") {
    return { message: place + fault, found: fault, expected: undefined, remedy: general };
  }
  const { found, expected, do: remedy = general } = fault;
  const seen = expected === undefined ? found : `found ${found}, expected ${expected}`;
  const message = `${place}${seen}${remedy === "" ? "" : `; ${remedy}`}`;
  return { message, found, expected, remedy };
}

/** Composes several faults, one line each. */
function tellAll(all: readonly Told[]): Told {
  const lines = (of: keyof Told) => all.map((told) => told[of] ?? "").join("\n");
  const expected = all.some((told) => told.expected !== undefined) ? lines("expected") : undefined;
  return { message: lines("message"), found: lines("found"), expected, remedy: lines("remedy") };
}

interface Told {
  readonly message: string;
  readonly found: string;
  readonly expected: string | undefined;
  readonly remedy: string;
}

function isList(fault: Fault | readonly Fault[]): fault is readonly Fault[] {
  return Array.isArray(fault);
}
