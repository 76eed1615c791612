import {
  ArrayOwner,
  ArrayWriter,
  type Backing,
  type MemoryUsage,
  PAGE_SIZE,
  type Pool,
  type PoolOptions,
  PreservedMemory,
} from "@luo/memory";
import { codecOf, Memory, type StructClass, type StructSchema } from "@luo/struct";
import { type Family, familyOf, NegotiationError } from "@luo/version";
import { Contents } from "./contents.js";
import { Directory } from "./directory.js";
import { BadImageError, BadObjectError, ImageExistsError, PoolNameError } from "./errors.js";
import { type Form, Forms } from "./forms.js";
import {
  checkProgram,
  type Features,
  FORMAT,
  type Generation,
  type ImageOrigin,
  isSealed,
  LAST_GENERATION,
  NO_FEATURES,
  readGeneration,
  readOrigin,
  writeGeneration,
} from "./image-header.js";
import { type Copy, type Program, RootV1 } from "./image-records.js";
import { ResidentPools } from "./resident-pools.js";
import { StoredSchemas } from "./stored-schemas.js";

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
  readonly #memory: PreservedMemory;
  readonly #objects: Pool;
  readonly #directory: Directory;
  readonly #schemas: StoredSchemas;
  readonly #contents: Contents;
  readonly #forms: Forms;
  readonly #resident: ResidentPools;
  /** By identifier, the owner of arrays that were taken. Each `take` gets a fork of it. */
  readonly #owners = new Map<string, ArrayOwner>();

  readonly #features: Features;
  readonly #origin: ImageOrigin | undefined;
  readonly #program: Program | undefined;

  private constructor(
    backing: Backing,
    { root, format, features }: Generation,
    { program, origin }: { program?: Program | undefined; origin?: ImageOrigin } = {},
  ) {
    const { length: end, generation } = root;
    const account = generation > 0 ? { account: () => this.#account() } : {};
    const memory = new PreservedMemory(backing, { end, generation, ...account });
    const own = memory.pool(DIRECTORY);
    this.#memory = memory;
    this.#objects = memory.pool(OBJECTS);
    this.#schemas = new StoredSchemas(own, root);
    const { directory: newest, objects } = root;
    const schemas = this.#schemas.schemas.list;
    this.#directory = Directory.open(own, { newest, objects, format, schemas });
    this.#contents = new Contents(memory, this.#directory, this.#schemas.schemas);
    this.#forms = new Forms(this.#schemas.schemas);
    this.#resident = new ResidentPools(memory, own, root.pools);
    this.#features = features;
    this.#origin = origin;
    this.#program = program;
    if (program !== undefined) checkProgram(program);
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
    return new ObjectStore(backing, { root, format: FORMAT, features: NO_FEATURES }, { program });
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
    const { segments } = backing;
    const byteLength = segments.reduce((sum, segment) => sum + segment.byteLength, 0);
    const first = new Memory(segments[0] ?? new ArrayBuffer(0));
    const generation = readGeneration(first, byteLength);
    const store = new ObjectStore(backing, generation, { program, origin: readOrigin(first) });
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
    return this.#memory.generation;
  }

  /** Bytes of the image, a multiple of 4096. */
  get byteLength(): number {
    return this.#memory.end;
  }

  /** The number of identifiers that hold an object. */
  get size(): number {
    return this.#directory.size;
  }

  /** The use of the image, in bytes and pages by pool. */
  get usage(): MemoryUsage {
    this.#memory.account();
    return this.#memory.usage;
  }

  /** The layouts of everything in the image, each once. */
  get schemas(): readonly StructSchema[] {
    return this.#schemas.schemas.list;
  }

  /** Lists all objects in the order in which they were put, with one item for each version. */
  list(): readonly StoredObject[] {
    return Array.from(this.#contents, ({ identifier, copy, schema }) => {
      const { family, version } = schema;
      return { identifier, family, version, size: copy.bytes };
    });
  }

  /**
   * Writes an object in the newest version that its family writes, and in the older ones of
   * `alongside`. It replaces the object that the identifier held. Arrays that were taken from the
   * same identifier stay in place. When it throws, the identifier holds what it held before.
   *
   * @param identifier 1 to 128 bytes of UTF-8
   * @throws {IdentifierError} when the identifier is not 1 to 128 bytes of well-formed UTF-8
   * @throws {FamilyError} when the class is in no family, or the family has no such older version
   * @throws {ConversionError} when an older version cannot hold the object's values
   * @throws {FieldRangeError} when a value does not fit its field
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  put(identifier: string, value: object, { family, alongside }: PutOptions = {}): void {
    const known = family ?? familyOf(value?.constructor as StructClass);
    const forms = this.#forms.written(known, alongside);
    this.#prepare();
    const entry = this.#directory.find(identifier);
    // Most objects have no references, and need neither owner nor writer.
    const owner = forms.some(refers) ? (this.#owners.get(identifier) ?? this.#owner()) : undefined;
    const writer = owner && new ArrayWriter(this.#objects, owner);
    const before = entry === 0 ? undefined : this.#contents.copies(entry);
    const copies: Copy[] = [];
    try {
      for (const { struct, version, schema, codec } of forms) {
        const object = value.constructor === struct ? value : known.convert(value, version);
        const bytes = codec.sizeOf(object);
        const address = this.#objects.allocate(bytes);
        copies.push({ schema, checksum: 0, address, bytes });
        const { memory, offset } = this.#memory.at(address);
        codec.encode(object, memory, offset, writer);
      }
      writer?.finish();
      if (writer?.keeper) this.#contents.redirect(identifier, copies, writer.keeper);
      for (const copy of copies) copy.checksum = this.#contents.sum(copy);
      this.#directory.set(identifier, copies);
    } catch (error) {
      for (const { address } of copies) this.#objects.free(address);
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
   *   fail their checksum
   * @throws {BadAddressError} when it refers to bytes that the image does not hold
   */
  take<T extends object>(identifier: string, family: Family<T>): T | undefined {
    const entry = this.#directory.find(identifier);
    if (entry === 0) return undefined;
    const readable = this.#forms.readable(family);
    const copy = this.#directory.newestOf(entry, readable);
    const form = copy && readable[copy.schema];
    if (copy === undefined || form === undefined) throw this.#unreadable(identifier, entry, family);
    const value = this.#read(identifier, copy, form);
    return (form.version === family.version ? value : family.convert(value, family.version)) as T;
  }

  /**
   * Gives every version of an object, the newest first, decoded by the layouts in the image; empty
   * when the identifier holds nothing. Tools use it, as it needs no class of the program that wrote
   * the image. Arrays behind references are read when they are asked for; they stay readable until
   * the identifier is put or deleted.
   *
   * @throws {BadObjectError} when bytes fail their checksum, are not as many as the layout says, or
   *   are more than the image has
   * @throws {BadImageError} when the schemas of the image do not describe a layout of the object
   * @throws {BadAddressError} when it refers to bytes that the image does not hold
   * @throws {InvalidBytesError} or {BoundsError} when bytes are no value of their field
   * @throws {DeclarationError} when fields of its layout overlap
   */
  decode(identifier: string): readonly DecodedObject[] {
    const copies = this.#contents.copies(this.#directory.find(identifier));
    // Readers need not have accounted for the image, so many versions could claim the same bytes.
    const bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
    if (bytes > this.byteLength) {
      const problem = `its versions have ${bytes} bytes in an image of ${this.byteLength}; they overlap`;
      throw new BadObjectError(identifier, problem);
    }
    return copies.map((copy) => {
      const { family, version } = this.#contents.schemaOf(identifier, copy);
      const layout = this.#contents.layoutOf(identifier, copy);
      const { struct } = layout;
      const form = { struct, version, schema: copy.schema, codec: codecOf(struct), layout };
      return { family, version, value: this.#read(identifier, copy, form) };
    });
  }

  /** Deletes an object in all versions; gives true when there was one. */
  delete(identifier: string): boolean {
    this.#prepare();
    const before = this.#contents.copies(this.#directory.find(identifier));
    if (before.length === 0) return false;
    this.#directory.set(identifier, []);
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
    this.#prepare();
    return this.#memory.pool(name, options);
  }

  /**
   * Completes a generation, which `open` finds from now on, and gives the image's length in bytes.
   * The cost is in proportion to the changes since the last generation.
   *
   * @throws {OutOfMemoryError} when the memory cannot grow
   * @throws {BadImageError} when this release cannot write to the image, or no further generation
   *   can be counted
   */
  seal(): number {
    this.#prepare();
    this.#memory.flush();
    const generation = this.generation + 1;
    if (generation > LAST_GENERATION) {
      throw new BadImageError(`its generation ${this.generation} is the last that there can be`);
    }
    const schemas = this.#schemas.write();
    const pools = this.#resident.write();
    this.#directory.seal(generation);
    const { newest: directory, size: objects } = this.#directory;
    const length = this.#memory.end;
    const root = { ...schemas, generation, length, directory, objects, pools };
    const written = { root: Object.assign(new RootV1(), root), format: FORMAT };
    const { memory } = this.#memory.at(0);
    writeGeneration(memory, { ...written, features: this.#features }, this.#program);
    this.#memory.commit();
    return length;
  }

  /**
   * Reads everything in the image and checks it against its checksums; a checksum that was not
   * computed is passed over.
   *
   * @throws {BadImageError}, {BadObjectError} or {BadAddressError} when bytes fail their checksum,
   *   or allocations overlap
   * @throws {LeakError} when the image has an allocation that no object refers to
   */
  verify(): void {
    this.#memory.account();
    const owners = [...this.#owners.values()];
    const taken = new Set(owners.flatMap(({ allocations }) => [...allocations]));
    this.#contents.verify(this.#objects, taken);
  }

  /**
   * Prepares for a change: checks that this release can write to the image, and accounts for it
   * once.
   */
  #prepare(): void {
    const { readCompatible } = this.#features;
    if (readCompatible !== 0) {
      const bits = `0x${readCompatible.toString(16)}`;
      throw new BadImageError(`its features ${bits} can be read, but not written, by this release`);
    }
    this.#memory.account();
  }

  /** Has the pools adopt everything in an image that was opened, before the first change. */
  #account(): void {
    this.#schemas.adopt();
    this.#directory.adopt();
    this.#resident.restore();
    this.#contents.adopt(this.#objects);
  }

  #unreadable(identifier: string, entry: number, family: Family): Error {
    const copies = this.#contents.copies(entry);
    const schemas = copies.map((copy) => this.#contents.schemaOf(identifier, copy));
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

  #read(identifier: string, copy: Copy, { struct, codec, layout }: Form): object {
    const { references, flexible, size } = layout;
    const { address, bytes } = copy;
    if (flexible ? bytes < size : bytes !== size) {
      throw new BadObjectError(identifier, {
        found: `${bytes} bytes`,
        expected: `${size}, the size of ${struct.name}`,
      });
    }
    const place = this.#memory.locate(address, bytes, "an object");
    this.#contents.check(identifier, copy, place);
    const { memory, offset } = place;
    let owner: ArrayOwner | undefined;
    if (references) {
      const base = this.#owners.get(identifier) ?? this.#owner();
      this.#owners.set(identifier, base);
      owner = base.fork();
    }
    if (!flexible) return codec.decode(memory, offset, owner);
    // The memory ends where the object ends, so a flexible array cannot run beyond it.
    return codec.decode(new Memory(memory.bytes(offset, bytes)), 0, owner);
  }

  #owner(): ArrayOwner {
    return new ArrayOwner(this.#objects);
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
    const held = this.#contents.reached(identifier, before);
    for (const address of owner?.allocations ?? []) held.add(address);
    this.#owners.delete(identifier);
    let kept = new Set<number>();
    if (writer?.keeper) {
      kept = this.#contents.reached(identifier, after);
      const base = this.#owner();
      const next = base.fork();
      for (const array of writer.kept) array.transfer(next);
      this.#owners.set(identifier, base);
    }
    owner?.end();
    for (const address of held) if (!kept.has(address)) this.#objects.free(address);
  }
}

const refers = ({ layout }: Form) => layout.references;

/** The name of the pool for the objects and their arrays. */
export const OBJECTS = "luo.objects";

/** The name of the pool for the directory, the schemas and the list of resident pools. */
const DIRECTORY = "luo.directory";
