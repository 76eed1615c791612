import { LuoError } from "@luo/struct";

/** A descriptor that should be a listening TCP socket is something else. */
export class NotListeningError extends LuoError {
  constructor(fd: number, options?: ErrorOptions) {
    super(
      "LUO_NOT_LISTENING",
      `descriptor ${fd} is no listening TCP socket; pass one that listens`,
      options,
    );
  }
}

/** Requests were still underway when a pause had to be complete. */
export class DrainError extends LuoError {
  constructor(connections: number, milliseconds: number) {
    super(
      "LUO_DRAIN",
      `${connections} connections were still open after ${milliseconds} ms; allow more time, or end long requests before an update`,
    );
  }
}

/** The socket that came is not the one that was preserved. */
export class ListenerMismatchError extends LuoError {
  constructor(found: string, expected: string) {
    super(
      "LUO_LISTENER_MISMATCH",
      `the socket listens on ${found}, but its record says ${expected}; the carrier brought another socket`,
    );
  }
}
