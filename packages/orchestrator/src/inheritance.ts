import { BadAddressError, BadObjectError, ObjectStore, type StoredObject } from "@luo/store";
import { codecOf } from "@luo/struct";
import { type Family, manifestOf } from "@luo/version";
import { type Arrival, IMAGE_NAME, type ImageFile } from "./carrier.js";
import { LinkClosedError, PreserveError, reasonOf } from "./errors.js";
import { type Handler, recordIdentifier } from "./handler.js";
import { familyLabel, INSPECT, type Inspect, inspected } from "./inspect.js";
import { ownArrays } from "./own-arrays.js";
import { type Program, programLabel } from "./program.js";

interface Retrieved {
  readonly handler: Handler;
  readonly resource: object;
}

export interface ReceiveOptions {
  /** This program, as the predecessor names it. */
  readonly program?: Program | undefined;
  /** The time that the predecessor has to freeze, in milliseconds; 30 000 by default. */
  readonly timeout?: number | undefined;
}

/**
 * Everything that a predecessor left. The successor takes objects and retrieves resources, then says `finish`:
 * from then on it alone answers for them. Should it fail before, the predecessor goes on.
 */
export class Inheritance {
  readonly #arrival: Arrival;
  readonly #image: ImageFile;
  readonly #store: ObjectStore;
  /** By token; undefined until the handler has given the resource. */
  readonly #retrieved = new Map<string, Retrieved | undefined>();
  #closed = false;

  private constructor(arrival: Arrival, image: ImageFile, store: ObjectStore) {
    this.#arrival = arrival;
    this.#image = image;
    this.#store = store;
  }

  /**
   * Tells the predecessor what this program reads, and waits for what it leaves.
   *
   * @param families all that the program may take or retrieve
   * @throws {RefusedError} when no version is shared; this program should end
   */
  static async receive(
    arrival: Arrival,
    families: readonly Family[],
    { program, timeout = 30_000 }: ReceiveOptions = {},
  ): Promise<Inheritance> {
    const fd = arrival.descriptors.get(IMAGE_NAME);
    if (fd === undefined)
      throw new PreserveError(IMAGE_NAME, {
        found: "the carrier brought no image",
        do: "carry every descriptor that it is given, under its name",
      });
    arrival.descriptors.delete(IMAGE_NAME);
    const image = arrival.openImage(fd);
    // What can be done while the predecessor still serves is no part of the pause.
    for (const family of families) {
      for (const version of family.reads) codecOf(family.structOf(version));
    }
    const manifest = manifestOf(families);
    arrival.send({ type: "hello", manifest, ...(program && { program }) });
    await arrival.inbox.expect("frozen", timeout);
    try {
      return new Inheritance(arrival, image, ObjectStore.open(image));
    } catch (error) {
      arrival.send({ type: "failed", reason: reasonOf(error) });
      throw error;
    }
  }

  /** The predecessor; undefined when it is of a release that does not say which program it is. */
  get program(): Program | undefined {
    return this.#arrival.inbox.program;
  }

  /** Everything in the image. */
  get objects(): readonly StoredObject[] {
    return this.#store.list();
  }

  /**
   * The object in the highest shared version, as the family's class; undefined if there is none.
   *
   * @throws {BadObjectError} when it is not what was written; the predecessor is told, and goes on
   */
  take<T extends object>(identifier: string, family: Family<T>): T | undefined {
    return this.#reading(() => this.#store.take(identifier, family));
  }

  /**
   * The same, but with arrays of the program's own behind `@ref`, and not views of the image: it
   * reads all of them, and the object stays whole when the image is closed.
   *
   * @throws what `take` throws, and {BadAddressError} when an array is not what was written
   */
  takeWhole<T extends object>(identifier: string, family: Family<T>): T | undefined {
    return this.#reading(() => {
      const object = this.#store.take(identifier, family);
      if (object !== undefined) ownArrays(object, family.struct);
      return object;
    });
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      if (error instanceof BadObjectError || error instanceof BadAddressError) this.fail(error);
      throw error;
    }
  }

  /**
   * The resource under a token; undefined if there is none.
   *
   * @throws {PreserveError} when it was retrieved already, or its descriptor did not come
   */
  async retrieve<R extends object, S extends object>(
    token: string,
    handler: Handler<R, S>,
  ): Promise<R | undefined> {
    const record = this.take(recordIdentifier(handler, token), handler.family);
    if (record === undefined) return undefined;
    const fd = this.#arrival.descriptors.get(token);
    if (fd === undefined) {
      throw new PreserveError(
        token,
        this.#retrieved.has(token)
          ? { found: "was retrieved already", do: "retrieve each resource once" }
          : {
              found: "has a record, but the carrier brought no descriptor",
              do: "carry all of them",
            },
      );
    }
    this.#arrival.descriptors.delete(token);
    this.#retrieved.set(token, undefined);
    const resource = await handler.retrieve(record, fd);
    this.#retrieved.set(token, { handler, resource });
    return resource;
  }

  /**
   * Takes over for good. It resolves once the predecessor has stepped back.
   *
   * @throws {PreserveError} when something was left that nobody retrieved
   * @throws {RefusedError} when the predecessor has taken over again; this program should end
   */
  async finish(timeout = 30_000): Promise<void> {
    const [left] = this.#arrival.descriptors.keys();
    if (left !== undefined) {
      throw new PreserveError(left, {
        found: "was left by the predecessor and not retrieved",
        do: "retrieve it",
      });
    }
    const resources = Array.from(this.#retrieved, ([token, retrieved]) => {
      if (retrieved !== undefined) return retrieved;
      throw new PreserveError(token, {
        found: "could not be retrieved, or is not yet",
        do: "wait for it",
      });
    });
    for (const { handler, resource } of resources) handler.canFinish?.(resource);
    this.#arrival.send({ type: "finish" });
    try {
      await this.#arrival.inbox.expect("committed", timeout);
    } catch (error) {
      // A predecessor that ended after the word was given cannot serve any more.
      if (!(error instanceof LinkClosedError)) throw error;
    }
    for (const { handler, resource } of resources) handler.finish?.(resource);
  }

  /**
   * Tells the predecessor that requests are answered again, and closes the image: arrays behind
   * `@ref` that were not copied throw a `DetachedError` from now on.
   */
  serving(): void {
    this.#arrival.send({ type: "serving" });
    this.#arrival.release();
    this.#image.close();
    this.#closed = true;
  }

  /** Tells the predecessor that this program cannot take over. */
  fail(error: unknown): void {
    this.#arrival.send({ type: "failed", reason: reasonOf(error) });
  }

  /** Shows the predecessor, the objects in the image by identifier, and resources by token. */
  [INSPECT](depth: number, options: object, inspect: Inspect): string {
    const { program } = this;
    const content = {
      program: program && programLabel(program),
      objects: this.#closed ? "the image is closed" : objectLabels(this.objects),
      retrieved: [...this.#retrieved.keys()],
      left: [...this.#arrival.descriptors.keys()],
    };
    return inspected("Inheritance", content, depth, options, inspect);
  }
}

/** By identifier, every version that is there. */
function objectLabels(objects: readonly StoredObject[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const { identifier, family, version } of objects) {
    const others = labels.has(identifier) ? `${labels.get(identifier)}, ` : "";
    labels.set(identifier, `${others}${familyLabel({ name: family, version })}`);
  }
  return labels;
}
