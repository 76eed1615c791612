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
import { FamilyCodecs, type VersionCodec } from "./family-codecs.js";
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

export interface PutOptions {
  /** As a version of which family it is written; by default, of its class's. */
  readonly family?: Family;
  /** Older versions of the same object that are written next to it. */
  readonly alongside?: Iterable<number>;
}

export interface CreateOptions {
  /** The program that writes to the image. */
  readonly program?: Program;
}

export interface OpenOptions extends CreateOptions {
  /** Whether to read everything and hold it against its checksum, as `verify` does; false by default. */
  readonly verify?: boolean;
}

/** One object in one version, as a list shows it. */
export interface StoredObject {
  readonly identifier: string;
  readonly family: string;
  readonly version: number;
  /** Of the struct itself, in bytes; arrays that it refers to are not counted. */
  readonly size: number;
}

/** One version of an object, as the image itself describes it. */
export interface DecodedObject {
  readonly family: string;
  readonly version: number;
  /** Its fields by name; of no class of the program. Integers of 8 bytes are bigints. */
  readonly value: object;
}

/**
 * Objects in an image: each is one versioned record under an identifier. An image holds the last
 * generation that was sealed until the next is; what is put or deleted meanwhile leaves it as it is,
 * so that a program which ends at whatever instant leaves one complete.
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
  readonly #codecs: FamilyCodecs;
  readonly #resident: ResidentPools;
  /** The owners of arrays that were taken, by identifier. */
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
    this.#codecs = new FamilyCodecs(this.#schemas.schemas);
    this.#resident = new ResidentPools(memory, own, root.pools);
    this.#features = features;
    this.#origin = origin;
    this.#program = program;
    if (program !== undefined) checkProgram(program);
  }

  /**
   * Whether there is an image to open, be it damaged: a program that ended before it first sealed
   * one left none, and who goes on with its memory creates one.
   */
  static isSealed(backing: Backing): boolean {
    const [first] = backing.segments;
    return first !== undefined && isSealed(new Memory(first));
  }

  /**
   * An empty store over zeroed memory. Nobody can open it before `seal`.
   *
   * @throws {ImageExistsError} when there is an image, whose newer root would be taken for this one's
   * @throws {FieldRangeError} when the program's name or version is too long
   */
  static create(backing: Backing, { program }: CreateOptions = {}): ObjectStore {
    if (ObjectStore.isSealed(backing)) throw new ImageExistsError();
    const root = Object.assign(new RootV1(), { length: PAGE_SIZE });
    return new ObjectStore(backing, { root, format: FORMAT, features: NO_FEATURES }, { program });
  }

  /**
   * The program that wrote an image, and whether this release reads it: also of an image of a format
   * that it does not know.
   *
   * @throws {BadImageError} when there is no whole header
   */
  static origin({ segments: [first] }: Backing): ImageOrigin {
    return readOrigin(new Memory(first ?? new ArrayBuffer(0)));
  }

  /**
   * The store in an image, as it was when it was last sealed. It takes time in proportion to the
   * number of objects; their content is read when it is asked for.
   *
   * @throws {BadImageError} when the image is damaged, or was never sealed
   * @throws {BadAddressError} when it refers to what it does not hold
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

  /** The program that wrote the generation that was opened, and the format; undefined if none was. */
  get origin(): ImageOrigin | undefined {
    return this.#origin;
  }

  /** Counts the generations that were sealed; 0 before the first. */
  get generation(): number {
    return this.#memory.generation;
  }

  /** Bytes of the image, a multiple of 4096. */
  get byteLength(): number {
    return this.#memory.end;
  }

  /** How many identifiers hold an object. */
  get size(): number {
    return this.#directory.size;
  }

  /** What lies in the image, to the byte and the page. */
  get usage(): MemoryUsage {
    this.#memory.account();
    return this.#memory.usage;
  }

  /** The layouts of everything inside, each once. */
  get schemas(): readonly StructSchema[] {
    return this.#schemas.schemas.list;
  }

  /** All objects in the order in which they were put, each version on its own. */
  list(): readonly StoredObject[] {
    return Array.from(this.#contents, ({ identifier, copy, schema }) => {
      const { family, version } = schema;
      return { identifier, family, version, size: copy.bytes };
    });
  }

  /**
   * Writes an object in the newest version, and copies of it in older ones, in place of what the
   * identifier held. Arrays that were taken from the same identifier are not written again.
   *
   * @param identifier 1 to 128 bytes of UTF-8
   * @throws {IdentifierError} when it cannot be an identifier
   * @throws {FamilyError} when the class is in no family, or the family has no such older version
   * @throws {ConversionError} when an older version cannot hold what the object holds
   * @throws {FieldRangeError} when a value does not fit its field; the identifier holds what it held
   * @throws {OutOfMemoryError} when the memory cannot grow; the same holds
   */
  put(identifier: string, value: object, { family, alongside }: PutOptions = {}): void {
    const known = family ?? familyOf(value?.constructor as StructClass);
    const written = this.#codecs.written(known, alongside);
    this.#prepare();
    const entry = this.#directory.find(identifier);
    // Most objects refer to nothing.
    const owner = written.some(refers)
      ? (this.#owners.get(identifier) ?? this.#owner())
      : undefined;
    const writer = owner && new ArrayWriter(this.#objects, owner);
    const before = entry === 0 ? undefined : this.#contents.copies(entry);
    const copies: Copy[] = [];
    try {
      for (const { struct, version, schema, codec } of written) {
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
   * The object in the highest version that both it and the family have, as the class that the family
   * is seen as; undefined when there is no such identifier. Arrays in it are read when they are asked
   * for, and can be until the identifier is put or deleted.
   *
   * @throws {NegotiationError} when no version is shared; it lists both sides
   * @throws {BadObjectError} when the identifier holds an object of another family, or its bytes have
   *   changed since they were written
   * @throws {BadAddressError} when it refers to what the image does not hold
   */
  take<T extends object>(identifier: string, family: Family<T>): T | undefined {
    const entry = this.#directory.find(identifier);
    if (entry === 0) return undefined;
    const readable = this.#codecs.readable(family);
    let [best, chosen]: [number, VersionCodec | undefined] = [-1, undefined];
    for (let at = this.#directory.copies(entry) - 1; at >= 0; at--) {
      const candidate = readable[this.#directory.schema(entry, at)];
      if (candidate === undefined || candidate.version <= (chosen?.version ?? -1)) continue;
      best = at;
      chosen = candidate;
    }
    if (chosen === undefined) throw this.#unreadable(identifier, entry, family);
    const value = this.#read(identifier, this.#directory.copy(entry, best), chosen);
    return (chosen.version === family.version ? value : family.convert(value, family.version)) as T;
  }

  /**
   * Every version of an object, the newest first, by the layouts in the image: for tools, which need no
   * class of the program that wrote it. Empty when there is no such identifier. As of what is taken,
   * arrays in it are read when they are asked for, and can be until the identifier is put or deleted.
   *
   * @throws {BadObjectError} when its bytes have changed since they were written, are not as many as its
   *   layout says, or are more than the image has
   * @throws {BadImageError} when the schemas of the image describe no such layout
   * @throws {BadAddressError} when it refers to what the image does not hold
   * @throws {InvalidBytesError} or {BoundsError} when bytes are no value of their field
   * @throws {DeclarationError} when fields of its layout lie over each other
   */
  decode(identifier: string): readonly DecodedObject[] {
    const copies = this.#contents.copies(this.#directory.find(identifier));
    // Nobody need have taken account of the image: many versions could be the same bytes.
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

  /** Forgets an object in all versions; whether there was one. */
  delete(identifier: string): boolean {
    this.#prepare();
    const before = this.#contents.copies(this.#directory.find(identifier));
    if (before.length === 0) return false;
    this.#directory.set(identifier, []);
    this.#free(identifier, before, []);
    return true;
  }

  /**
   * A pool for what the program keeps in the image beside the objects, such as arrays whose addresses
   * are fields. What is in a resident pool stays from generation to generation until it is freed;
   * everything in others ends with this program.
   *
   * @param name 1 to 40 bytes of UTF-8, not beginning with `luo.`
   * @throws {PoolNameError} for another name
   * @throws {AllocationError} when the pool is there, but not of that residence
   */
  pool(name: string, options: PoolOptions = {}): Pool {
    const { length } = new TextEncoder().encode(name);
    if (length === 0 || length > 40 || name.startsWith("luo.")) throw new PoolNameError(name);
    this.#prepare();
    return this.#memory.pool(name, options);
  }

  /**
   * Completes a generation: from here on it is what `open` finds. Its cost is in proportion to what
   * has changed. Returns the image's length in bytes.
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
   * Reads everything in the image and holds it against its checksums.
   *
   * @throws {BadImageError}, {BadObjectError}, {BadAddressError} that tell what has changed, or what
   *   overlaps something else
   * @throws {LeakError} when the image holds what no object refers to
   */
  verify(): void {
    this.#memory.account();
    const owners = [...this.#owners.values()];
    const taken = new Set(owners.flatMap(({ allocations }) => [...allocations]));
    this.#contents.verify(this.#objects, taken);
  }

  /** Comes before every change: takes account of the image, which must be one that can be changed. */
  #prepare(): void {
    const { readCompatible } = this.#features;
    if (readCompatible !== 0) {
      const bits = `0x${readCompatible.toString(16)}`;
      throw new BadImageError(`its features ${bits} can be read, but not written, by this release`);
    }
    this.#memory.account();
  }

  /** Before the first change: what lies in an image that was opened is allocated as well. */
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

  #read(identifier: string, copy: Copy, { struct, codec, layout }: VersionCodec): object {
    const { references, flexible, size } = layout;
    const { address, bytes } = copy;
    if (flexible ? bytes < size : bytes !== size) {
      throw new BadObjectError(identifier, {
        found: `${bytes} bytes`,
        expected: `${size}, the size of ${struct.name}`,
      });
    }
    const { memory, offset } = this.#memory.locate(address, bytes, "an object");
    this.#contents.check(identifier, copy);
    let owner: ArrayOwner | undefined;
    if (references) {
      const base = this.#owners.get(identifier) ?? this.#owner();
      this.#owners.set(identifier, base);
      owner = base.fork();
    }
    if (!flexible) return codec.decode(memory, offset, owner);
    // Its elements end with it.
    return codec.decode(new Memory(memory.bytes(offset, bytes)), 0, owner);
  }

  #owner(): ArrayOwner {
    return new ArrayOwner(this.#objects);
  }

  /**
   * Frees the allocations of an identifier that are no part of what it holds now: of the object before,
   * and of changes to arrays that were taken from it.
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

const refers = ({ layout }: VersionCodec) => layout.references;

/** The pool of the objects. */
export const OBJECTS = "luo.objects";

/** The pool of all that is needed to find them. */
const DIRECTORY = "luo.directory";
