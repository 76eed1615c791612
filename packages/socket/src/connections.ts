import { Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Server, Socket } from "node:net";
import { DrainError } from "./errors.js";

/**
 * How long an open HTTP connection without a request is waited for once its end is announced, in
 * milliseconds: a client that is just about to use it gets its answer, and is told there to connect
 * anew.
 */
const IDLE_GRACE = 100;

interface Connection {
  readonly responses: Set<ServerResponse>;
  /** When it last had nothing to do, by the performance clock. */
  idleSince: number;
}

/**
 * The connections of a server, and how they end without a request being lost: first their end is
 * announced, while new ones are still accepted; when no more are, those left are waited for.
 */
export class Connections {
  readonly #open = new Map<Socket, Connection>();
  readonly #http: boolean;
  #announced: number | undefined;
  #changed: () => void = () => {};

  constructor(server: Server) {
    this.#http = server instanceof HttpServer;
    server.on("connection", (socket: Socket) => {
      this.#open.set(socket, { responses: new Set(), idleSince: performance.now() });
      socket.once("close", () => {
        this.#open.delete(socket);
        this.#changed();
      });
    });
    if (!this.#http) return;
    // Before the program's own listener, which may send the headers at once.
    server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
      const connection = this.#open.get(request.socket);
      connection?.responses.add(response);
      response.once("close", () => {
        connection?.responses.delete(response);
        if (connection !== undefined) connection.idleSince = performance.now();
      });
      if (this.#announced !== undefined) lastOnConnection(response);
    });
  }

  /** From now on, every answer is the last on its connection. */
  announceEnd(): void {
    if (this.#announced !== undefined) return;
    this.#announced = performance.now();
    for (const { responses } of this.#open.values()) responses.forEach(lastOnConnection);
  }

  /** Connections are kept open again. */
  goOn(): void {
    this.#announced = undefined;
  }

  /**
   * Resolves when the last connection has ended; nothing may accept new ones.
   *
   * @throws {DrainError} after so many milliseconds
   */
  async drained(timeout: number): Promise<void> {
    this.announceEnd();
    const deadline = performance.now() + timeout;
    while (this.#open.size > 0) {
      const now = performance.now();
      if (now >= deadline) throw new DrainError(this.#open.size, timeout);
      await this.#change(Math.min(deadline, this.#endIdle(now)) - now);
    }
  }

  /** Ends the connections that were idle for long enough; gives when the next one will be. */
  #endIdle(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    if (!this.#http) return next;
    for (const [socket, { responses, idleSince }] of this.#open) {
      if (responses.size > 0) continue;
      const end = Math.max(idleSince, this.#announced ?? now) + IDLE_GRACE;
      if (end <= now) socket.end();
      else next = Math.min(next, end);
    }
    return next;
  }

  /** Resolves when a connection has closed, or after so many milliseconds. */
  #change(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function lastOnConnection(response: ServerResponse): void {
  response.shouldKeepAlive = false;
}
