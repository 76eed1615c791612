import { LuoError } from "@luo/struct";

/** A descriptor that should be a listening TCP socket is something else. */
export class NotListeningError extends LuoError {
  static override readonly codes = {
    LUO_NOT_LISTENING: {
      when: "a descriptor that should be a listening TCP socket is something else",
      do: "pass one that listens",
    },
  };

  constructor(fd: number, options?: ErrorOptions) {
    const found = `descriptor ${fd} is no listening TCP socket`;
    super("LUO_NOT_LISTENING", "", { found }, options);
  }
}

/** Requests were still underway when a pause had to be complete. */
export class DrainError extends LuoError {
  static override readonly codes = {
    LUO_DRAIN: {
      when: "requests were still underway when a pause had to be complete",
      do: "allow more time, or end long requests before an update",
    },
  };

  constructor(connections: number, milliseconds: number) {
    const found = `${connections} connections were still open after ${milliseconds} ms`;
    super("LUO_DRAIN", "", { found });
  }
}

/** The socket that came is not the one that was preserved. */
export class ListenerMismatchError extends LuoError {
  static override readonly codes = {
    LUO_LISTENER_MISMATCH: {
      when: "the socket that came is not the one that was preserved",
      do: "the carrier brought another socket: let it carry each descriptor under its own name",
    },
  };

  /** @param found the address on which the socket listens */
  constructor(found: string, expected: string) {
    super("LUO_LISTENER_MISMATCH", "the socket's address", { found, expected });
  }
}
