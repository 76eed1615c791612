import { subscribe } from "node:diagnostics_channel";
import { Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server as HttpsServer } from "node:https";
import type { Server, Socket } from "node:net";
import { DrainError } from "./errors.js";

/**
 * Milliseconds for which an HTTP connection without a request stays open once its end is announced.
 * A client that is about to use it still gets an answer, which tells it to connect again. Most of
 * that time passes while the server still serves.
 */
const IDLE_GRACE = 1000;

/** Milliseconds that a client may take to close a connection that was ended. */
const CLOSE_GRACE = 100;

/** The longest that a timer of Node can run, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

interface Connection {
  readonly socket: Socket;
  readonly responses: Set<ServerResponse>;
  /** The time in milliseconds of the performance clock, like every time in this file. */
  readonly openedAt: number;
  /** The time when its last request was answered, or when it was opened. */
  idleSince: number;
}

/** Gives the name of a connection: the same for a TLS socket and the TCP socket below it. */
const key = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;

const tracked = new WeakMap<Server, Connections>();

/** True once requests are noted, which happens before any listener of the program sees them. */
let watching = false;

function watch(): void {
  if (watching) return;
  watching = true;
  subscribe("http.server.request.start", (message) => {
    const { request, response, server } = message as {
      readonly request: IncomingMessage;
      readonly response: ServerResponse;
      readonly server: Server;
    };
    tracked.get(server)?.begin(request, response);
  });
}

/**
 * The connections of a server, which end without losing a request. Their end is announced first,
 * while the server still accepts new ones. Once it accepts no more, `drained` waits for the rest.
 * HTTP/1 connections, with TLS or without, end after an answer; all others stay until they are
 * closed.
 */
export class Connections {
  readonly #open = new Map<string, Connection>();
  readonly #http: boolean;
  #announced: number | undefined;
  #changed: () => void = () => {};

  constructor(server: Server) {
    this.#http = server instanceof HttpServer || server instanceof HttpsServer;
    server.on("connection", (socket: Socket) => {
      const name = key(socket);
      const now = performance.now();
      this.#open.set(name, { socket, responses: new Set(), openedAt: now, idleSince: now });
      socket.once("close", () => {
        this.#open.delete(name);
        this.#changed();
      });
    });
    tracked.set(server, this);
    watch();
  }

  /** Notes a request until it is answered. */
  begin({ socket }: IncomingMessage, response: ServerResponse): void {
    const connection = this.#open.get(key(socket));
    connection?.responses.add(response);
    response.once("close", () => {
      connection?.responses.delete(response);
      if (connection !== undefined) connection.idleSince = performance.now();
      this.#changed();
    });
    if (this.#announced !== undefined) lastOnConnection(response);
  }

  /** Makes every answer from now on the last one on its connection. */
  announceEnd(): void {
    if (this.#announced !== undefined) return;
    this.#announced = performance.now();
    for (const { responses } of this.#open.values()) responses.forEach(lastOnConnection);
  }

  /** Takes the announcement back: connections stay open after an answer. */
  goOn(): void {
    this.#announced = undefined;
  }

  /**
   * Resolves when no HTTP connection that was open at the announcement is idle, or after a second
   * at the latest. New connections may come meanwhile.
   */
  async settled(): Promise<void> {
    this.announceEnd();
    const announced = this.#announced ?? 0;
    const until = announced + IDLE_GRACE;
    const waiting = () =>
      this.#http &&
      Array.from(this.#open.values()).some(
        ({ openedAt, responses }) => openedAt <= announced && responses.size === 0,
      );
    for (let now = performance.now(); now < until && waiting(); now = performance.now()) {
      await this.#change(until - now);
    }
  }

  /**
   * Resolves when the last connection has ended. The caller stops the server from accepting first.
   *
   * @param timeout milliseconds
   * @throws {DrainError} when connections are still open after that time
   */
  async drained(timeout: number): Promise<void> {
    this.announceEnd();
    const deadline = performance.now() + timeout;
    for (;;) {
      await arrived();
      if (this.#open.size === 0) return;
      const now = performance.now();
      if (now >= deadline) throw new DrainError(this.#open.size, timeout);
      await this.#change(Math.min(deadline, this.#endIdle(now)) - now);
    }
  }

  /**
   * Ends connections that were idle for long enough, and gives the time when the next one will be.
   */
  #endIdle(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    if (!this.#http) return next;
    for (const { socket, responses, idleSince } of this.#open.values()) {
      if (responses.size > 0) continue;
      const end = Math.max(idleSince, this.#announced ?? now) + IDLE_GRACE;
      const gone = end + CLOSE_GRACE;
      if (gone <= now) socket.destroy();
      else if (end <= now) socket.end();
      next = Math.min(next, end <= now ? gone : end);
    }
    return next;
  }

  /** Resolves when an answer or a connection has ended, or after so many milliseconds. */
  #change(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(milliseconds, LONGEST_TIMER));
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/**
 * Waits for data that the kernel has already: reading takes one turn of the event loop, parsing
 * another.
 */
async function arrived(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

function lastOnConnection(response: ServerResponse): void {
  response.shouldKeepAlive = false;
}
