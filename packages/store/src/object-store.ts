import { type Backing, PreservedMemory } from "@luo/memory";
import { describe, fingerprintOf, layoutOf, type StructSchema, schemaOf } from "@luo/struct";
import { type Family, familyOf, NegotiationError } from "@luo/version";
import { BadImageError, BadObjectError } from "./errors.js";
import { Directory, DirectoryEntry, ImageHeader, readHeader, writeHeader } from "./image.js";

export interface PutOptions {
  /** Older versions of the same object that are written next to it. */
  readonly alongside?: Iterable<number>;
}

/** One object in one version, as a list shows it. */
export interface StoredObject {
  readonly identifier: string;
  readonly family: string;
  readonly version: number;
  /** Of the struct itself, in bytes; arrays that it refers to are not counted. */
  readonly size: number;
}

/**
 * Objects in an image: each is one versioned record under an identifier.
 *
 *     const store = ObjectStore.create(backing);
 *     store.put("memfd/7", state, { alongside: [0] });
 *     store.seal();
 *
 *     ObjectStore.open(backing).take("memfd/7", Memfd);
 */
export class ObjectStore {
  readonly #memory: PreservedMemory;
  readonly #generation: number;
  readonly #schemas: Map<string, StructSchema>;
  /** By identifier, the entries of its versions. */
  readonly #objects = new Map<string, DirectoryEntry[]>();

  private constructor(
    memory: PreservedMemory,
    generation: number,
    entries: Iterable<DirectoryEntry>,
    schemas: readonly StructSchema[],
  ) {
    this.#memory = memory;
    this.#generation = generation;
    for (const entry of entries) {
      const versions = this.#objects.get(entry.identifier);
      if (versions === undefined) this.#objects.set(entry.identifier, [entry]);
      else versions.push(entry);
    }
    this.#schemas = new Map(schemas.map((schema) => [key(schema), schema]));
  }

  /** An empty store over zeroed memory. Nobody can open it before `seal`. */
  static create(backing: Backing): ObjectStore {
    return new ObjectStore(new PreservedMemory(backing), 0, [], []);
  }

  /**
   * The store in an image that was sealed.
   *
   * @throws {BadImageError} when the image is damaged or unfinished
   * @throws {BadAddressError} when it refers to what it does not hold
   */
  static open(backing: Backing): ObjectStore {
    const { generation, length, root } = readHeader(backing);
    const memory = new PreservedMemory(backing, length);
    const { entries, schemas, schemasLength } = memory.get(Directory, root);
    const start = memory.locate(schemas, schemasLength, "the schemas");
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(
        memory.bytes.u8.slice(start, start + schemasLength),
      );
      return new ObjectStore(memory, generation, entries, JSON.parse(text));
    } catch (cause) {
      throw new BadImageError("its schemas are not JSON", { cause });
    }
  }

  /** Counts the images that this memory has held; 0 before the first is sealed. */
  get generation(): number {
    return this.#generation;
  }

  /** Bytes in use. */
  get byteLength(): number {
    return this.#memory.end;
  }

  /** The layouts of everything inside, each once. */
  get schemas(): readonly StructSchema[] {
    return [...this.#schemas.values()];
  }

  /** All objects in the order in which they were put, each version on its own. */
  list(): readonly StoredObject[] {
    return this.#entries().map(({ identifier, family, version, size }) => ({
      identifier,
      family,
      version,
      size,
    }));
  }

  /**
   * Writes an object, and copies of it in older versions, in place of what the identifier held.
   *
   * @param identifier at most 128 bytes of UTF-8
   * @throws {FamilyError} when the class is in no family, or the family has no such older version
   * @throws {ConversionError} when an older version cannot hold what the object holds
   * @throws {FieldRangeError} when a value does not fit its field
   */
  put(identifier: string, value: object, { alongside = [] }: PutOptions = {}): void {
    const family = familyOf(value.constructor as new () => object);
    const versions = new Set([family.versionOf(value), ...alongside]);
    const written = Array.from(versions, (version) => {
      const struct = family.structOf(version);
      const address = this.#memory.put(struct, family.convert(value, version));
      for (const schema of schemaOf(struct)) this.#schemas.set(key(schema), schema);
      return Object.assign(new DirectoryEntry(), {
        identifier,
        family: family.name,
        version,
        address,
        size: layoutOf(struct).size,
        fingerprint: fingerprintOf(struct),
      });
    });
    this.#objects.set(identifier, written);
  }

  /**
   * The object in the highest version that both it and the family have, upgraded to the newest
   * class; undefined when there is no such identifier.
   *
   * @throws {NegotiationError} when no version is shared; it lists both sides
   * @throws {BadObjectError} when the identifier holds an object of another family
   */
  take<T extends object>(identifier: string, family: Family<T>): T | undefined {
    const entries = this.#objects.get(identifier);
    if (entries === undefined) return undefined;
    const foreign = entries.find((entry) => entry.family !== family.name);
    if (foreign !== undefined) {
      throw new BadObjectError(identifier, `is of family ${foreign.family}, not ${family.name}`);
    }
    const known = entries.filter(({ version }) => family.versions.includes(version));
    const same = known.filter(
      ({ version, fingerprint }) => fingerprint === fingerprintOf(family.structOf(version)),
    );
    const best = same.toSorted((a, b) => b.version - a.version)[0];
    if (best === undefined) {
      const writes = entries.map(({ version }) => version);
      const differing = known.map(({ version }) => version);
      throw new NegotiationError([
        { family: family.name, writes, reads: family.versions, differing },
      ]);
    }
    const value = this.#memory.get(family.structOf(best.version), best.address);
    return family.convert(value, describe(family.newest).version) as T;
  }

  /** Forgets an object in all versions; whether there was one. */
  delete(identifier: string): boolean {
    return this.#objects.delete(identifier);
  }

  /** Completes the image: from here on it can be opened. Returns its length in bytes. */
  seal(): number {
    const json = new TextEncoder().encode(JSON.stringify(this.schemas));
    const schemas = this.#memory.allocate(json.length);
    this.#memory.bytes.u8.set(json, Number(schemas));
    const root = this.#memory.put(
      Directory,
      Object.assign(new Directory(), {
        entries: this.#entries(),
        schemas,
        schemasLength: json.length,
      }),
    );
    const header = Object.assign(new ImageHeader(), {
      generation: this.#generation + 1,
      length: this.#memory.end,
      root,
    });
    writeHeader(this.#memory.bytes, header);
    return header.length;
  }

  #entries(): DirectoryEntry[] {
    return [...this.#objects.values()].flat();
  }
}

const key = ({ family, version }: StructSchema) => `${family}@${version}`;
