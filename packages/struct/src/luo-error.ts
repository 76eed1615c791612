/** What every error of luo tells, those of packages that do not import this one included. */
export interface LuoFailure extends Error {
  /** Stable and safe to branch on. docs/ERRORS.md lists every code. */
  readonly code: string;
  /** What is there; a sentence of its own where nothing in particular was expected. */
  readonly found: string;
  /** What should be there. Undefined where no single thing is right, as after a lost connection. */
  readonly expected: string | undefined;
  /** What to do about it: for this very case where that is known, else for the code. */
  readonly do: string;
}

/** What an error is told with. A text is the whole sentence, where what to do is in it or follows. */
export type Fault =
  | string
  | { readonly found: string; readonly expected?: string | undefined; readonly do?: string };

/** A row of the table of codes. */
export interface ErrorCode {
  /** Completes "thrown when ...". */
  readonly when: string;
  /** What to do about it, unless the place that throws knows better. */
  readonly do: string;
}

/** The codes that a class of errors has, each with its row in docs/ERRORS.md. */
export type ErrorCodes = Readonly<Record<string, ErrorCode>>;

/**
 * Base of the errors that luo throws. `error instanceof LuoError` is true of every one of them: of
 * those that are a RangeError as well, of those of packages that import nothing, and of those of a
 * second copy of this package, such as the CommonJS build beside the ESM build.
 */
export class LuoError extends Error implements LuoFailure {
  static readonly codes: ErrorCodes = {};
  readonly code: string;
  readonly found: string;
  readonly expected: string | undefined;
  readonly do: string;

  /**
   * @param where the thing that is wrong, for the beginning of the message; may be empty
   * @param fault one, or several that are told a line each
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

  /** True by shape for `LuoError` itself, so that copies of the package agree; by class below it. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: classes that extend this one inherit the method.
    if (this === LuoError) return isFailure(value);
    // biome-ignore lint/complexity/noThisInStatic: the same.
    return Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** The same for an argument or value out of range, which is a `RangeError` as well. */
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

/** The one place that composes messages: where, what was found, what was expected, what to do. */
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

/** Several faults of one error, a line each. */
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
