import { derivedFrom, descriptorOf, isStruct, type StructClass } from "@luo/struct";
import type { Primitive } from "./annotations.js";
import { FamilyError } from "./errors.js";

type Functions = Readonly<Record<string, (from: object) => unknown>>;

/** The arguments of `@follows`: the class of the version before, and functions by field. */
export interface Follows {
  readonly older: StructClass;
  /** Functions by field of the newer class. */
  readonly upgrade: Functions;
  /** Functions by field of the older class. */
  readonly downgrade: Functions;
}

/** The value of `@dropped` for older readers, or a function that makes it from the newer object. */
export interface Dropped {
  readonly initial?: Primitive | ((newer: object) => unknown);
}

/** The tables that all copies of this module in a process share, like those of `@luo/struct`. */
interface Tables {
  readonly follows: WeakMap<StructClass, Follows>;
  /** The classes that follow a class by `@follows`, by older class. */
  readonly followers: WeakMap<StructClass, StructClass[]>;
  readonly dropped: WeakMap<StructClass, Map<string, Dropped>>;
  /** The classes whose family was used. Nothing can follow them any more. */
  readonly settled: WeakSet<StructClass>;
}

const TABLES = Symbol.for("@luo/version/1");
const shared = globalThis as { [TABLES]?: Tables };
shared[TABLES] ??= {
  follows: new WeakMap(),
  followers: new WeakMap(),
  dropped: new WeakMap(),
  settled: new WeakSet(),
};
const tables = shared[TABLES];

/** Notes a `@follows`. @throws {FamilyError} when the class follows another, or the family is in use */
export function addFollows(newer: StructClass, follows: Follows): void {
  const { older } = follows;
  const { name, family } = descriptorOf(older);
  const fail = (found: string, remedy: string): never => {
    const fault = { found: `${newer.name} ${found}`, do: remedy };
    throw new FamilyError(family, fault, { struct: newer.name });
  };
  const other = tables.follows.get(newer)?.older;
  if (other !== undefined) fail(`follows both ${other.name} and ${name}`, "keep one @follows");
  if (tables.settled.has(older)) {
    fail(
      `follows ${name}, but the family was used before`,
      "declare all versions before its first use",
    );
  }
  tables.follows.set(newer, follows);
  tables.followers.set(older, [...(tables.followers.get(older) ?? []), newer]);
}

/** Notes a `@dropped`. @throws {FamilyError} when the class drops the field already */
export function addDropped(struct: StructClass, field: string, dropped: Dropped): void {
  const known = tables.dropped.get(struct) ?? new Map<string, Dropped>();
  if (known.has(field)) {
    const family = isStruct(struct) ? descriptorOf(struct).family : struct.name;
    const fault = { found: `${struct.name} drops ${field} twice`, do: "keep one @dropped" };
    throw new FamilyError(family, fault, { struct: struct.name, field });
  }
  tables.dropped.set(struct, known.set(field, dropped));
}

/** The `@dropped` annotations of a class, by field of older classes. */
export function droppedOf(struct: StructClass): ReadonlyMap<string, Dropped> {
  return tables.dropped.get(struct) ?? new Map();
}

/**
 * The class that a class follows: the one in `@follows`, or else the base class if it is of the same
 * family. Undefined for the oldest class of a family.
 */
export function followsOf(struct: StructClass): Follows | undefined {
  const said = tables.follows.get(struct);
  if (said !== undefined) return said;
  const base: StructClass = Object.getPrototypeOf(struct);
  if (!isStruct(base) || descriptorOf(base).family !== descriptorOf(struct).family)
    return undefined;
  return { older: base, upgrade: {}, downgrade: {} };
}

/** The classes that follow a class. More than one is an error, which `lineageOf` reports. */
export function followersOf(struct: StructClass): readonly StructClass[] {
  const extending = derivedFrom(struct).filter((derived) => followsOf(derived)?.older === struct);
  return [...new Set([...(tables.followers.get(struct) ?? []), ...extending])];
}

export function settle(structs: readonly StructClass[]): void {
  for (const struct of structs) tables.settled.add(struct);
}
