import { DeclarationError } from "../errors.js";
import type { Endian } from "../layout/abi.js";
import { type FieldType, type PerKind, perKind, type StructClass } from "../types.js";

/** A field with its annotations. */
export interface FieldDescriptor {
  readonly name: string;
  readonly type: FieldType;
  /** `@aligned(n)`: at least this alignment, in bytes. */
  readonly align?: number;
  /** `@packed`: no alignment of its own. */
  readonly packed?: boolean;
  /** `@little` or `@big`. */
  readonly endian?: Endian;
  /** Values that other packages attach, by symbols of theirs. The layout does not depend on them. */
  readonly notes?: Readonly<Record<symbol, unknown>>;
}

/** The annotations of a class beside its version. */
export interface StructOptions {
  /** The family's name; by default the class name without its trailing `V<version>`. */
  readonly family?: string;
  /** No padding between fields: C's `__attribute__((packed))`. */
  readonly packed?: boolean;
  /** At least this alignment in bytes, a power of two: C's `__attribute__((aligned(n)))`. */
  readonly align?: number;
  /** The byte order of all fields without `@little` or `@big`; little-endian by default. */
  readonly endian?: Endian;
  /** All fields lie in the same place, as in a C union. Such a class has a layout, but no codec. */
  readonly overlay?: boolean;
}

/** The places of a struct's fields as a schema gives them, in place of the ABI's rules. */
export interface Places {
  /** Size in bytes, a multiple of `align`. */
  readonly size: number;
  /** Alignment in bytes. */
  readonly align: number;
  /** The places in the order of the fields, as in `FieldLayout`. */
  readonly fields: readonly {
    readonly offset: number;
    readonly size: number;
    readonly bitOffset?: number;
  }[];
  /** The fingerprint of the layout, when the schema has one. */
  readonly fingerprint?: bigint;
}

/** A class with its annotations. Layouts, codecs and schemas are computed from it. */
export interface StructDescriptor {
  /** The class itself. */
  readonly struct: StructClass;
  readonly name: string;
  /** The version within its family, 0 to 2^32 - 1. */
  readonly version: number;
  /** The family's name: all versions of one struct carry the same. */
  readonly family: string;
  /** The fields in the order of declaration and of memory. Those of a base class come first. */
  readonly fields: readonly FieldDescriptor[];
  /** The names of `@transient` properties: no fields, so bytes do not hold their values. */
  readonly transient: ReadonlySet<string | symbol>;
  readonly options: StructOptions;
  /** Present on classes that were made for a schema. */
  readonly places?: Places;
}

/**
 * The tables that all copies of this module in a process share. A program may load it both as ESM and
 * as CommonJS, and use a class in one copy that the other annotated.
 */
interface Tables {
  /** Fields noted so far, by prototype (legacy) or metadata object (standard decorators). */
  readonly fields: WeakMap<object, FieldDescriptor[]>;
  /** Names of `@transient` properties, by the same keys. */
  readonly transient: WeakMap<object, Set<string | symbol>>;
  readonly structs: WeakMap<object, StructDescriptor>;
  /** The structs that extend a class directly, by base class. */
  readonly derived: WeakMap<object, StructClass[]>;
}

const TABLES = Symbol.for("@luo/struct/2");
const shared = globalThis as { [TABLES]?: Tables };
shared[TABLES] ??= {
  fields: new WeakMap(),
  transient: new WeakMap(),
  structs: new WeakMap(),
  derived: new WeakMap(),
};
const tables = shared[TABLES];

/** Notes a field of a class that is not complete yet. @throws {DeclarationError} when noted twice */
export function addField(owner: object, struct: string, field: FieldDescriptor): void {
  const fields = tables.fields.get(owner) ?? [];
  if (fields.some(({ name }) => name === field.name)) {
    throw new DeclarationError(struct, field.name, "is annotated twice; keep one annotation");
  }
  tables.fields.set(owner, [...fields, field]);
}

/** Changes a noted field. @throws {DeclarationError} when the property has no type */
export function modifyField(
  owner: object,
  struct: string,
  name: string,
  change: (field: FieldDescriptor) => FieldDescriptor,
): void {
  const fields = tables.fields.get(owner) ?? [];
  if (!fields.some((field) => field.name === name)) {
    throw new DeclarationError(
      struct,
      name,
      "has no type; put the type next to it, as in @big @u32",
    );
  }
  tables.fields.set(
    owner,
    fields.map((field) => (field.name === name ? change(field) : field)),
  );
}

/** Notes a `@transient` property. */
export function addTransient(owner: object, name: string | symbol): void {
  tables.transient.set(owner, (tables.transient.get(owner) ?? new Set()).add(name));
}

/**
 * The fields of a class and its base classes, in the order of memory. A redeclared field keeps the
 * place that it has in the base class.
 *
 * @throws {DeclarationError} when a redeclared field changes more than classes of nested structs
 */
export function fieldsOf(owner: object | null, struct: string): readonly FieldDescriptor[] {
  const fields = new Map<string, FieldDescriptor>();
  for (const field of levels(owner).flatMap((level) => tables.fields.get(level) ?? [])) {
    const base = fields.get(field.name);
    if (base !== undefined && !perKind(SAME_BUT_CLASSES, base.type, field.type)) {
      const problem =
        "is a field of the base class already; remove it, or change nothing but the classes of nested structs";
      throw new DeclarationError(struct, field.name, problem);
    }
    fields.set(field.name, field);
  }
  return [...fields.values()];
}

/** The names of `@transient` properties of a class and of its base classes. */
export function transientOf(owner: object | null): ReadonlySet<string | symbol> {
  const noted = levels(owner).flatMap((level) => tables.transient.get(level) ?? []);
  return noted.length === 0 ? NONE : new Set(noted.flatMap((names) => [...names]));
}

const NONE: ReadonlySet<string | symbol> = new Set();

/** The keys of the annotations of a class and its base classes, the base first. */
function levels(owner: object | null): readonly object[] {
  const found: object[] = [];
  for (let level = owner; level !== null; level = Object.getPrototypeOf(level))
    found.unshift(level);
  return found;
}

/** True for two types that hold structs and differ at most in the classes of those. */
const SAME_BUT_CLASSES: PerKind<boolean, FieldType> = {
  scalar: () => false,
  enum: () => false,
  bits: () => false,
  char: () => false,
  bytes: () => false,
  array: ({ of, length }, other) =>
    other.kind === "array" && other.length === length && perKind(SAME_BUT_CLASSES, of, other.of),
  flexible: ({ of, count }, other) =>
    other.kind === "flexible" && other.count === count && perKind(SAME_BUT_CLASSES, of, other.of),
  struct: (_, other) => other.kind === "struct",
  union: ({ discriminator }, other) =>
    other.kind === "union" && other.discriminator === discriminator,
  ref: (_, other) => other.kind === "ref",
  reserved: () => false,
};

/** Registers a complete struct. @throws {DeclarationError} when the class is one already */
export function addStruct(descriptor: StructDescriptor): void {
  if (tables.structs.has(descriptor.struct)) {
    throw new DeclarationError(descriptor.name, undefined, "carries @LuoStruct twice; keep one");
  }
  tables.structs.set(descriptor.struct, descriptor);
  const base = Object.getPrototypeOf(descriptor.struct);
  if (isStruct(base)) tables.derived.set(base, [...derivedFrom(base), descriptor.struct]);
}

/** True for a class with `@LuoStruct`. */
export function isStruct(struct: object): boolean {
  return tables.structs.has(struct);
}

/** The struct class of a value: its own class, or the nearest base class that is a struct. */
export function structOf(value: unknown): StructClass | undefined {
  for (
    let prototype = Object.getPrototypeOf(Object(value));
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const maker = prototype.constructor;
    if (typeof maker === "function" && isStruct(maker)) return maker;
  }
  return undefined;
}

/** The structs declared so far that extend a struct directly. */
export function derivedFrom(struct: StructClass): readonly StructClass[] {
  return tables.derived.get(struct) ?? [];
}

/**
 * The annotations of a class.
 *
 * @throws {DeclarationError} when the class carries no `@LuoStruct`
 */
export function descriptorOf(struct: StructClass): StructDescriptor {
  const descriptor = tables.structs.get(struct);
  if (descriptor === undefined) {
    throw new DeclarationError(
      struct?.name || String(struct),
      undefined,
      "is not a struct; annotate the class with @LuoStruct(<version>)",
    );
  }
  return descriptor;
}
