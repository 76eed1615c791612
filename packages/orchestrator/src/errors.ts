import { type Fault, LuoError } from "@luo/struct";
import { inRole, type Program, programLabel } from "./program.js";

/** Gives the reason of a failure as text. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A token or identifier is taken, unknown, or used in the wrong state. */
export class PreserveError extends LuoError {
  static override readonly codes = {
    LUO_PRESERVE: {
      when: "a token or identifier is taken, unknown, or used in the wrong state",
      do: "use another token, or keep and retrieve each thing once while no update is underway",
    },
  };
  readonly token: string;

  constructor(token: string, fault: Fault) {
    super("LUO_PRESERVE", JSON.stringify(token), fault);
    this.token = token;
  }
}

/** The call is not allowed in the current state; nothing changed. */
export class StateError extends LuoError {
  static override readonly codes = {
    LUO_STATE: {
      when: "a call is not allowed in the current state; nothing changed",
      do: "wait for the update that is underway",
    },
  };

  constructor(fault: Fault) {
    super("LUO_STATE", "", fault);
  }
}

/**
 * A live update did not happen. All its steps are undone, and the predecessor serves as before.
 * `cause` is the error that stopped it.
 */
export class UpdateError extends LuoError {
  static override readonly codes = {
    LUO_UPDATE: {
      when: "a live update did not happen; all is undone, and the predecessor serves as before",
      do: "mend what its `cause` tells, and update again",
    },
  };

  readonly predecessor: Program | undefined;
  /** The program that should have taken over; undefined when it did not say which one it is. */
  readonly successor: Program | undefined;

  constructor(step: string, cause: unknown, predecessor?: Program, successor?: Program) {
    const update = successor ? `live update to ${programLabel(successor)}` : "live update";
    const serving = inRole("the predecessor", predecessor);
    const found = `${update} stopped while ${step}, ${serving} goes on: ${reasonOf(cause)}`;
    super("LUO_UPDATE", "", found, { cause });
    this.predecessor = predecessor;
    this.successor = successor;
  }
}

/** Undoing a failed update failed as well, so the predecessor may not be in its former state. */
export class UndoError extends LuoError {
  static override readonly codes = {
    LUO_UNDO: {
      when: "undoing a failed update failed as well, so the predecessor may not be what it was",
      do: "end this program and start afresh",
    },
  };
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[], cause: unknown) {
    const reasons = errors.map(reasonOf).join("; ");
    const found = `undoing a failed live update failed: ${reasons}`;
    super("LUO_UNDO", "", { found }, { cause });
    this.errors = errors;
  }
}

/**
 * The successor took over and then ended before it served. This program must not resume, because
 * the successor may have changed the state: end it, and start afresh.
 */
export class LostSuccessorError extends LuoError {
  static override readonly codes = {
    LUO_LOST_SUCCESSOR: {
      when: "the successor took over and then ended before it served",
      do: "do not resume, as the successor may have changed the state: end this program and start afresh",
    },
  };

  constructor(cause: unknown, successor?: Program) {
    const lost = inRole("the successor", successor);
    const found = `${lost} took over and was lost: ${reasonOf(cause)}`;
    super("LUO_LOST_SUCCESSOR", "", { found }, { cause });
  }
}

/** The other program ended, or closed the link, when an answer was due. */
export class LinkClosedError extends LuoError {
  static override readonly codes = {
    LUO_LINK_CLOSED: {
      when: "the other program ended, or closed the link, when an answer was due",
      do: "look at its output",
    },
  };

  constructor(waitingFor: string, how: string, other?: Program) {
    const who = inRole("the other program", other);
    super("LUO_LINK_CLOSED", "", { found: `${who} ${how} before it sent ${waitingFor}` });
  }
}

/** The other program did not answer in time. */
export class LinkTimeoutError extends LuoError {
  static override readonly codes = {
    LUO_LINK_TIMEOUT: {
      when: "the other program did not answer in time",
      do: "look at its output, or allow more time",
    },
  };

  constructor(waitingFor: string, milliseconds: number, other?: Program) {
    const who = inRole("the other program", other);
    const found = `${who} did not send ${waitingFor} within ${milliseconds} ms`;
    super("LUO_LINK_TIMEOUT", "", { found });
  }
}

/** The other program sent a message that the protocol does not allow at this point. */
export class ProtocolError extends LuoError {
  static override readonly codes = {
    LUO_PROTOCOL: {
      when: "the other program sent what the protocol does not allow at this point",
      do: "let both programs use the same release of luo",
    },
  };

  constructor(found: string, expected: string, other?: Program) {
    super("LUO_PROTOCOL", `from ${inRole("the other program", other)}`, { found, expected });
  }
}

/** The successor gave up, for the reason that it sent. */
export class SuccessorError extends LuoError {
  static override readonly codes = {
    LUO_SUCCESSOR: {
      when: "the successor gave up, for the reason that it sent",
      do: "mend what the reason tells, and update again",
    },
  };

  constructor(reason: string, successor?: Program) {
    super("LUO_SUCCESSOR", "", `${inRole("the successor", successor)} gave up: ${reason}`);
  }
}

/** The predecessor refused this successor, or took its offer back. */
export class RefusedError extends LuoError {
  static override readonly codes = {
    LUO_REFUSED: {
      when: "the predecessor refused this successor, or took back what it had offered",
      do: "end this program; the predecessor serves as before",
    },
  };

  constructor(reason: string, predecessor?: Program) {
    const who = inRole("the predecessor", predecessor);
    super("LUO_REFUSED", "", `${who} refused this program and goes on: ${reason}`);
  }
}
