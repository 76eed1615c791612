import { spawnArrival } from "@luo/carriers";
import { Memfd } from "@luo/linux";
import { memfd } from "@luo/memfd";
import {
  type Alongside,
  type Carrier,
  type Handler,
  Inheritance,
  type Inspect,
  inspected,
  Predecessor,
  PreserveError,
  type Program,
  parseProgram,
  type UpdateOptions,
  type UpdateReport,
  type VersionCost,
} from "@luo/orchestrator";
import { Listener, type ListenOptions, listener } from "@luo/socket";
import { ArgumentError, INSPECT, show } from "@luo/struct";
import type { Family } from "@luo/version";
import { DeclaredFamilies } from "./declared-families.js";
import { thisProgram } from "./this-program.js";

/** The families, handlers, name and timeout of a program. */
export interface LiveUpdateOptions {
  /**
   * The families of all objects that the program takes or keeps. The predecessor learns them before
   * the first object is taken.
   */
  readonly families: readonly Family[];
  /** Handlers for further kinds of resources, beside memfds and listening sockets. */
  readonly handlers?: readonly Handler[];
  /**
   * The name and version of the program, as reports and errors on both sides show them. By default
   * those in the nearest package.json above the main module (`process.argv[1]`, behind all links);
   * without a package.json that has a name, the name of the main module's file.
   */
  readonly program?: Program;
  /**
   * The time that the predecessor has for each of its answers, in milliseconds; 30 000 by default.
   */
  readonly timeout?: number;
}

/** A function that makes something, at once or asynchronously. */
export type Create<T> = () => T | Promise<T>;

/** The first object: the object itself, some of its fields, or a function that makes either. */
export type Initial<T extends object> = Partial<T> | Create<Partial<T>>;

/**
 * The part of one program in live updates: first as a successor, if a predecessor started it, and
 * from `ready` on as the predecessor of the next program.
 *
 *     const live = await liveUpdate({ families: [Counter] });
 *     const counter = await live.object("counter", Counter);
 *     await live.ready();
 */
export class LiveUpdate {
  readonly #inheritance: Inheritance | undefined;
  readonly #predecessor: Predecessor;
  readonly #declared: DeclaredFamilies;
  readonly #program: Program;
  #isReady = false;

  /** Use `liveUpdate`. */
  constructor(
    program: Program,
    declared: DeclaredFamilies,
    handlers: readonly Handler[],
    inheritance: Inheritance | undefined,
  ) {
    this.#program = program;
    this.#declared = declared;
    this.#predecessor = new Predecessor(handlers, program);
    this.#inheritance = inheritance;
  }

  /** This program, as reports and errors name it. */
  get program(): Program {
    return this.#program;
  }

  /** Everything that the predecessor left; undefined when no predecessor started this program. */
  get inheritance(): Inheritance | undefined {
    return this.#inheritance;
  }

  /**
   * Gives the object that the predecessor left, or else a new one, and keeps it: each update writes
   * its fields as they are then. Change the object in place; `Object.assign(counter, { hits: 0n })`
   * changes many fields at once. Another object in the same variable is not kept. Arrays behind
   * `@ref` become ordinary arrays, so all of them are read while no program serves. For large
   * arrays, and for state that is computed, use `take` and `keep`.
   *
   *     const counter = await live.object("counter", Counter, { hits: 100n });
   *     const cache = await live.object("cache", Cache, async () => ({ entries: await load() }));
   *
   * @param initial the new object, some of its fields, or a function that gives either; used when
   *   the predecessor left none. By default the initial values of the family's class
   * @throws {UndeclaredFamilyError} when `liveUpdate` was not told of the family
   * @throws {PreserveError} when the identifier is taken or too long, and after `ready`
   * @throws {NegotiationError} when no version is shared
   * @throws what `initial` throws; the identifier is free again
   */
  async object<T extends object>(
    identifier: string,
    family: Family<T>,
    initial: Initial<T> = {},
  ): Promise<T> {
    this.#checkTaking(identifier, family);
    return this.#predecessor.keepNew(identifier, family, async () => {
      const left = this.#inheritance?.takeWhole(identifier, family);
      return left ?? created(family, initial);
    });
  }

  /**
   * Gives the object that the predecessor left, in the highest version that both know, as the
   * family's class; undefined when there is none. An array behind `@ref` is a view of the image,
   * which `ready` closes: copy the elements that are needed later.
   *
   * @throws {UndeclaredFamilyError} when `liveUpdate` was not told of the family
   * @throws {PreserveError} after `ready`
   * @throws {NegotiationError} when no version is shared
   */
  take<T extends object>(identifier: string, family: Family<T>): T | undefined {
    this.#checkTaking(identifier, family);
    return this.#inheritance?.take(identifier, family);
  }

  /**
   * Keeps an object for the successor.
   *
   * @param current gives the object. Each update calls it before anything freezes, to check that
   *   the object can be written, and again once all resources are frozen
   * @throws {UndeclaredFamilyError} when `liveUpdate` was not told of the family
   * @throws {PreserveError} when the identifier is taken
   */
  keep<T extends object>(identifier: string, family: Family<T>, current: () => T): void {
    this.#declared.check(identifier, family, "object");
    this.#predecessor.keep(identifier, family, current);
  }

  #checkTaking(identifier: string, family: Family): void {
    this.#declared.check(identifier, family, "object");
    if (!this.#isReady) return;
    const problem = "objects are taken over before ready; what comes later is kept with keep";
    throw new PreserveError(identifier, problem);
  }

  /**
   * Gives the resource that the predecessor left under a token, or else what `create` makes, and
   * preserves it.
   *
   * @throws {UndeclaredFamilyError} when `liveUpdate` was not told of the handler
   * @throws {PreserveError} when the token is taken; nothing is made
   * @throws what `create` throws; the token is free again
   */
  async resource<R extends object, S extends object>(
    token: string,
    handler: Handler<R, S>,
    create: Create<R>,
  ): Promise<R> {
    this.#declared.check(token, handler.family, "resource");
    return this.#predecessor.preserveNew(token, handler, async () => {
      // The predecessor has nothing left from `ready` on.
      const left = this.#isReady ? undefined : await this.#inheritance?.retrieve(token, handler);
      return left ?? create();
    });
  }

  /**
   * Gives the memfd that the predecessor left, unchanged, or else a new one.
   *
   * @param create the size of a new one in bytes, or a function that makes it
   */
  memfd(token: string, create: { readonly size: number } | Create<Memfd>): Promise<Memfd> {
    const make = typeof create === "function" ? create : () => Memfd.create(token, create);
    return this.resource(token, memfd, make);
  }

  /**
   * Gives the listening socket that the predecessor left, whatever its address, or else a new one.
   * A new one listens on 127.0.0.1 by default; `{ host: "0.0.0.0" }` lets other machines connect.
   *
   * @param create the address of a new one, or a function that makes it
   */
  listener(token: string, create: ListenOptions | Create<Listener> = {}): Promise<Listener> {
    const make = typeof create === "function" ? create : () => Listener.open(create);
    return this.resource(token, listener, make);
  }

  /**
   * Takes over for good, once everything is taken: the predecessor steps back, and this program
   * serves.
   *
   * @param serve starts serving; called once the predecessor answers no more
   * @throws {PreserveError} when a resource was left that this program did not retrieve
   * @throws {RefusedError} when the predecessor has gone on by itself; this program should end
   */
  async ready(serve?: () => void | Promise<void>): Promise<void> {
    try {
      await this.#inheritance?.finish();
      this.#isReady = true;
      await serve?.();
    } catch (error) {
      this.#inheritance?.fail(error);
      throw error;
    }
    this.#inheritance?.serving();
  }

  /**
   * Gives the bytes that each version of each kept object would take in an image now: the cost of
   * writing older versions alongside.
   *
   *     live.cost("all")
   */
  cost(alongside?: Alongside): readonly VersionCost[] {
    return this.#predecessor.cost(alongside);
  }

  /**
   * Hands everything that is kept over to a successor. When it resolves, the successor has taken
   * over, and this program should end.
   *
   * @throws {UpdateError} when the update did not happen; this program goes on as before
   * @throws {StateError} when another update is underway, or something is still being made
   * @throws {LostSuccessorError} when the successor took over, but ended or failed before it served
   * @throws {UndoError} when the update did not happen, and undoing its steps failed as well
   */
  update(carrier: Carrier, options?: UpdateOptions): Promise<UpdateReport> {
    return this.#predecessor.update(carrier, options);
  }

  /** Shows the program, its state, and what it keeps: objects by identifier, resources by token. */
  [INSPECT](depth: number, options: object, inspect: Inspect): string {
    const { state, ...kept } = this.#predecessor.summary();
    const content = {
      ...kept,
      state: this.#isReady ? state : "starting",
      inheritance: this.#inheritance,
    };
    return inspected("LiveUpdate", content, depth, options, inspect);
  }
}

async function created<T extends object>(family: Family<T>, initial: Initial<T>): Promise<T> {
  const fields = typeof initial === "function" ? await initial() : initial;
  return fields instanceof family.struct ? fields : family.create(fields);
}

/**
 * Begins a program's part in live updates. If a predecessor started the program, it tells the
 * predecessor which versions it reads, and waits until everything is frozen.
 *
 * @throws {ArgumentError} when `families` is no array of families
 * @throws {FamilyError} when two families of one name differ
 * @throws {ProgramError} when the program's name or version is not text of at most 95 or 63 bytes
 * @throws {RefusedError} when the predecessor finds no shared version; this program should end
 */
export async function liveUpdate(options: LiveUpdateOptions): Promise<LiveUpdate> {
  const { families, handlers = [], program = thisProgram(), timeout } = options ?? {};
  if (!Array.isArray(families)) {
    const expected = "an array of families: liveUpdate({ families: [family(CounterV1)] })";
    throw new ArgumentError("families", { found: show(families), expected });
  }
  const all: readonly Handler[] = [memfd as Handler, listener as Handler, ...handlers];
  const readable = [...families, ...all.map(({ family }) => family)];
  const declared = new DeclaredFamilies(readable);
  const own = parseProgram(program);
  const arrival = spawnArrival();
  const inheritance =
    arrival && (await Inheritance.receive(arrival, readable, { program: own, timeout }));
  return new LiveUpdate(own, declared, all, inheritance);
}
