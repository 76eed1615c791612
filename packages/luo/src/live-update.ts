import { spawnArrival } from "@luo/carriers";
import { Memfd } from "@luo/linux";
import { memfd } from "@luo/memfd";
import {
  type Alongside,
  type Carrier,
  type Handler,
  Inheritance,
  Predecessor,
  type UpdateOptions,
  type UpdateReport,
  type VersionCost,
} from "@luo/orchestrator";
import { Listener, type ListenOptions, listener } from "@luo/socket";
import type { Family } from "@luo/version";

export interface LiveUpdateOptions {
  /** The families of all objects that the program takes or keeps. */
  readonly families: readonly Family[];
  /** Handlers of further kinds of resources, beside memfds and listening sockets. */
  readonly handlers?: readonly Handler[];
  /** How long the predecessor may take for each of its answers, in milliseconds; 30 000 by default. */
  readonly timeout?: number;
}

/**
 * One program's part in live updates: first as a successor, if a predecessor started it, and from
 * `ready` on as the predecessor of whatever comes next.
 *
 *     const live = await liveUpdate({ families: [Counter] });
 *     const counter = live.take("counter", Counter) ?? new CounterV0();
 *     live.keep("counter", Counter, () => counter);
 *     await live.ready();
 */
export class LiveUpdate {
  readonly #inheritance: Inheritance | undefined;
  readonly #predecessor: Predecessor;

  /** Use `liveUpdate`. */
  constructor(inheritance: Inheritance | undefined, predecessor: Predecessor) {
    this.#inheritance = inheritance;
    this.#predecessor = predecessor;
  }

  /** What the predecessor left; undefined when this program was started afresh. */
  get inheritance(): Inheritance | undefined {
    return this.#inheritance;
  }

  /**
   * The object that the predecessor left, in the highest version that both know, as the
   * family's class; undefined when there is none. An array behind `@ref` is a view of the image: copy what
   * you need beyond `ready`.
   *
   * @throws {NegotiationError} when no version is shared
   */
  take<T extends object>(identifier: string, family: Family<T>): T | undefined {
    return this.#inheritance?.take(identifier, family);
  }

  /**
   * Keeps an object for the successor: `current` is called once nothing changes any more.
   *
   * @throws {PreserveError} when the identifier is taken
   */
  keep<T extends object>(identifier: string, family: Family<T>, current: () => T): void {
    this.#predecessor.keep(identifier, family, current);
  }

  /** The resource that the predecessor left under a token, or a new one; preserved either way. */
  async resource<R extends object, S extends object>(
    token: string,
    handler: Handler<R, S>,
    create: () => R,
  ): Promise<R> {
    const resource = (await this.#inheritance?.retrieve(token, handler)) ?? create();
    this.#predecessor.preserve(token, resource);
    return resource;
  }

  /** The memfd that the predecessor left, as it was, or a new one of so many bytes. */
  memfd(token: string, options: { readonly size: number }): Promise<Memfd> {
    return this.resource(token, memfd, () => Memfd.create(token, options));
  }

  /** The listening socket that the predecessor left, wherever it listens, or a new one. */
  listener(token: string, options: ListenOptions): Promise<Listener> {
    return this.resource(token, listener, () => Listener.open(options));
  }

  /**
   * Everything is taken: the predecessor steps back for good, and this program serves.
   *
   * @param serve starts serving; not called before nobody else answers any more
   * @throws {PreserveError} when something was left that nobody retrieved
   * @throws {RefusedError} when the predecessor has gone on by itself; this program should end
   */
  async ready(serve?: () => void | Promise<void>): Promise<void> {
    try {
      await this.#inheritance?.finish();
      await serve?.();
    } catch (error) {
      this.#inheritance?.fail(error);
      throw error;
    }
    this.#inheritance?.serving();
  }

  /**
   * What the objects that are kept would take in an image as they are now, by version: what it costs
   * to write older ones alongside.
   *
   *     live.cost("all")
   */
  cost(alongside?: Alongside): readonly VersionCost[] {
    return this.#predecessor.cost(alongside);
  }

  /**
   * Hands everything that is kept and preserved over to a successor. When it resolves, the
   * successor serves and this program should end.
   *
   * @throws {UpdateError} when it did not happen; this program then goes on as before
   */
  update(carrier: Carrier, options?: UpdateOptions): Promise<UpdateReport> {
    return this.#predecessor.update(carrier, options);
  }
}

/**
 * Begins a program's part in live updates. If it was started by a predecessor, it says what it
 * reads and waits until everything is frozen.
 *
 * @throws {RefusedError} when the predecessor finds no shared version; this program should end
 */
export async function liveUpdate({
  families,
  handlers = [],
  timeout,
}: LiveUpdateOptions): Promise<LiveUpdate> {
  const all: readonly Handler[] = [memfd as Handler, listener as Handler, ...handlers];
  const readable = [...families, ...all.map(({ family }) => family)];
  const arrival = spawnArrival();
  const inheritance = arrival && (await Inheritance.receive(arrival, readable, timeout));
  return new LiveUpdate(inheritance, new Predecessor(all));
}
