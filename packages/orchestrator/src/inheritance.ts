import { BadAddressError, BadObjectError, ObjectStore, type StoredObject } from "@luo/store";
import { codecOf, INSPECT } from "@luo/struct";
import { type Family, manifestOf } from "@luo/version";
import { type Arrival, IMAGE_NAME, type ImageFile } from "./carrier.js";
import { LinkClosedError, PreserveError, reasonOf } from "./errors.js";
import { type Handler, recordIdentifier } from "./handler.js";
import { familyLabel, type Inspect, inspected } from "./inspect.js";
import { ownArrays } from "./own-arrays.js";
import { type Program, programLabel } from "./program.js";

interface Retrieved {
  readonly handler: Handler;
  readonly resource: object;
}

/** The program that takes over, and the time that it waits. */
export interface ReceiveOptions {
  /** This program, as reports and errors of the predecessor name it. */
  readonly program?: Program | undefined;
  /** The time that the predecessor has to freeze, in milliseconds; 30 000 by default. */
  readonly timeout?: number | undefined;
}

/**
 * Everything that a predecessor left. The successor takes objects and retrieves resources, and then
 * calls `finish`, from which on it alone owns them. If it fails before, the predecessor goes on.
 */
export class Inheritance {
  readonly #arrival: Arrival;
  readonly #image: ImageFile;
  readonly #store: ObjectStore;
  /** Resources by token; undefined while their handler still retrieves them. */
  readonly #retrieved = new Map<string, Retrieved | undefined>();
  #closed = false;

  private constructor(arrival: Arrival, image: ImageFile, store: ObjectStore) {
    this.#arrival = arrival;
    this.#image = image;
    this.#store = store;
  }

  /**
   * Tells the predecessor which versions this program reads, and waits until the image is sealed.
   *
   * @param families all families that the program may take or retrieve
   * @throws {RefusedError} when no version is shared; this program should end
   * @throws {LinkTimeoutError} when the predecessor does not answer in time
   * @throws {LinkClosedError} when the predecessor is gone
   * @throws {PreserveError} when the carrier brought no image
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
    // Codecs are made while the predecessor still serves, so that they do not lengthen the pause.
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

  /** The predecessor; undefined when its release does not say which program it is. */
  get program(): Program | undefined {
    return this.#arrival.inbox.program;
  }

  /** Every version of every object in the image. */
  get objects(): readonly StoredObject[] {
    return this.#store.list();
  }

  /**
   * Gives the object in the highest shared version, as the family's class; undefined if there is
   * none.
   *
   * @throws {BadObjectError} when it is damaged or of another family; the predecessor is told, and
   *   goes on
   * @throws {NegotiationError} when no version is shared
   */
  take<T extends object>(identifier: string, family: Family<T>): T | undefined {
    return this.#reading(() => this.#store.take(identifier, family));
  }

  /**
   * Gives the object as `take` does, but with ordinary arrays behind `@ref` in place of views of
   * the image. All of them are read now, and stay readable when the image is closed.
   *
   * @throws what `take` throws, and {BadAddressError} when an array is damaged
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
   * Gives the resource under a token; undefined if there is none.
   *
   * @throws {PreserveError} when it was retrieved already, or the carrier brought no descriptor for
   *   it
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
   * Takes over for good. Resolves once the predecessor has stepped back.
   *
   * @param timeout milliseconds for the predecessor to answer
   * @throws {PreserveError} when a resource was left that this program did not retrieve
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
      // A predecessor that ended after `finish` cannot serve any more, so this program takes over.
      if (!(error instanceof LinkClosedError)) throw error;
    }
    for (const { handler, resource } of resources) handler.finish?.(resource);
  }

  /**
   * Tells the predecessor that this program serves, and closes the image. Arrays behind `@ref` that
   * were not copied throw a `DetachedError` from now on.
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

/** Gives by identifier the versions of each object, such as `counter@1, counter@0`. */
function objectLabels(objects: readonly StoredObject[]): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const { identifier, family, version } of objects) {
    const others = labels.has(identifier) ? `${labels.get(identifier)}, ` : "";
    labels.set(identifier, `${others}${familyLabel({ name: family, version })}`);
  }
  return labels;
}
