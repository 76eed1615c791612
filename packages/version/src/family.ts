import { describe, type StructClass } from "@luo/struct";
import { type Converter, planConversion } from "./conversion.js";
import { ConversionError, FamilyError } from "./errors.js";
import { join } from "./membership.js";

/**
 * What a step between two adjacent versions says beyond the fields that carry over by themselves:
 * for a field of the target, how it is made from the whole object of the other version.
 */
export interface Step<Old extends object, New extends object> {
  readonly upgrade?: Conversions<Old, New>;
  readonly downgrade?: Conversions<New, Old>;
}

/** Functions that make fields of `To` out of a `From`. */
export type Conversions<From extends object, To extends object> = {
  readonly [F in keyof To]?: (from: From) => To[F];
};

interface Member {
  readonly version: number;
  readonly struct: StructClass;
  /** To the version below and from it; absent in the oldest. */
  readonly upgrade?: Converter;
  readonly downgrade?: Converter;
}

/** All versions of one struct, oldest first. Programs only ever see its newest, `T`. */
export class Family<T extends object = object> {
  readonly name: string;
  /** Ascending. */
  readonly versions: readonly number[];
  /** The class of the newest version. */
  readonly newest: StructClass<T>;
  readonly #members: readonly Member[];

  /** Use `family(Oldest)` and `.version(Newer)`. */
  constructor(name: string, newest: StructClass<T>, members: readonly Member[]) {
    this.name = name;
    this.newest = newest;
    this.versions = members.map(({ version }) => version);
    this.#members = members;
    for (const { struct } of members) join(struct, this);
  }

  /**
   * The family with one more version.
   *
   * @throws {FamilyError} when the class is of another family or not newer, or when a field neither
   *   carries over nor has a conversion, in either direction
   */
  version<N extends object>(struct: StructClass<N>, step: Step<T, N> = {}): Family<N> {
    const { name, version, family } = describe(struct);
    const last = describe(this.newest);
    if (family !== this.name) {
      throw new FamilyError(
        this.name,
        `${name} is of family ${family}; say @LuoStruct(${version}, { family: "${this.name}" })`,
      );
    }
    if (version <= last.version) {
      throw new FamilyError(
        this.name,
        `${name} is version ${version}, after ${last.name} of version ${last.version}; add versions in ascending order`,
      );
    }
    const upgrade = planConversion(this.name, this.newest, struct, step.upgrade, "upgrade");
    const downgrade = planConversion(this.name, struct, this.newest, step.downgrade, "downgrade");
    const member = { version, struct, upgrade, downgrade };
    return new Family(this.name, struct, [...this.#members, member]);
  }

  /** The class of a version. @throws {FamilyError} when there is none */
  structOf(version: number): StructClass {
    return this.#member(version).struct;
  }

  /** The version of which the object is an instance. @throws {FamilyError} when it is of none */
  versionOf(value: object): number {
    const member = this.#members.find(({ struct }) => value.constructor === struct);
    if (member === undefined) {
      throw new FamilyError(
        this.name,
        `an object of class ${value.constructor?.name} is none of its versions (${this.#known()})`,
      );
    }
    return member.version;
  }

  /**
   * The object in another version, by way of all versions between.
   *
   * @throws {ConversionError} when a step fails, for example as it would lose what the older needs
   */
  convert(value: object, to: number): object {
    const from = this.versionOf(value);
    this.#member(to);
    const between = this.#members.filter(
      ({ version }) => version > Math.min(from, to) && version <= Math.max(from, to),
    );
    const steps =
      from < to
        ? between.map(({ upgrade }) => upgrade)
        : between.reverse().map(({ downgrade }) => downgrade);
    try {
      return steps.reduce((current, step) => step?.(current) ?? current, value);
    } catch (cause) {
      if (cause instanceof ConversionError) throw cause;
      const problem = cause instanceof Error ? cause.message : String(cause);
      throw new ConversionError(this.name, from, to, problem, { cause });
    }
  }

  #member(version: number): Member {
    const member = this.#members.find((candidate) => candidate.version === version);
    if (member === undefined) {
      throw new FamilyError(this.name, `has no version ${version}; it has ${this.#known()}`);
    }
    return member;
  }

  #known(): string {
    return this.#members.map(({ version, struct }) => `${version} (${struct.name})`).join(", ");
  }
}

/**
 * Begins a family with its oldest version; `.version(Newer)` adds the next.
 *
 *     const Memfd = family(MemfdV0).version(MemfdV1, { upgrade: { folios: (old) => ... } });
 */
export function family<T extends object>(oldest: StructClass<T>): Family<T> {
  const { family, version } = describe(oldest);
  return new Family(family, oldest, [{ version, struct: oldest }]);
}
