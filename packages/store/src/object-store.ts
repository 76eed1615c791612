import {
  type ArrayOwner,
  ArrayWriter,
  type Backing,
  type MemoryUsage,
  PAGE_SIZE,
  type Pool,
  type PoolOptions,
} from "@luo/memory";
import {
  codecOf,
  FieldRangeError,
  Memory,
  type StructClass,
  type StructSchema,
  structOf,
} from "@luo/struct";
import { type Family, familyOf, NegotiationError } from "@luo/version";
import {
  BadObjectError,
  BusyStoreError,
  ImageExistsError,
  PoolNameError,
  UnsealedError,
} from "./errors.js";
import type { VersionCodec } from "./family-codecs.js";
import { Image, readImage } from "./image.js";
import {
  checkProgram,
  FORMAT,
  type ImageOrigin,
  isSealed,
  NO_FEATURES,
  readOrigin,
} from "./image-header.js";
import { type Copy, type Program, RootV1 } from "./image-records.js";

/** The versions in which an object is written. */
export interface PutOptions {
  /** The family in whose versions the object is written; by default that of its class. */
  readonly family?: Family;
  /** Older versions in which the object is written as well; none by default. */
  readonly alongside?: Iterable<number>;
}

/** The writer of an image. */
export interface CreateOptions {
  /** The program that writes to the image; its name and version go into the header. */
  readonly program?: Program;
}

/** The writer of an image, and how thoroughly the image is read. */
export interface OpenOptions extends CreateOptions {
  /** True to read everything and check it, as `verify` does; false by default. */
  readonly verify?: boolean;
}

/** One version of an object, as `list` shows it. */
export interface StoredObject {
  readonly identifier: string;
  readonly family: string;
  readonly version: number;
  /** Bytes of the struct itself; arrays that it refers to are not counted. */
  readonly size: number;
}

/** One version of an object, as the image itself describes it. */
export interface DecodedObject {
  readonly family: string;
  readonly version: number;
  /**
   * The fields by name. The object is of no class of the program; its integers of 8 bytes are
   * bigints.
   */
  readonly value: object;
}

/**
 * Objects in an image, each a versioned record under an identifier. An image holds the last sealed
 * generation until the next is sealed. A sealed generation is never written to: `put` and `delete`
 * write elsewhere, so a program that ends at any instant leaves one complete generation.
 *
 *     const store = ObjectStore.create(backing);
 *     store.put("memfd/7", state, { alongside: [0] });
 *     store.seal();
 *
 *     ObjectStore.open(backing).take("memfd/7", Memfd);
 */
export class ObjectStore {
  readonly #backing: Backing;
  readonly #program: Program | undefined;
  #image: Image;
  #origin: ImageOrigin | undefined;
  /** By identifier, the owner of arrays that were taken. Each `take` gets a fork of it. */
  readonly #owners = new Map<string, ArrayOwner>();
  /** True while `put` runs, and with it getters, iterators and conversions of the program. */
  #putting = false;

  private constructor(
    backing: Backing,
    image: Image,
    { program, origin }: { program?: Program | undefined; origin?: ImageOrigin } = {},
  ) {
    if (program !== undefined) checkProgram(program);
    this.#backing = backing;
    this.#image = image;
    this.#origin = origin;
    this.#program = program;
  }

  /**
   * True when there is an image to open, even a damaged one. A program that ended before its first
   * `seal` left none; its memory is then for `create`.
   */
  static isSealed(backing: Backing): boolean {
    const [first] = backing.segments;
    return first !== undefined && isSealed(new Memory(first));
  }

  /**
   * Makes an empty store over zeroed memory. It can be opened only after `seal`.
   *
   * @throws {ImageExistsError} when there is an image, whose root could be taken for the new one's
   * @throws {FieldRangeError} when the program's name or version is too long
   */
  static create(backing: Backing, { program }: CreateOptions = {}): ObjectStore {
    if (ObjectStore.isSealed(backing)) throw new ImageExistsError();
    const root = Object.assign(new RootV1(), { length: PAGE_SIZE });
    const image = new Image(backing, { root, format: FORMAT, features: NO_FEATURES });
    return new ObjectStore(backing, image, { program });
  }

  /**
   * Gives the program that wrote an image, and says if this release reads it. The format of the
   * image need not be known to this release.
   *
   * @throws {BadImageError} when there is no undamaged header
   */
  static origin({ segments: [first] }: Backing): ImageOrigin {
    return readOrigin(new Memory(first ?? new ArrayBuffer(0)));
  }

  /**
   * Opens the store in an image, as it was last sealed. The time is in proportion to the number of
   * objects; their content is read when it is asked for.
   *
   * @throws {BadImageError} when the image is damaged, was never sealed, or has an unknown format
   * @throws {BadAddressError} when it refers to bytes outside of it
   */
  static open(backing: Backing, { verify = false, program }: OpenOptions = {}): ObjectStore {
    const { image, origin } = readImage(backing);
    const store = new ObjectStore(backing, image, { program, origin });
    if (verify) store.verify();
    return store;
  }

  /**
   * The format of the generation that was opened, and the program that wrote it; undefined after
   * `create`.
   */
  get origin(): ImageOrigin | undefined {
    return this.#origin;
  }

  /** The number of generations that were sealed; 0 before the first. */
  get generation(): number {
    return this.#image.memory.generation;
  }

  /** Bytes of the image, a multiple of 4096. */
  get byteLength(): number {
    return this.#image.memory.end;
  }

  /** The number of identifiers that hold an object. */
  get size(): number {
    return this.#image.directory.size;
  }

  /** The use of the image, in bytes and pages by pool. */
  get usage(): MemoryUsage {
    const { memory } = this.#image;
    return this.#image.read(() => memory.usage);
  }

  /** The layouts of everything in the image, each once. */
  get schemas(): readonly StructSchema[] {
    return this.#image.schemas.schemas.list;
  }

  /** Lists all objects in the order in which they were put, with one item for each version. */
  list(): readonly StoredObject[] {
    const list = () =>
      Array.from(this.#image.contents, ({ identifier, copy, schema }) => {
        const { family, version } = schema;
        return { identifier, family, version, size: copy.bytes };
      });
    return this.#image.read(list);
  }

  /**
   * Writes an object in the newest version that its family writes, and in the older ones of
   * `alongside`. The object may also be a view, or of a subclass that is no struct. Objects inside of
   * another version than their place are converted. It replaces the object that the identifier held.
   * Arrays that were taken from the same identifier stay in place. When it throws, the identifier
   * holds what it held before.
   *
   * @param identifier 1 to 128 bytes of UTF-8
   * @throws {IdentifierError} when the identifier is not 1 to 128 bytes of well-formed UTF-8
   * @throws {DeclarationError} when the class is no struct, or has no bytes
   * @throws {FamilyError} when the class is in no family, or the family has no such older version
   * @throws {ConversionError} when an older version cannot hold the object's values
   * @throws {FieldRangeError} when a value does not fit its field
   * @throws {OutOfMemoryError} when the memory cannot grow
   * @throws {StaleStoreError} when another store has changed the image
   * @throws {MemoryLockedError} when another program changes the image
   * @throws {BusyStoreError} when it is called by code that another `put` runs
   */
  put(identifier: string, value: object, options: PutOptions = {}): void {
    this.#checkIdle();
    this.#putting = true;
    try {
      this.#put(identifier, value, options);
    } finally {
      this.#putting = false;
    }
  }

  #put(identifier: string, value: object, { family, alongside }: PutOptions): void {
    const target = { identifier, entry: this.#image.directory.find(identifier) };
    const known = family ?? familyOf(structOf(value) ?? (value?.constructor as StructClass));
    const written = this.#image.codecs.written(known, alongside);
    this.#image.change();
    try {
      this.#write(target, value, known, written);
    } catch (error) {
      // Most objects need no conversion, so the search for one comes after the refusal.
      const conforming = error instanceof FieldRangeError ? known.conform(value) : value;
      if (conforming === value) throw error;
      this.#write(target, conforming, known, written);
    }
  }

  /** @param target an identifier and its entry in the directory, 0 for a new one */
  #write(
    { identifier, entry }: { identifier: string; entry: number },
    value: object,
    known: Family,
    written: readonly VersionCodec[],
  ): void {
    // Most objects have no references, and need neither owner nor writer.
    const owner = written.some(refers)
      ? (this.#owners.get(identifier) ?? this.#image.owner())
      : undefined;
    const writer = owner && new ArrayWriter(this.#image.objects, owner);
    const before = entry === 0 ? undefined : this.#image.contents.copies(entry);
    const copies: Copy[] = [];
    try {
      for (const { struct, version, schema, codec } of written) {
        const fits = value.constructor === struct || structOf(value) === struct;
        const object = fits ? value : known.convert(value, version);
        const bytes = codec.sizeOf(object);
        const address = this.#image.objects.allocate(bytes);
        copies.push({ schema, checksum: 0, address, bytes });
        const { memory, offset } = this.#image.memory.at(address);
        codec.encode(object, memory, offset, writer);
      }
      writer?.finish();
      if (writer?.keeper) this.#image.contents.redirect(identifier, copies, writer.keeper);
      for (const copy of copies) copy.checksum = this.#image.contents.sum(copy);
      this.#image.directory.set(identifier, copies);
    } catch (error) {
      for (const { address } of copies) this.#image.objects.free(address);
      writer?.undo();
      throw error;
    }
    if (before !== undefined) this.#free(identifier, before, copies, writer);
  }

  /**
   * Reads the object in the highest version that both the image and the family have, and gives it
   * as the family's class; undefined when the identifier holds nothing. Arrays behind its
   * references are read when they are asked for; they stay readable until the identifier is put or
   * deleted.
   *
   * @throws {NegotiationError} when no version is shared; it lists both sides
   * @throws {BadObjectError} when the identifier holds an object of another family, or its bytes
   *   fail their checksum or are no value of their field
   * @throws {BadAddressError} when it refers to bytes that the image does not hold
   * @throws {StaleStoreError} when another store has changed the image
   */
  take<T extends object>(identifier: string, family: Family<T>): T | undefined {
    return this.#image.read(() => this.#take(identifier, family));
  }

  #take<T extends object>(identifier: string, family: Family<T>): T | undefined {
    const entry = this.#image.directory.find(identifier);
    if (entry === 0) return undefined;
    const readable = this.#image.codecs.readable(family);
    const copy = this.#image.directory.newestOf(entry, readable);
    const chosen = copy && readable[copy.schema];
    if (copy === undefined || chosen === undefined) {
      throw this.#unreadable(identifier, entry, family);
    }
    const value = this.#read(identifier, copy, chosen);
    return (chosen.version === family.version ? value : family.convert(value, family.version)) as T;
  }

  /**
   * Gives every version of an object, the newest first, decoded by the layouts in the image; empty
   * when the identifier holds nothing. Tools use it, as it needs no class of the program that wrote
   * the image. Arrays behind references are read when they are asked for; they stay readable until
   * the identifier is put or deleted.
   *
   * @throws {BadObjectError} when bytes fail their checksum, are not as many as the layout says, are
   *   more than the image has, or are no value of their field
   * @throws {BadImageError} when the schemas of the image do not describe a layout of the object
   * @throws {BadAddressError} when it refers to bytes that the image does not hold
   * @throws {DeclarationError} when fields of its layout overlap
   */
  decode(identifier: string): readonly DecodedObject[] {
    return this.#image.read(() => this.#decode(identifier));
  }

  #decode(identifier: string): readonly DecodedObject[] {
    const copies = this.#image.contents.copies(this.#image.directory.find(identifier));
    // Readers need not have accounted for the image, so many versions could claim the same bytes.
    const bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
    if (bytes > this.byteLength) {
      const problem = `its versions have ${bytes} bytes in an image of ${this.byteLength}; they overlap`;
      throw new BadObjectError(identifier, problem);
    }
    return copies.map((copy) => {
      const { family, version } = this.#image.contents.schemaOf(identifier, copy);
      const layout = this.#image.contents.layoutOf(identifier, copy);
      const { struct } = layout;
      const chosen = { struct, version, schema: copy.schema, codec: codecOf(struct), layout };
      return { family, version, value: this.#read(identifier, copy, chosen) };
    });
  }

  /**
   * Deletes an object in all versions; gives true when there was one.
   *
   * @throws {StaleStoreError}, {MemoryLockedError} or {BusyStoreError} as `put` does
   */
  delete(identifier: string): boolean {
    this.#checkIdle();
    this.#image.change();
    const before = this.#image.contents.copies(this.#image.directory.find(identifier));
    if (before.length === 0) return false;
    this.#image.directory.set(identifier, []);
    this.#free(identifier, before, []);
    return true;
  }

  /**
   * Gives a pool for memory that the program keeps in the image beside the objects, such as arrays
   * whose addresses are fields. Allocations of a resident pool stay from generation to generation
   * until they are freed; those of other pools end with this program.
   *
   * @param name 1 to 40 bytes of UTF-8, not beginning with `luo.`
   * @throws {PoolNameError} for another name
   * @throws {AllocationError} when the pool exists and is resident where `resident` is false, or
   *   the reverse
   */
  pool(name: string, options: PoolOptions = {}): Pool {
    const { length } = new TextEncoder().encode(name);
    if (typeof name !== "string" || length === 0 || length > 40 || name.startsWith("luo.")) {
      throw new PoolNameError(name);
    }
    return this.#image.pool(name, options);
  }

  /**
   * Completes a generation, which `open` finds from now on, and gives the image's length in bytes.
   * The cost is in proportion to the changes since the last generation.
   *
   * @throws {StaleStoreError} when another store has changed the image; nothing is sealed
   * @throws {BusyStoreError} when it is called by code that `put` runs
   * @throws {MemoryLockedError} when another program changes the image
   * @throws {OutOfMemoryError} when the memory cannot grow
   * @throws {BadImageError} when this release cannot write to the image, or no further generation
   *   can be counted
   */
  seal(): number {
    this.#checkIdle();
    return this.#image.seal(this.#program);
  }

  /**
   * Reads what other stores have sealed since this one read or sealed the image, and gives true;
   * gives false when it is current. Only new segments of the directory are read. Objects that were
   * taken before keep their values, but their arrays have to be taken again, and pools have to be
   * asked for again.
   *
   * @throws {UnsealedError} when this store has changes that are not sealed
   * @throws {BusyStoreError} when it is called by code that `put` runs
   * @throws {BadImageError} or {BadAddressError} as `open` does; the store stays stale
   */
  refresh(): boolean {
    this.#checkIdle();
    if (this.#image.changed) throw new UnsealedError(this.generation);
    if (this.#image.isCurrent) return false;
    const { image, origin } = readImage(this.#backing, this.#image);
    this.#image = image;
    this.#origin = origin;
    for (const owner of this.#owners.values()) owner.end();
    this.#owners.clear();
    return true;
  }

  /**
   * Reads everything in the image as `decode` does, arrays included, and checks it against its
   * checksums; a checksum that was not computed is passed over.
   *
   * @throws {BadImageError}, {BadObjectError} or {BadAddressError} when bytes fail their checksum or
   *   are no value of their field, or allocations overlap
   * @throws {DeclarationError} when fields of a layout overlap
   * @throws {LeakError} when the image has an allocation that no object refers to
   */
  verify(): void {
    const { memory, contents, objects } = this.#image;
    this.#image.read(() => {
      memory.account();
      const owners = [...this.#owners.values()];
      const taken = new Set(owners.flatMap(({ allocations }) => [...allocations]));
      contents.verify(objects, taken);
    });
  }

  /** @throws {BusyStoreError} while `put` runs */
  #checkIdle(): void {
    if (this.#putting) throw new BusyStoreError();
  }

  #unreadable(identifier: string, entry: number, family: Family): Error {
    const copies = this.#image.contents.copies(entry);
    const schemas = copies.map((copy) => this.#image.contents.schemaOf(identifier, copy));
    const foreign = schemas.find((schema) => schema.family !== family.name);
    if (foreign !== undefined) {
      return new BadObjectError(identifier, {
        found: `an object of family ${foreign.family}`,
        expected: family.name,
      });
    }
    const writes = schemas.map(({ version }) => version);
    const differing = writes.filter((version) => family.versions.includes(version));
    return new NegotiationError([
      { family: family.name, writes, reads: family.versions, differing },
    ]);
  }

  #read(identifier: string, copy: Copy, chosen: VersionCodec): object {
    let owner: ArrayOwner | undefined;
    if (chosen.layout.references) {
      const base = this.#owners.get(identifier) ?? this.#image.owner();
      this.#owners.set(identifier, base);
      owner = base.fork();
    }
    return this.#image.contents.read(identifier, copy, chosen, owner);
  }

  /**
   * Frees the allocations that an identifier no longer needs: those of the object before, and those
   * of arrays that were taken from it and changed. The kept arrays go to a new owner; the old one
   * ends.
   */
  #free(
    identifier: string,
    before: readonly Copy[],
    after: readonly Copy[],
    writer?: ArrayWriter<ArrayOwner>,
  ): void {
    const owner = this.#owners.get(identifier);
    const held = this.#image.contents.reached(identifier, before);
    for (const address of owner?.allocations ?? []) held.add(address);
    this.#owners.delete(identifier);
    let kept = new Set<number>();
    if (writer?.keeper) {
      kept = this.#image.contents.reached(identifier, after);
      const base = this.#image.owner();
      const next = base.fork();
      for (const array of writer.kept) array.transfer(next);
      this.#owners.set(identifier, base);
    }
    owner?.end();
    for (const address of held) if (!kept.has(address)) this.#image.objects.free(address);
  }
}

const refers = ({ layout }: VersionCodec) => layout.references;
