import {
  ArgumentError,
  create,
  descriptorOf,
  INSPECT,
  isStruct,
  layoutOf,
  type StructClass,
  type StructValues,
  show,
  structOf,
} from "@luo/struct";
import { conformObject } from "./conforming.js";
import { completeArrays } from "./converted-sequence.js";
import { ConversionError, FamilyError } from "./errors.js";
import { declaredVersions, type Lineage, lineageOf, pass, relateStructs } from "./lineage.js";
import { Misfit } from "./value-misfit.js";
import { highest, versionsText } from "./version-list.js";

/** The versions from `from` to `to`, both included. A missing bound sets no limit. */
export interface VersionRange {
  readonly from?: number;
  readonly to?: number;
}

export interface FamilyOptions {
  /** The versions that the program reads. `from` retires older ones, `to` holds newer ones back. */
  readonly reads?: VersionRange;
  /** The versions that it writes, out of those. So a release can read a version before one writes it. */
  readonly writes?: VersionRange;
}

/** The facts that are known once all versions are declared. */
interface Resolved {
  readonly lineage: Lineage;
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

/**
 * All versions of one struct. The program's objects are of one class, `struct`, while it may also read
 * and write newer versions. A new version is a class that follows another.
 *
 * The first use of the versions links and checks them; classes can be declared until then. Everything
 * that needs the versions throws a `FamilyError` if they do not fit together.
 */
export class Family<T extends object = object> {
  readonly name: string;
  /** The class of the program's objects. */
  readonly struct: StructClass<T>;
  /** The version of that class. */
  readonly version: number;
  readonly #options: FamilyOptions;
  #resolved: Resolved | undefined;

  /** Use `family(Class)`. */
  constructor(struct: StructClass<T>, options: FamilyOptions) {
    const { family, version } = descriptorOf(struct);
    this.name = family;
    this.struct = struct;
    this.version = version;
    this.#options = options;
  }

  /**
   * Makes an object of the program's class, with these values in place of the initial ones.
   *
   * @throws {UnknownFieldError} for a name that the class does not have
   */
  create(values: StructValues<T>): T {
    return create(this.struct, values);
  }

  /** The versions that the program reads, ascending. */
  get reads(): readonly number[] {
    return this.#resolve().reads;
  }

  /**
   * The versions that the program writes, ascending. A version is missing when no downgrade leads to
   * it, because a field was dropped without a value for older readers.
   */
  get writes(): readonly number[] {
    return this.#resolve().writes;
  }

  /** All versions that the program knows, ascending; the same as `reads`. */
  get versions(): readonly number[] {
    return this.reads;
  }

  /** The class of the highest version that the program writes. */
  get newest(): StructClass {
    return this.structOf(highest(this.writes));
  }

  /** The class of a version. @throws {FamilyError} when the program does not read it */
  structOf(version: number): StructClass {
    const { lineage, reads } = this.#resolve();
    const struct = lineage.structs[version - lineage.oldest];
    if (struct !== undefined && reads.includes(version)) return struct;
    throw new FamilyError(this.name, {
      found: `version ${version}`,
      expected: `one of its versions, ${this.#known()}`,
      do: "ask for one of those, or let the family read more",
    });
  }

  /** The version of an object. @throws {FamilyError} when its class is no version of the family */
  versionOf(value: object): number {
    const struct = structOf(value);
    const version = struct && descriptorOf(struct).version;
    if (
      version !== undefined &&
      this.reads.includes(version) &&
      this.structOf(version) === struct
    ) {
      return version;
    }
    throw new FamilyError(this.name, {
      found: `an object of class ${value?.constructor?.name}`,
      expected: `one of its versions, ${this.#known()}`,
      do: "make the object of one of those classes",
    });
  }

  /**
   * Converts an object to another version, through all versions between. Returns the object itself if
   * it has that version already. The result shares nested values that carry over unchanged.
   *
   * @throws {ConversionError} when a step fails, for example because it would lose a value that is not
   *   `@lossy`
   * @throws {FamilyError} when the object or the version is not of the family
   */
  convert(value: object, to: number): object {
    const from = this.versionOf(value);
    const struct = this.structOf(to);
    return this.#converting(from, to, () => {
      const result = pass(this.#resolve().lineage, value, from, to);
      if (result !== value && layoutOf(struct).references) completeArrays(result, struct);
      return result;
    });
  }

  /**
   * Converts the objects inside an object that have another version of their family than the class of
   * their place. Returns the object itself if none has, and otherwise a copy. Objects of another
   * family stay, and encoding refuses them.
   *
   * @throws {ConversionError} when the version of a place cannot hold an object
   * @throws {FamilyError} when the object is not of the family
   */
  conform(value: object): object {
    const version = this.versionOf(value);
    const struct = this.structOf(version);
    return this.#converting(version, version, () => {
      const result = conformObject(value, struct, relateStructs);
      if (result !== value && layoutOf(struct).references) completeArrays(result, struct);
      return result;
    });
  }

  #converting(from: number, to: number, convert: () => object): object {
    try {
      return convert();
    } catch (cause) {
      if (!(cause instanceof Misfit)) throw cause;
      const { fault, path: field } = cause;
      throw new ConversionError(this.name, from, to, fault, { field, cause: cause.cause });
    }
  }

  /** The text that `console.log` shows. It does not count as use: further versions can be declared. */
  [INSPECT](): string {
    const { name, struct } = this;
    try {
      const versions = declaredVersions(struct)
        .map((each) => `${descriptorOf(each).version} (${each.name})`)
        .join(", ");
      const { reads, writes } = this.#resolved ?? {};
      const use =
        reads && writes ? `reads ${reads.join(", ")}; writes ${writes.join(", ")}` : "not used yet";
      return `Family ${name} of ${struct.name}: versions ${versions}; ${use}`;
    } catch (error) {
      return `Family ${name} of ${struct.name}: ${error}`;
    }
  }

  #known(): string {
    const { lineage, reads } = this.#resolve();
    return reads
      .map((version) => `${version} (${lineage.structs[version - lineage.oldest]?.name})`)
      .join(", ");
  }

  #resolve(): Resolved {
    this.#resolved ??= resolve(this.struct, this.#options);
    return this.#resolved;
  }
}

/** @throws {FamilyError} when the options leave nothing to read or to write */
function resolve(struct: StructClass, { reads = {}, writes = {} }: FamilyOptions): Resolved {
  const lineage = lineageOf(struct);
  const { family, name, version } = descriptorOf(struct);
  const { oldest, structs, steps } = lineage;
  const all = structs.map((_, index) => oldest + index);
  const readable = all.filter(within(reads));
  if (!readable.includes(version)) {
    throw new FamilyError(family, {
      found: `the program's objects are of ${name}, but it reads ${versionsText(readable)}`,
      do: `let it read version ${version}, or say family(<another class>)`,
    });
  }
  // Every step has an upgrade. Going down, downgrades end at the first step without one.
  const end = steps.findLastIndex(({ descends }, index) => !descends && oldest + index < version);
  const reachable = readable.filter((candidate) => candidate > oldest + end);
  const writable = reachable.filter(within(writes));
  const { from } = writes;
  if (writable.length === 0 || (from !== undefined && !writable.includes(from))) {
    throw new FamilyError(family, {
      found: `${name} can be written as ${versionsText(reachable)}, but writes ${range(writes)} are asked for`,
      do: "change the range, or the classes",
    });
  }
  return { lineage, reads: readable, writes: writable };
}

const within =
  ({ from = 0, to = Number.POSITIVE_INFINITY }: VersionRange) =>
  (version: number) =>
    version >= from && version <= to;

const range = ({ from = 0, to }: VersionRange) =>
  to === undefined ? `from ${from}` : `${from} to ${to}`;

/**
 * The family of a class: all versions linked to it, older and newer. The program's objects are of this
 * class.
 *
 *     const Counter = family(CounterV1);
 *     const Counter = family(CounterV1, { reads: { from: 1 }, writes: { to: 1 } });
 *
 * @throws {DeclarationError} when the class is no struct
 */
export function family<T extends object>(
  struct: StructClass<T>,
  options: FamilyOptions = {},
): Family<T> {
  return new Family(struct, options);
}

const families = new WeakMap<StructClass, Family>();

/** The family of a class with all versions to read and write; one object per class. */
export function familyOf<T extends object>(struct: StructClass<T>): Family<T> {
  const known = (families.get(struct) as Family<T> | undefined) ?? new Family(struct, {});
  families.set(struct, known);
  return known;
}

/**
 * Checks that something is a family. In JavaScript, the class of one of its versions comes easily in
 * its place.
 *
 * @throws {ArgumentError} when it is not
 */
export function checkFamily(found: unknown): asserts found is Family {
  if (typeof (found as Family | undefined)?.structOf === "function") return;
  const name = typeof found === "function" && isStruct(found) ? found.name : "<the newest class>";
  const expected = `a family: family(${name})`;
  throw new ArgumentError("family", { found: show(found), expected });
}
