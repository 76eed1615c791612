import { costOf, heapBacking, MAX_IDENTIFIER, ObjectStore } from "@luo/store";
import { type Family, type Manifest, manifestOf, negotiate } from "@luo/version";
import { type Alongside, versionsAlongside } from "./alongside.js";
import { type Carrier, IMAGE_NAME, type NamedDescriptor } from "./carrier.js";
import {
  LinkTimeoutError,
  LostSuccessorError,
  PreserveError,
  reasonOf,
  StateError,
  UndoError,
  UpdateError,
} from "./errors.js";
import { type Handler, recordIdentifier } from "./handler.js";
import type { Link } from "./link.js";
import type { UpdateOptions, UpdateReport, VersionCost } from "./report.js";
import { UndoList } from "./undo.js";

/**
 * A program's life, as seen from the updates that it tries:
 *
 *     serving > preparing > frozen > finished
 *        ^          |          |
 *        +----------+----------+   any failure: undone in reverse order
 *
 * While it prepares it serves on. From `frozen` on nothing changes; until the successor says
 * `finish` it can still return to serving. Once finished, the successor serves.
 */
export type State = "serving" | "preparing" | "frozen" | "finished";

interface KeptObject {
  readonly family: Family;
  readonly current: () => object;
}

interface KeptFile {
  readonly handler: Handler;
  readonly resource: object;
}

/** What a program keeps for its successor, and the update that hands it over. */
export class Predecessor {
  readonly #handlers: readonly Handler[];
  readonly #objects = new Map<string, KeptObject>();
  readonly #files = new Map<string, KeptFile>();
  #state: State = "serving";

  constructor(handlers: readonly Handler[]) {
    this.#handlers = handlers;
  }

  get state(): State {
    return this.#state;
  }

  /**
   * Keeps an object: `current` is called when everything else is frozen, and before that once to see
   * that what it gives can be written.
   *
   * @param identifier at most 128 bytes of UTF-8
   * @throws {PreserveError} when the identifier is taken or too long, or an update is underway
   */
  keep<T extends object>(identifier: string, family: Family<T>, current: () => T): void {
    this.#checkFree(identifier, identifier);
    this.#objects.set(identifier, { family, current });
  }

  /**
   * Keeps a resource under a token.
   *
   * @throws {PreserveError} when the token is taken or too long, no handler knows such a resource, or
   *   an update is underway
   */
  preserve(token: string, resource: object): void {
    if (this.#files.has(token)) {
      throw new PreserveError(token, { found: "this token is taken", do: "use another" });
    }
    if (token.startsWith(".")) {
      const found = "a token cannot begin with a dot";
      throw new PreserveError(token, { found, do: "use another" });
    }
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
   * Forgets what was kept under a token; whether there was anything.
   *
   * @throws {PreserveError} when an update is underway
   */
  unpreserve(token: string): boolean {
    this.#checkServing(token);
    return this.#files.delete(token);
  }

  #checkServing(name: string): void {
    if (this.#state === "serving") return;
    throw new PreserveError(name, {
      found: `what is kept cannot change while an update is ${this.#state}`,
      do: "wait for the update",
    });
  }

  /** Whether something can be stored under an identifier. */
  #checkFree(name: string, identifier: string): void {
    this.#checkServing(name);
    const records = Array.from(this.#files, ([token, { handler }]) =>
      recordIdentifier(handler, token),
    );
    if (this.#objects.has(identifier) || records.includes(identifier)) {
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

  /** What this program writes: the families of what it keeps. */
  manifest(): Manifest {
    return manifestOf(this.#families());
  }

  #families(): ReadonlySet<Family> {
    const handlers = Array.from(this.#files.values(), ({ handler }) => handler);
    return new Set([...this.#objects.values(), ...handlers].map(({ family }) => family));
  }

  /**
   * What the objects that are kept would take in an image as they are now: in the newest version, and
   * in each that would be written alongside. Nothing is frozen for it; resources, whose records are
   * made when they freeze, are not among them.
   *
   * @throws what `@luo/store`'s `ObjectStore.put` throws, when an object cannot be written
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
   * Hands everything over to a successor. When it resolves, the successor serves and this program
   * should end.
   *
   * @throws {StateError} when another update is underway, or this program has handed over
   * @throws {UpdateError} when the update did not happen; this program then serves as before
   * @throws {UndoError} when not even that worked
   * @throws {LostSuccessorError} when the successor took over, but never served
   */
  async update(carrier: Carrier, options: UpdateOptions = {}): Promise<UpdateReport> {
    if (this.#state === "finished") {
      throw new StateError({
        found: "this program has handed over already",
        do: "end it",
      });
    }
    if (this.#state !== "serving") {
      throw new StateError({ found: `another update is ${this.#state}`, do: "wait for it" });
    }
    const undo = new UndoList();
    const progress = { step: "preparing" };
    this.#state = "preparing";
    try {
      return await this.#handOver(carrier, options, undo, progress);
    } catch (cause) {
      if (this.state === "finished") throw new LostSuccessorError(cause);
      const errors = await undo.run();
      this.#state = "serving";
      if (errors.length > 0) throw new UndoError(errors, cause);
      throw new UpdateError(progress.step, cause);
    }
  }

  async #handOver(
    carrier: Carrier,
    { timeout = 30_000, alongside = { last: 0 } }: UpdateOptions,
    undo: UndoList,
    progress: { step: string },
  ): Promise<UpdateReport> {
    const asked = new Map(
      Array.from(this.#families(), (family) => [family, versionsAlongside(family, alongside)]),
    );
    const image = carrier.createImage();
    undo.add(() => image.close());
    const descriptors: NamedDescriptor[] = [{ name: IMAGE_NAME, fd: image.fd }];
    for (const [token, { handler, resource }] of this.#files) {
      descriptors.push({ name: token, fd: handler.preserve(resource) });
      undo.add(() => handler.unpreserve?.(resource));
    }

    progress.step = "starting the successor";
    const successor = await carrier.launch(descriptors);
    // Whatever it still holds, it lets go before anything here goes on.
    undo.addFirst(() => successor.kill());
    const { manifest } = await successor.inbox.expect("hello", timeout);

    progress.step = "negotiating versions";
    const offered = this.manifest();
    const chosen = refuseUnless(() => negotiate(offered, manifest), successor);

    const older = (family: Family) => [
      ...(chosen.has(family.name) ? [chosen.get(family.name) as number] : []),
      ...(asked.get(family) ?? []),
    ];
    progress.step = "trying out what will be written";
    this.#rehearse(older);

    progress.step = "waiting for resources to settle";
    const files = [...this.#files].sort(
      ([, a], [, b]) => Number(b.handler.input ?? false) - Number(a.handler.input ?? false),
    );
    await Promise.all(files.map(([, { handler, resource }]) => handler.settle?.(resource)));

    progress.step = "freezing";
    const frozenAt = performance.now();
    this.#state = "frozen";
    const store = ObjectStore.create(image);
    for (const [token, { handler, resource }] of files) {
      undo.add(() => handler.unfreeze?.(resource));
      const record = await handler.freeze(resource);
      const { family } = handler;
      store.put(recordIdentifier(handler, token), record, { family, alongside: older(family) });
    }
    for (const [identifier, { family, current }] of this.#objects) {
      store.put(identifier, current(), { family, alongside: older(family) });
    }
    const objects = store.list();
    const imageBytes = store.seal();
    image.seal();

    progress.step = "waiting for the successor to take over";
    successor.send({ type: "frozen" });
    await successor.inbox.expect("finish", timeout);

    // The point of no return: the successor has everything, and serves once it hears this.
    this.#state = "finished";
    successor.send({ type: "committed" });
    image.close();
    const pause = await successor.inbox.expect("serving", timeout).then(
      () => performance.now() - frozenAt,
      (error) => {
        if (error instanceof LinkTimeoutError) return undefined;
        throw error;
      },
    );
    successor.release();
    return {
      offered,
      successor: manifest,
      chosen: Object.fromEntries(chosen),
      objects,
      imageBytes,
      pause,
    };
  }

  /**
   * Writes all objects as they are now to memory that is thrown away: what does not fit, or cannot
   * be written in the version that the successor reads, is found while this program still serves.
   */
  #rehearse(older: (family: Family) => readonly number[]): void {
    const store = ObjectStore.create(heapBacking());
    for (const [identifier, { family, current }] of this.#objects) {
      store.put(identifier, current(), { family, alongside: older(family) });
    }
    store.seal();
  }
}

/** Tells a successor that is not wanted why, so that it can say so and end by itself. */
function refuseUnless<T>(decide: () => T, successor: Link): T {
  try {
    return decide();
  } catch (error) {
    successor.send({ type: "refused", reason: reasonOf(error) });
    throw error;
  }
}
