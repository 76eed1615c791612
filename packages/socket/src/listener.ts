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

export interface ListenOptions {
  /** An IPv4 or IPv6 address; 127.0.0.1 by default. */
  readonly host?: string;
  /** 0, the default, lets the system choose. */
  readonly port?: number;
  /** Connections that wait to be accepted; 511 by default. */
  readonly backlog?: number;
}

/**
 * A listening TCP socket that outlives the server which accepts from it. While nobody accepts,
 * connections wait in the backlog: clients notice a pause and nothing else.
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

  /** A new listening socket. @throws {SystemCallError} such as EADDRINUSE */
  static open(options: ListenOptions = {}): Listener {
    return new Listener(listenTcp(options));
  }

  /**
   * A listening socket that came from elsewhere; it is the listener's from now on.
   *
   * @throws {NotListeningError} when the descriptor is no listening TCP socket
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

  /** Has the server accept connections from the socket. */
  async serve(server: Server): Promise<void> {
    if (this.#server !== server) this.#connections = new Connections(server);
    this.#server = server;
    // The server closes its descriptor when it stops; the socket stays with the listener.
    server.listen({ fd: duplicate(this.fd) });
    await once(server, "listening");
  }

  /** Serving goes on, but every answer tells its client to connect anew. */
  announcePause(): void {
    this.#connections?.announceEnd();
  }

  /** Resolves when a pause need not wait for connections that are idle; serving goes on. */
  async settled(): Promise<void> {
    await this.#connections?.settled();
  }

  /** Takes back what was announced. */
  cancelPause(): void {
    this.#connections?.goOn();
  }

  /**
   * Stops accepting, and resolves when every request that has come is answered. Clients that
   * connect from now on wait in the backlog.
   *
   * @param timeout how long requests may take, in milliseconds
   * @throws {DrainError} when some take longer; `resume` then goes on
   */
  async pause(timeout = 10_000): Promise<void> {
    if (this.#server === undefined || this.#connections === undefined) return;
    // Not the HTTP server's own close, which would drop connections that are about to be used.
    Server.prototype.close.call(this.#server);
    await this.#connections.drained(timeout);
  }

  /** Accepts again after a pause. */
  async resume(): Promise<void> {
    this.cancelPause();
    if (this.#server !== undefined && !this.#server.listening) await this.serve(this.#server);
  }

  /** Closes the socket, once; a server that accepts from it goes on until it is closed itself. */
  close(): void {
    if (!this.#closed) closeDescriptor(this.fd);
    this.#closed = true;
  }
}
