import {
  ArrayOwner,
  type Backing,
  type Pool,
  type PoolOptions,
  PreservedMemory,
  WriteTurn,
} from "@luo/memory";
import { Memory } from "@luo/struct";
import { Contents } from "./contents.js";
import { Directory } from "./directory.js";
import { BadImageError, StaleStoreError } from "./errors.js";
import { FamilyCodecs } from "./family-codecs.js";
import { GenerationWatch, hasStamp, type Stamp, stampOf } from "./generation-watch.js";
import {
  type Features,
  FORMAT,
  type Generation,
  type ImageOrigin,
  LAST_GENERATION,
  readGeneration,
  readOrigin,
  writeGeneration,
} from "./image-header.js";
import { type Program, RootV1 } from "./image-records.js";
import { ResidentPools } from "./resident-pools.js";
import { StoredSchemas } from "./stored-schemas.js";

/** The parts of an image as one generation has them, and the changes for the next. */
export class Image {
  readonly memory: PreservedMemory;
  readonly objects: Pool;
  readonly directory: Directory;
  readonly schemas: StoredSchemas;
  readonly contents: Contents;
  readonly codecs: FamilyCodecs;
  readonly #resident: ResidentPools;
  readonly #features: Features;
  readonly #watch: GenerationWatch;
  readonly #turn: WriteTurn;

  /**
   * @param stamp the one from before the generation was read
   * @param former the image of an earlier generation, without changes since: this image takes over
   *   the parts that are the same, and the former cannot be used any more
   */
  constructor(
    backing: Backing,
    { root, format, features }: Generation,
    { stamp, former }: { stamp?: Stamp; former?: Image | undefined } = {},
  ) {
    const { length: end, generation } = root;
    this.#features = features;
    this.#turn = new WriteTurn(backing, () => this.checkCurrent());
    const account = generation > 0 ? { account: () => this.#account() } : {};
    this.memory = new PreservedMemory(backing, { end, generation, turn: this.#turn, ...account });
    this.#watch = new GenerationWatch(this.memory.at(0).memory, generation, stamp);
    const own = this.memory.pool(DIRECTORY);
    this.objects = this.memory.pool(OBJECTS);
    this.schemas = new StoredSchemas(own, root, former?.schemas.schemas);
    const { schemas } = this.schemas;
    const same = former?.schemas.schemas === schemas ? former : undefined;
    const { directory: newest, objects } = root;
    const stored = { newest, objects, format, schemas: schemas.list };
    this.directory = Directory.open(own, stored, same?.directory);
    this.contents = new Contents(this.memory, this.directory, schemas);
    this.codecs = same?.codecs ?? new FamilyCodecs(schemas);
    this.#resident = new ResidentPools(this.memory, own, root.pools);
  }

  /** True when there are changes that are not sealed, also when another store ended their turn. */
  get changed(): boolean {
    return this.#turn.lasts || this.#turn.lost;
  }

  /** True while no other store has sealed a generation since, or changed the memory of changes. */
  get isCurrent(): boolean {
    return !this.#turn.lost && this.#watch.isNewest(this.memory.generation);
  }

  /** @throws {StaleStoreError} when another store has changed the image */
  checkCurrent(options?: ErrorOptions): void {
    if (this.isCurrent) return;
    const found = this.#turn.lost
      ? "another store began to change the image before the changes of this one were sealed"
      : "another store has sealed a later generation";
    throw new StaleStoreError(this.memory.generation, found, options);
  }

  /**
   * Gives what a function reads, if the image is still current when it has been read. Another
   * program may write at any time, so bytes that fail a check can also be those of a later
   * generation.
   *
   * @throws {StaleStoreError} when another store has changed the image; and what `read` throws
   */
  read<T>(read: () => T): T {
    let result: T;
    try {
      result = read();
    } catch (cause) {
      this.checkCurrent({ cause });
      throw cause;
    }
    this.checkCurrent();
    return result;
  }

  /**
   * Prepares for a change: checks that this release can write to the image, that the image is
   * current and no other program changes it, and accounts for its allocations once.
   */
  change(): void {
    const { readCompatible } = this.#features;
    if (readCompatible !== 0) {
      const bits = `0x${readCompatible.toString(16)}`;
      throw new BadImageError(`its features ${bits} can be read, but not written, by this release`);
    }
    this.checkCurrent();
    this.memory.change();
  }

  /** Gives a pool of the program's own; see `ObjectStore.pool`. */
  pool(name: string, options: PoolOptions): Pool {
    this.change();
    return this.memory.pool(name, options);
  }

  /** Makes an owner of arrays in the pool of the objects. */
  owner(): ArrayOwner {
    return new ArrayOwner(this.objects);
  }

  /** Completes a generation, and gives the image's length in bytes; see `ObjectStore.seal`. */
  seal(program: Program | undefined): number {
    this.change();
    this.memory.flush();
    const generation = this.memory.generation + 1;
    if (generation > LAST_GENERATION) {
      const found = `its generation ${this.memory.generation} is the last that there can be`;
      throw new BadImageError(found);
    }
    const schemas = this.schemas.write();
    const pools = this.#resident.write();
    this.directory.seal(generation);
    const { newest: directory, size: objects } = this.directory;
    const length = this.memory.end;
    const root = { ...schemas, generation, length, directory, objects, pools };
    const written = { root: Object.assign(new RootV1(), root), format: FORMAT };
    const { memory } = this.memory.at(0);
    writeGeneration(memory, { ...written, features: this.#features }, program);
    this.memory.commit();
    return length;
  }

  /** Has the pools adopt everything in an image that was opened, before the first change. */
  #account(): void {
    this.schemas.adopt();
    this.directory.adopt();
    this.#resident.restore();
    this.contents.adopt(this.objects);
  }
}

/** The name of the pool for the objects and their arrays. */
export const OBJECTS = "luo.objects";

/** The name of the pool for the directory, the schemas and the list of resident pools. */
const DIRECTORY = "luo.directory";

const firstOf = ({ segments }: Backing) => new Memory(segments[0] ?? new ArrayBuffer(0));

/**
 * Reads the newest generation of an image, again if another program sealed one meanwhile.
 *
 * @param former the image that the store has read before
 */
export function readImage(backing: Backing, former?: Image): { image: Image; origin: ImageOrigin } {
  // The stamp is older than everything else that is read, the length of the memory included.
  const stamp = stampOf(firstOf(backing));
  backing.refresh?.();
  const { segments } = backing;
  const byteLength = segments.reduce((sum, segment) => sum + segment.byteLength, 0);
  const first = firstOf(backing);
  try {
    const image = new Image(backing, readGeneration(first, byteLength), { stamp, former });
    const origin = readOrigin(first);
    if (image.isCurrent) return { image, origin };
  } catch (error) {
    if (hasStamp(first, stamp)) throw error;
  }
  return readImage(backing);
}
