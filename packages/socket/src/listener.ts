import { once } from "node:events";
import { Server } from "node:net";
import {
  closeDescriptor,
  duplicate,
  isListening,
  listenTcp,
  setCloseOnExec,
  socketAddress,
} from "@luo/linux";
import { Connections } from "./connections.js";
import { NotListeningError } from "./errors.js";

/** The address and the backlog of a new listening socket. */
export interface ListenOptions {
  /** An IPv4 or IPv6 address; 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  /** Connections that may wait to be accepted; 511 by default. */
  readonly backlog?: number;
}

/**
 * A listening TCP socket that outlives the server which accepts from it. While no server accepts,
 * new connections wait in the backlog, so clients notice a pause and nothing else.
 */
export class Listener {
  readonly fd: number;
  readonly address: string;
  readonly port: number;
  #server: Server | undefined;
  #connections: Connections | undefined;
  #closed = false;

  private constructor(fd: number) {
    const { address, port } = socketAddress(fd);
    this.fd = fd;
    this.address = address;
    this.port = port;
  }

  /** Opens a new listening socket. @throws {SystemCallError} such as EADDRINUSE */
  static open(options: ListenOptions = {}): Listener {
    return new Listener(listenTcp(options));
  }

  /**
   * Takes over a listening socket by its descriptor, which this object closes from now on.
   *
   * @throws {NotListeningError} when the descriptor is not a listening TCP socket
   */
  static adopt(fd: number): Listener {
    let adopted: Listener;
    try {
      if (!isListening(fd)) throw new NotListeningError(fd);
      adopted = new Listener(fd);
    } catch (cause) {
      throw cause instanceof NotListeningError ? cause : new NotListeningError(fd, { cause });
    }
    setCloseOnExec(fd, true);
    return adopted;
  }

  /** Makes a server accept connections from the socket; resolves when it does. */
  async serve(server: Server): Promise<void> {
    if (this.#server !== server) this.#connections = new Connections(server);
    this.#server = server;
    // The server closes its descriptor when it stops; the socket stays with the listener.
    server.listen({ fd: duplicate(this.fd) });
    await once(server, "listening");
  }

  /** Makes every answer from now on tell its client to connect again. The server still serves. */
  announcePause(): void {
    this.#connections?.announceEnd();
  }

  /** Resolves when a pause need not wait for idle connections. The server still serves. */
  async settled(): Promise<void> {
    await this.#connections?.settled();
  }

  /** Takes the announcement of a pause back. */
  cancelPause(): void {
    this.#connections?.goOn();
  }

  /**
   * Stops accepting, and resolves when every request that has come is answered. Clients that
   * connect from now on wait in the backlog.
   *
   * @param timeout milliseconds that requests may take
   * @throws {DrainError} when a request takes longer; call `resume` to accept again
   */
  async pause(timeout = 10_000): Promise<void> {
    if (this.#server === undefined || this.#connections === undefined) return;
    // The HTTP server's own close would drop idle connections that a client is about to use.
    Server.prototype.close.call(this.#server);
    await this.#connections.drained(timeout);
  }

  /** Accepts again after a pause. */
  async resume(): Promise<void> {
    this.cancelPause();
    if (this.#server !== undefined && !this.#server.listening) await this.serve(this.#server);
  }

  /**
   * Closes the socket; a second call does nothing. A server that accepts from it goes on until it
   * closes.
   */
  close(): void {
    if (!this.#closed) closeDescriptor(this.fd);
    this.#closed = true;
  }
}
