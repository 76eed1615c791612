import { LuoError } from "@luo/struct";

/** What went wrong, in one line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A token or identifier that is taken, unknown, or used in the wrong state. */
export class PreserveError extends LuoError {
  readonly token: string;

  constructor(token: string, problem: string) {
    super("LUO_PRESERVE", `${JSON.stringify(token)}: ${problem}`);
    this.token = token;
  }
}

/** There is nothing to do this to just now. Nothing was done. */
export class StateError extends LuoError {
  constructor(problem: string) {
    super("LUO_STATE", problem);
  }
}

/**
 * A live update did not happen. What had been done for it is undone, and the predecessor serves as
 * before; `cause` is what went wrong.
 */
export class UpdateError extends LuoError {
  constructor(step: string, cause: unknown) {
    super(
      "LUO_UPDATE",
      `live update stopped while ${step}, the predecessor goes on: ${reasonOf(cause)}`,
      { cause },
    );
  }
}

/** Undoing a failed update failed as well: the predecessor may not be what it was. */
export class UndoError extends LuoError {
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[], cause: unknown) {
    const reasons = errors.map(reasonOf).join("; ");
    super("LUO_UNDO", `undoing a failed live update failed: ${reasons}`, { cause });
    this.errors = errors;
  }
}

/**
 * The successor took over and then ended before it served. This program has stepped back and must
 * not resume, as the successor may have changed the state: end it, and start afresh.
 */
export class LostSuccessorError extends LuoError {
  constructor(cause: unknown) {
    super("LUO_LOST_SUCCESSOR", `the successor took over and was lost: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** The other program ended, or closed the link, when an answer was due. */
export class LinkClosedError extends LuoError {
  constructor(waitingFor: string, how: string) {
    super("LUO_LINK_CLOSED", `the other program ${how} before it sent ${waitingFor}`);
  }
}

/** The other program did not answer in time. */
export class LinkTimeoutError extends LuoError {
  constructor(waitingFor: string, milliseconds: number) {
    super(
      "LUO_LINK_TIMEOUT",
      `the other program did not send ${waitingFor} within ${milliseconds} ms; look at its output, or allow more time`,
    );
  }
}

/** The other program sent what the protocol does not allow at this point. */
export class ProtocolError extends LuoError {
  constructor(found: string, expected: string) {
    super(
      "LUO_PROTOCOL",
      `the other program sent ${found}, expected ${expected}; do both use the same release of luo?`,
    );
  }
}

/** The successor gave up, for the reason that it sent. */
export class SuccessorError extends LuoError {
  constructor(reason: string) {
    super("LUO_SUCCESSOR", `the successor gave up: ${reason}`);
  }
}

/** The predecessor refused this successor, or took back what it had offered. */
export class RefusedError extends LuoError {
  constructor(reason: string) {
    super("LUO_REFUSED", `the predecessor refused this program and goes on: ${reason}`);
  }
}
