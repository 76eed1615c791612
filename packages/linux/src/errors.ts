/** A number, name or address that a function cannot take. Nothing was changed. */
export class ArgumentError extends RangeError {
  readonly code = "LUO_ARGUMENT";
  override readonly name = "ArgumentError";

  constructor(
    readonly argument: string,
    found: unknown,
    expected: string,
  ) {
    const shown = typeof found === "string" ? JSON.stringify(found) : String(found);
    super(`${argument}: found ${shown}, expected ${expected}`);
  }
}

/** A memfd was used after its close(). */
export class ClosedError extends Error {
  readonly code = "LUO_CLOSED";
  override readonly name = "ClosedError";
}

/** A descriptor is open, but it is not a memfd. It was left as it is. */
export class NotMemfdError extends Error {
  readonly code = "LUO_NOT_MEMFD";
  override readonly name = "NotMemfdError";
}

/** A mapped ArrayBuffer cannot be detached, so its memory stays mapped: unmapping could crash. */
export class DetachError extends Error {
  readonly code = "LUO_CANNOT_DETACH";
  override readonly name = "DetachError";
}

/** The system calls of this package do not exist here. */
export class UnsupportedPlatformError extends Error {
  readonly code = "LUO_UNSUPPORTED_PLATFORM";
  override readonly name = "UnsupportedPlatformError";
}

/** The largest `int` of C, and so the largest file descriptor. */
export const MAX_INT = 2 ** 31 - 1;

/** @throws {ArgumentError} unless `value` is an integer from 0 to `max` */
export function checkInteger(argument: string, value: number, max = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || value < 0 || value > max) {
    throw new ArgumentError(argument, value, `an integer from 0 to ${max}`);
  }
}
