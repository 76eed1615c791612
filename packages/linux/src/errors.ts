/*
 * Every error of this package has code, found, expected and do, like those of the other packages. It
 * shares no class with them, so that this file imports nothing; `instanceof LuoError` of @luo/struct
 * asks only for that shape.
 */

/** A row of the table of codes, from which docs/ERRORS.md is written. */
interface ErrorCode {
  /** Completes "thrown when ...". */
  readonly when: string;
  /** The remedy, as an imperative. */
  readonly do: string;
}

/** The parts of an error's message. Without `expected`, `found` is a sentence of its own. */
interface Fault {
  readonly where: string;
  readonly found: string;
  readonly expected?: string;
  readonly do: string;
}

function messageOf({ where, found, expected, do: remedy }: Fault): string {
  const seen = expected === undefined ? found : `found ${found}, expected ${expected}`;
  return `${where}: ${seen}; ${remedy}`;
}

/** The base of the errors of this package, except ArgumentError, which is a RangeError. */
export abstract class LinuxError extends Error {
  static readonly codes: Readonly<Record<string, ErrorCode>> = {};
  readonly code: string;
  readonly found: string;
  readonly expected: string | undefined;
  readonly do: string;

  constructor(code: string, fault: Fault) {
    super(messageOf(fault));
    this.name = new.target.name;
    this.code = code;
    this.found = fault.found;
    this.expected = fault.expected;
    this.do = fault.do;
  }
}

/** A function cannot take a number, name or address. Nothing was changed. */
export class ArgumentError extends RangeError {
  static readonly codes = {
    LUO_ARGUMENT: {
      when: "a function cannot take an argument; nothing was changed",
      do: "correct the argument",
    },
  };
  readonly code = "LUO_ARGUMENT";
  override readonly name = "ArgumentError";
  readonly argument: string;
  readonly found: string;
  readonly expected: string;
  readonly do: string;

  constructor(argument: string, value: unknown, expected: string) {
    const found = typeof value === "string" ? JSON.stringify(value) : String(value);
    const { do: remedy } = ArgumentError.codes.LUO_ARGUMENT;
    super(messageOf({ where: argument, found, expected, do: remedy }));
    this.argument = argument;
    this.found = found;
    this.expected = expected;
    this.do = remedy;
  }
}

/** A memfd was used after its close(). */
export class ClosedError extends LinuxError {
  static override readonly codes = {
    LUO_CLOSED: {
      when: "a memfd is used after its close()",
      do: "close it after its last use, or duplicate its descriptor before",
    },
  };

  constructor(memfd: string) {
    const where = `memfd ${JSON.stringify(memfd)}`;
    const { do: remedy } = ClosedError.codes.LUO_CLOSED;
    super("LUO_CLOSED", { where, found: "it is closed", do: remedy });
  }
}

/** A descriptor is open, but is not a memfd. It stays open and unchanged. */
export class NotMemfdError extends LinuxError {
  static override readonly codes = {
    LUO_NOT_MEMFD: {
      when: "a descriptor is open, but it is not a memfd; it was left as it is",
      do: "pass the descriptor of a memfd",
    },
  };

  /** @param link the descriptor's link in /proc */
  constructor(fd: number, link: string) {
    const { do: remedy } = NotMemfdError.codes.LUO_NOT_MEMFD;
    const found = JSON.stringify(link);
    super("LUO_NOT_MEMFD", { where: `fd ${fd}`, found, expected: "a memfd", do: remedy });
  }
}

/** A mapped ArrayBuffer cannot be detached. Its memory stays mapped, as unmapping could crash. */
export class DetachError extends LinuxError {
  static override readonly codes = {
    LUO_CANNOT_DETACH: {
      when: "a mapped ArrayBuffer cannot be detached, so its memory stays mapped",
      do: "do not transfer the buffer of a mapping, and use a supported release of Node",
    },
  };

  constructor(found: string, remedy: string) {
    super("LUO_CANNOT_DETACH", { where: "cannot unmap", found, do: remedy });
  }
}

/** The system calls of this package do not exist on this platform. */
export class UnsupportedPlatformError extends LinuxError {
  static override readonly codes = {
    LUO_UNSUPPORTED_PLATFORM: {
      when: "a system call is asked for elsewhere than on 64-bit Linux",
      do: "run on 64-bit Linux; structs, versions and images work everywhere",
    },
  };

  /** @param found the platform and its architecture */
  constructor(found: string) {
    const { do: remedy } = UnsupportedPlatformError.codes.LUO_UNSUPPORTED_PLATFORM;
    const expected = "64-bit linux";
    super("LUO_UNSUPPORTED_PLATFORM", { where: "platform", found, expected, do: remedy });
  }
}

/** The largest `int` of C, and so the largest file descriptor. */
export const MAX_INT = 2 ** 31 - 1;

/** @throws {ArgumentError} unless `value` is an integer from 0 to `max` */
export function checkInteger(argument: string, value: number, max = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) {
    throw new ArgumentError(argument, value, `an integer from 0 to ${max}`);
  }
}
