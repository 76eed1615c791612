import { LuoError } from "@luo/struct";
import { inRole, type Program, programLabel } from "./program.js";

/** Gives the reason of a failure in one line. */
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

/** The call is not allowed in the current state; nothing changed. */
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
  readonly predecessor: Program | undefined;
  /** Undefined when it has not said which program it is. */
  readonly successor: Program | undefined;

  constructor(step: string, cause: unknown, predecessor?: Program, successor?: Program) {
    const update = successor ? `live update to ${programLabel(successor)}` : "live update";
    const serving = inRole("the predecessor", predecessor);
    super("LUO_UPDATE", `${update} stopped while ${step}, ${serving} goes on: ${reasonOf(cause)}`, {
      cause,
    });
    this.predecessor = predecessor;
    this.successor = successor;
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
  constructor(cause: unknown, successor?: Program) {
    const lost = inRole("the successor", successor);
    super("LUO_LOST_SUCCESSOR", `${lost} took over and was lost: ${reasonOf(cause)}`, { cause });
  }
}

/** The other program ended, or closed the link, when an answer was due. */
export class LinkClosedError extends LuoError {
  constructor(waitingFor: string, how: string, other?: Program) {
    const who = inRole("the other program", other);
    super("LUO_LINK_CLOSED", `${who} ${how} before it sent ${waitingFor}`);
  }
}

/** The other program did not answer in time. */
export class LinkTimeoutError extends LuoError {
  constructor(waitingFor: string, milliseconds: number, other?: Program) {
    const who = inRole("the other program", other);
    super(
      "LUO_LINK_TIMEOUT",
      `${who} did not send ${waitingFor} within ${milliseconds} ms; look at its output, or allow more time`,
    );
  }
}

/** The other program sent what the protocol does not allow at this point. */
export class ProtocolError extends LuoError {
  constructor(found: string, expected: string, other?: Program) {
    const who = inRole("the other program", other);
    super(
      "LUO_PROTOCOL",
      `${who} sent ${found}, expected ${expected}; do both use the same release of luo?`,
    );
  }
}

/** The successor gave up, for the reason that it sent. */
export class SuccessorError extends LuoError {
  constructor(reason: string, successor?: Program) {
    super("LUO_SUCCESSOR", `${inRole("the successor", successor)} gave up: ${reason}`);
  }
}

/** The predecessor refused this successor, or took back what it had offered. */
export class RefusedError extends LuoError {
  constructor(reason: string, predecessor?: Program) {
    const who = inRole("the predecessor", predecessor);
    super("LUO_REFUSED", `${who} refused this program and goes on: ${reason}`);
  }
}
