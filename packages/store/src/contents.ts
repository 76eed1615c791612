import {
  type ArrayOwner,
  BadAddressError,
  LeakError,
  type Location,
  type Pool,
  type PreservedMemory,
} from "@luo/memory";
import {
  BoundsError,
  codecOf,
  type Fault,
  InvalidBytesError,
  type LuoError,
  Memory,
  type RefResolver,
  type StructCodec,
  type StructLayout,
} from "@luo/struct";
import type { Directory } from "./directory.js";
import { BadObjectError } from "./errors.js";
import type { Copy } from "./image-records.js";
import { Layouts } from "./layouts.js";
import { redirectReferences } from "./reference-redirect.js";
import {
  type ExtentElements,
  type Redirect,
  type ReferenceVisitor,
  ReferenceWalk,
} from "./reference-walk.js";
import type { ImageSchema, Schemas } from "./schemas.js";

/** One version of an object, with its place in memory and its layout. */
interface Located {
  readonly identifier: string;
  readonly copy: Copy;
  readonly schema: ImageSchema;
}

/** A class to read a copy as, with its codec and its layout. */
interface Reading {
  readonly codec: StructCodec<object>;
  readonly layout: StructLayout;
}

/** Elements that are decoded at a time, so that a long array needs little heap. */
const SLICE = 1024;

/** The objects of an image and the arrays behind them, read by the layouts in the image. */
export class Contents {
  readonly #memory: PreservedMemory;
  readonly #directory: Directory;
  readonly #schemas: Schemas;
  readonly #layouts: Layouts;
  readonly #walk: ReferenceWalk;

  constructor(memory: PreservedMemory, directory: Directory, schemas: Schemas) {
    this.#memory = memory;
    this.#directory = directory;
    this.#schemas = schemas;
    this.#layouts = new Layouts(schemas);
    this.#walk = new ReferenceWalk(memory, this.#layouts);
  }

  /** Gives the versions of an entry's object; none for the entry 0. */
  copies(entry: number): Copy[] {
    return entry === 0 ? [] : this.#directory.copies(entry);
  }

  /** Gives the layout of a copy. @throws {BadObjectError} when the image has none of that index */
  schemaOf(identifier: string, { schema }: Copy): ImageSchema {
    const found = this.#schemas.list[schema];
    if (found !== undefined) return found;
    throw new BadObjectError(identifier, {
      found: `layout ${schema}`,
      expected: `one of the ${this.#schemas.list.length} in the image`,
    });
  }

  /** Every version of every object, in the order in which they were put. */
  *[Symbol.iterator](): Iterator<Located> {
    for (const entry of this.#directory.entries()) {
      const identifier = this.#directory.identifierOf(entry);
      for (const copy of this.copies(entry)) {
        yield { identifier, copy, schema: this.schemaOf(identifier, copy) };
      }
    }
  }

  /** Gives the checksum to store for a copy's bytes. */
  sum({ address, bytes }: Copy): number {
    return this.#memory.checksumOf(this.#memory.at(address), bytes);
  }

  /**
   * Gives the object in a copy.
   *
   * @param owner resolves its references; undefined when its layout has none
   * @throws {BadObjectError} when its bytes fail their checksum, are not as many as the layout says,
   *   or are no value of a field
   * @throws {BadAddressError} when it lies outside of the image
   */
  read(identifier: string, copy: Copy, { codec, layout }: Reading, owner?: RefResolver): object {
    const { struct, flexible, size } = layout;
    const { address, bytes } = copy;
    if (flexible ? bytes < size : bytes !== size) {
      throw new BadObjectError(identifier, {
        found: `${bytes} bytes`,
        expected: `${size}, the size of ${struct.name}`,
      });
    }
    const place = this.#memory.locate(address, bytes, "an object");
    this.#check(identifier, copy, place);
    const { memory, offset } = place;
    try {
      if (!flexible) return codec.decode(memory, offset, owner);
      // The memory ends where the object ends, so a flexible array cannot run beyond it.
      return codec.decode(new Memory(memory.bytes(offset, bytes)), 0, owner);
    } catch (error) {
      throw objectError(identifier, error);
    }
  }

  /** Checks a copy's bytes. @throws {BadObjectError} when they fail their checksum */
  #check(identifier: string, { address, bytes, checksum: expected }: Copy, at: Location): void {
    const found = this.#memory.mismatch(at, bytes, expected);
    if (found === undefined) return;
    throw new BadObjectError(identifier, {
      found: `${bytes} bytes at 0x${address.toString(16)} with checksum ${found}`,
      expected: `${expected}`,
      do: "they have changed since they were written: restore the image",
    });
  }

  /**
   * Gives the address of every allocation that versions of an object consist of.
   *
   * @param redirect is called for every reference, and gives the address of an array that has moved
   */
  reached(identifier: string, copies: readonly Copy[], redirect: Redirect = stay): Set<number> {
    const reached = new Set<number>();
    for (const copy of copies) {
      const schema = this.schemaOf(identifier, copy);
      this.#walk.walk(schema, copy.address, copy.bytes, { ...gathering(reached), redirect });
    }
    return reached;
  }

  /**
   * Gives the layout of a copy by the image.
   *
   * @throws {BadImageError} when its schemas describe none
   */
  layoutOf(identifier: string, copy: Copy): StructLayout {
    return this.#layouts.get(this.schemaOf(identifier, copy));
  }

  /**
   * Completes the arrays of an owner, and updates every reference behind an object to an array that
   * has moved.
   *
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  redirect(identifier: string, copies: readonly Copy[], owner: ArrayOwner): void {
    redirectReferences(this.#memory, owner, (redirect) =>
      this.reached(identifier, copies, redirect),
    );
  }

  /**
   * Has a pool adopt every allocation of all objects.
   *
   * @throws {BadAddressError} when two allocations overlap
   */
  adopt(pool: Pool): void {
    // One visitor serves all objects, as there may be a million.
    const arrays = new Set<number>();
    let [entry, part] = [0, ""];
    const what = () => `${part} of object ${JSON.stringify(this.#directory.identifierOf(entry))}`;
    const visitor: ReferenceVisitor = {
      reference: (array) => arrays.size < arrays.add(array).size,
      allocation: (address, bytes, name) => {
        part = name;
        pool.adopt(address, bytes, what);
      },
    };
    for (entry of this.#directory.entries()) {
      // Versions of one object may share arrays.
      if (arrays.size > 0) arrays.clear();
      for (const copy of this.copies(entry)) {
        const known = this.#schemas.list[copy.schema];
        const schema = known ?? this.schemaOf(this.#directory.identifierOf(entry), copy);
        this.#walk.walk(schema, copy.address, copy.bytes, visitor);
      }
    }
  }

  /**
   * Checks every byte against its checksum, reads every object and element by its layout in the
   * image, and checks that each allocation of the pool belongs to an object.
   *
   * @param taken further allocations that are no leak: those of arrays that were taken and changed
   * @throws {BadObjectError} or {BadAddressError} when bytes fail their checksum, or are no value of
   *   a field
   * @throws {DeclarationError} when fields of a layout overlap
   * @throws {LeakError} when an allocation belongs to no object
   */
  verify(pool: Pool, taken: ReadonlySet<number>): void {
    const reached = new Set<number>();
    const elements = (extent: ExtentElements) => this.#readElements(extent);
    const visitor = { ...gathering(reached), elements };
    for (const { identifier, copy, schema } of this) {
      const layout = this.#layouts.get(schema);
      this.read(identifier, copy, { codec: codecOf(layout.struct), layout }, WALKED);
      try {
        this.#walk.walk(schema, copy.address, copy.bytes, visitor);
      } catch (error) {
        throw objectError(identifier, error);
      }
    }
    const leaks = [...pool.allocations()].filter(
      ({ address }) => !reached.has(address) && !taken.has(address),
    );
    if (leaks.length > 0) throw new LeakError(pool.name, leaks);
  }

  /** Checks the elements of an extent against their checksum, and reads them. */
  #readElements({ element, address, count, checksum }: ExtentElements): void {
    const { struct, size, name } = element;
    const { memory, offset } = this.#memory.at(address);
    if (this.#memory.mismatch({ memory, offset }, count * size, checksum) !== undefined) {
      const found = `an extent of an array of ${name} has changed since it was written`;
      throw new BadAddressError(address, found);
    }
    const codec = codecOf(struct);
    for (let at = 0; at < count; at += SLICE) {
      codec.decodeArray(memory, offset + at * size, Math.min(SLICE, count - at), WALKED);
    }
  }
}

/**
 * Gives the error of an object for one of its bytes: bytes that are no value of their field are not
 * those that were written.
 */
function objectError(identifier: string, cause: unknown): unknown {
  if (cause instanceof BoundsError) return new BadObjectError(identifier, part(cause), { cause });
  if (!(cause instanceof InvalidBytesError)) return cause;
  const { struct, field, offset, found } = cause;
  const fault = part(cause, `${struct}.${field} at offset ${offset} with ${found}`);
  return new BadObjectError(identifier, fault, { cause });
}

/** Gives found and expected of an error, without its remedy. */
function part({ found: seen, expected }: LuoError, found = seen): Fault {
  return expected === undefined ? found : { found, expected };
}

/** Reads references as empty arrays, where a walk reads the arrays themselves. */
const WALKED: RefResolver = {
  load: () => [],
  store() {
    throw new TypeError("a walk writes no arrays, so this is a fault of luo");
  },
};

const stay: Redirect = () => undefined;

/** Makes a visitor that gathers the address of every allocation, and enters each array once. */
function gathering(reached: Set<number>): ReferenceVisitor {
  return {
    reference: (array) => !reached.has(array),
    allocation: (address) => reached.add(address),
  };
}
