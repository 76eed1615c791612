import { costOf, MAX_IDENTIFIER } from "@luo/store";
import { ArgumentError, INSPECT, show } from "@luo/struct";
import { checkFamily, type Family, type Manifest, manifestOf } from "@luo/version";
import { type Alongside, versionsAlongside } from "./alongside.js";
import type { Carrier } from "./carrier.js";
import { LostSuccessorError, PreserveError, StateError, UndoError, UpdateError } from "./errors.js";
import {
  type Attempt,
  familiesOf,
  handOver,
  type Kept,
  type KeptFile,
  type KeptObject,
} from "./hand-over.js";
import { type Handler, recordIdentifier } from "./handler.js";
import { familyLabel, type Inspect, inspected } from "./inspect.js";
import { type Program, programLabel } from "./program.js";
import type { UpdateOptions, UpdateReport, VersionCost } from "./report.js";
import { UndoList } from "./undo.js";

/**
 * The state of a program with regard to updates:
 *
 *     serving > preparing > frozen > finished
 *        ^          |          |
 *        +----------+----------+   any failure: undone in reverse order
 *
 * While it prepares, it still serves. From `frozen` on nothing changes; until the successor says
 * `finish`, the program can return to serving. Once it is finished, the successor serves.
 */
export type State = "serving" | "preparing" | "frozen" | "finished";

/** A predecessor, as `console.log` shows it. */
export interface PredecessorSummary {
  readonly program: string | undefined;
  readonly state: State;
  /** By identifier, the name of the family and the version of the program's class: `counter@1`. */
  readonly objects: ReadonlyMap<string, string>;
  /** By token, the name of the record's family and the version of its class. */
  readonly resources: ReadonlyMap<string, string>;
}

/** Keeps objects and resources for the successor, and hands them over in an update. */
export class Predecessor {
  /** This program, as the successor and all errors name it. */
  readonly program: Program | undefined;
  readonly #handlers: readonly Handler[];
  readonly #objects = new Map<string, KeptObject>();
  readonly #files = new Map<string, KeptFile>();
  /** By identifier, the names of objects and resources that are still being made. */
  readonly #making = new Map<string, string>();
  #attempt: Attempt | undefined;

  constructor(handlers: readonly Handler[], program?: Program) {
    this.#handlers = handlers;
    this.program = program;
  }

  get state(): State {
    return this.#attempt?.state ?? "serving";
  }

  /**
   * Keeps an object for the successor.
   *
   * @param identifier at most 128 bytes of UTF-8
   * @param current gives the object. Each update calls it twice: before anything freezes, to check
   *   that the object can be written, and once all resources are frozen, to write it
   * @throws {PreserveError} when the identifier is taken, too long or no text, or an update is underway
   * @throws {ArgumentError} when `family` is no family or `current` no function
   */
  keep<T extends object>(identifier: string, family: Family<T>, current: () => T): void {
    this.#checkFree(identifier, identifier);
    checkFamily(family);
    if (typeof current !== "function") {
      const expected = "a function that gives the object";
      throw new ArgumentError("current", { found: show(current), expected });
    }
    this.#objects.set(identifier, { family, current });
  }

  /**
   * Makes an object and keeps it. The identifier is taken at once, and free again if `make` fails.
   * No update can begin until `make` ends.
   *
   * @throws {PreserveError} as `keep` does, before anything is made
   */
  async keepNew<T extends object>(
    identifier: string,
    family: Family<T>,
    make: () => T | Promise<T>,
  ): Promise<T> {
    const keep = (object: T) => this.#objects.set(identifier, { family, current: () => object });
    return this.#make(identifier, identifier, make, keep);
  }

  /**
   * Keeps a resource under a token.
   *
   * @throws {PreserveError} when the token is taken or too long, no handler knows such a resource,
   *   or an update is underway
   */
  preserve(token: string, resource: object): void {
    this.#checkToken(token);
    const handler = this.#handlers.find((candidate) => candidate.canPreserve(resource));
    if (handler === undefined) {
      const known = this.#handlers.map(({ family }) => family.name).join(", ") || "none";
      const found = resource.constructor?.name ?? "object";
      throw new PreserveError(token, {
        found: `no handler can preserve a ${found}`,
        do: `add a handler for it; there are: ${known}`,
      });
    }
    this.#checkFree(token, recordIdentifier(handler, token));
    this.#files.set(token, { handler, resource });
  }

  /**
   * Makes a resource and keeps it. The token is taken at once, and free again if `make` fails. No
   * update can begin until `make` ends.
   *
   * @throws {PreserveError} as `preserve` does, before anything is made; or when the handler cannot
   *   preserve the resource that was made
   */
  async preserveNew<R extends object, S extends object>(
    token: string,
    handler: Handler<R, S>,
    make: () => R | Promise<R>,
  ): Promise<R> {
    const known = handler as Handler;
    this.#checkToken(token);
    const keep = (resource: R) => {
      if (!known.canPreserve(resource)) {
        const problem = `the handler of ${known.family.name} cannot preserve ${show(resource)}`;
        throw new PreserveError(token, `${problem}; make what it is for`);
      }
      this.#files.set(token, { handler: known, resource });
    };
    return this.#make(token, recordIdentifier(known, token), make, keep);
  }

  /**
   * Forgets the resource under a token, and gives true when there was one.
   *
   * @throws {PreserveError} when an update is underway
   */
  unpreserve(token: string): boolean {
    this.#checkServing(token);
    return this.#files.delete(token);
  }

  async #make<T>(
    name: string,
    identifier: string,
    make: () => T | Promise<T>,
    keep: (made: T) => void,
  ): Promise<T> {
    this.#checkFree(name, identifier);
    this.#making.set(identifier, name);
    try {
      const made = await make();
      keep(made);
      return made;
    } finally {
      this.#making.delete(identifier);
    }
  }

  #checkServing(name: string): void {
    const { state } = this;
    if (state === "serving") return;
    throw new PreserveError(name, `what is kept cannot change while an update is ${state}`);
  }

  #checkToken(token: string): void {
    checkText(token);
    if (this.#files.has(token)) throw new PreserveError(token, "this token is taken");
    if (token.startsWith(".")) throw new PreserveError(token, "a token cannot begin with a dot");
  }

  /** Checks an identifier. @throws {PreserveError} when nothing can be stored under it now */
  #checkFree(name: string, identifier: string): void {
    checkText(name);
    this.#checkServing(name);
    const records = Array.from(this.#files, ([token, { handler }]) =>
      recordIdentifier(handler, token),
    );
    const taken = [this.#objects, this.#making].some((names) => names.has(identifier));
    if (taken || records.includes(identifier)) {
      throw new PreserveError(name, {
        found: `something is kept as ${JSON.stringify(identifier)} already`,
        do: "use another name",
      });
    }
    const bytes = new TextEncoder().encode(identifier).length;
    if (bytes > MAX_IDENTIFIER) {
      throw new PreserveError(name, {
        found: `${JSON.stringify(identifier)} of ${bytes} bytes`,
        expected: `at most ${MAX_IDENTIFIER}`,
        do: "use a shorter name",
      });
    }
  }

  /** Gives the versions that this program writes, for the families that it keeps. */
  manifest(): Manifest {
    return manifestOf(familiesOf(this.#kept));
  }

  get #kept(): Kept {
    return { program: this.program, objects: this.#objects, files: this.#files };
  }

  /**
   * Gives the bytes that each kept object would take in an image now: in the newest version, and in
   * each version written alongside. Nothing is frozen. Resources are not included, as their records
   * are made when they freeze.
   *
   * @throws what `ObjectStore.put` of `@luo/store` throws, when an object cannot be written
   */
  cost(alongside: Alongside = { last: 0 }): readonly VersionCost[] {
    return Array.from(this.#objects, ([identifier, { family, current }]) => {
      const costs = costOf(current(), versionsAlongside(family, alongside), family);
      return Array.from(costs, ([version, bytes]) => {
        return { identifier, family: family.name, version, bytes };
      });
    }).flat();
  }

  /**
   * Hands everything over to a successor. When it resolves, the successor has taken over, and this
   * program should end.
   *
   * @throws {StateError} when another update is underway, something is still being made, or this
   *   program has handed over already
   * @throws {UpdateError} when the update did not happen; this program serves as before
   * @throws {UndoError} when the update did not happen, and undoing its steps failed as well
   * @throws {LostSuccessorError} when the successor took over, but ended or failed before it served
   */
  async update(carrier: Carrier, options: UpdateOptions = {}): Promise<UpdateReport> {
    this.#checkReady();
    const undo = new UndoList();
    const attempt: Attempt = { undo, step: "preparing", successor: undefined, state: "preparing" };
    this.#attempt = attempt;
    try {
      return await handOver(this.#kept, carrier, options, attempt);
    } catch (cause) {
      const { step, successor, state } = attempt;
      if (state === "finished") throw new LostSuccessorError(cause, successor);
      const errors = await undo.run();
      this.#attempt = undefined;
      if (errors.length > 0) throw new UndoError(errors, cause);
      throw new UpdateError(step, cause, this.program, successor);
    }
  }

  #checkReady(): void {
    const { state } = this;
    if (state === "finished") {
      throw new StateError({ found: "this program has handed over already", do: "end it" });
    }
    if (state !== "serving") {
      throw new StateError({ found: `another update is ${state}`, do: "wait for it" });
    }
    const [name] = this.#making.values();
    if (name !== undefined) {
      const found = `${JSON.stringify(name)} is still being made`;
      throw new StateError({ found, do: "wait for it" });
    }
  }

  /** Shows the program, the state, and what is kept: objects by identifier, resources by token. */
  [INSPECT](depth: number, options: object, inspect: Inspect): string {
    return inspected("Predecessor", this.summary(), depth, options, inspect);
  }

  /** Gives the same as an object. */
  summary(): PredecessorSummary {
    return {
      program: this.program && programLabel(this.program),
      state: this.state,
      objects: new Map(
        Array.from(this.#objects, ([name, { family }]) => [name, familyLabel(family)]),
      ),
      resources: new Map(
        Array.from(this.#files, ([name, { handler }]) => [name, familyLabel(handler.family)]),
      ),
    };
  }
}

/** Checks a token or identifier. @throws {PreserveError} when it is empty or no text */
function checkText(name: unknown): void {
  if (typeof name === "string" && name !== "") return;
  throw new PreserveError(show(name), { found: "this is no name", expected: "text, such as heap" });
}
