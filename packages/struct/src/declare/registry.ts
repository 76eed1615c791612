import { DeclarationError } from "../errors.js";
import type { Endian } from "../layout/abi.js";
import { type FieldType, type PerKind, perKind, type StructClass } from "../types.js";

/** A field as it was annotated. */
export interface FieldDescriptor {
  readonly name: string;
  readonly type: FieldType;
  /** `@aligned(n)`: at least this alignment, in bytes. */
  readonly align?: number;
  /** `@packed`: no alignment of its own. */
  readonly packed?: boolean;
  /** `@little` or `@big`. */
  readonly endian?: Endian;
  /** What packages above say of the field, by symbols of theirs; the layout does not depend on it. */
  readonly notes?: Readonly<Record<symbol, unknown>>;
}

/** How a class is annotated beyond its version. */
export interface StructOptions {
  /** The family's name; by default the class name without its trailing `V<version>`. */
  readonly family?: string;
  /** No padding between fields: C's `__attribute__((packed))`. */
  readonly packed?: boolean;
  /** At least this alignment in bytes, a power of two: C's `__attribute__((aligned(n)))`. */
  readonly align?: number;
  /** The byte order of all fields that say no other; little-endian by default. */
  readonly endian?: Endian;
  /** All fields lie in the same place, as in a C union; such a class has a layout, but no codec. */
  readonly overlay?: boolean;
}

/** Where a struct and its fields lie by a schema's word, which no rule of an ABI is asked for. */
export interface Places {
  /** In bytes, a multiple of `align`. */
  readonly size: number;
  /** In bytes. */
  readonly align: number;
  /** In the order of the fields; as in `FieldLayout`. */
  readonly fields: readonly {
    readonly offset: number;
    readonly size: number;
    readonly bitOffset?: number;
  }[];
  /** That of the layout, where the schema comes with one. */
  readonly fingerprint?: bigint;
}

/** A class as it was annotated: what reflection gives, and what everything else is made from. */
export interface StructDescriptor {
  /** The class itself. */
  readonly struct: StructClass;
  readonly name: string;
  /** The version within its family, 0 to 2^32 - 1. */
  readonly version: number;
  /** The family's name: all versions of one struct carry the same. */
  readonly family: string;
  /** In the order of declaration, which is the order in memory; those of a base class come first. */
  readonly fields: readonly FieldDescriptor[];
  /** The names of properties that are no fields and may be lost: `@transient`. */
  readonly transient: ReadonlySet<string | symbol>;
  readonly options: StructOptions;
  /** Of a class that was made for a schema. */
  readonly places?: Places;
}

/**
 * The tables are shared by every copy of this module in a process: a program may well load it once
 * as ESM and once as CommonJS, and a class annotated by the one is used by the other.
 */
interface Tables {
  /** Fields seen so far, by prototype or by the metadata object of a standard decorator. */
  readonly fields: WeakMap<object, FieldDescriptor[]>;
  /** Names of `@transient` properties, by the same. */
  readonly transient: WeakMap<object, Set<string | symbol>>;
  readonly structs: WeakMap<object, StructDescriptor>;
  /** By base class, the structs that extend it. */
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

/** Notes a field of a class whose declaration is still being evaluated. */
export function addField(owner: object, struct: string, field: FieldDescriptor): void {
  const fields = tables.fields.get(owner) ?? [];
  if (fields.some(({ name }) => name === field.name)) {
    throw new DeclarationError(struct, field.name, "is annotated twice; keep one annotation");
  }
  tables.fields.set(owner, [...fields, field]);
}

/** Adds to what was noted of a field. */
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

/** Notes a property that is no field. */
export function addTransient(owner: object, name: string | symbol): void {
  tables.transient.set(owner, (tables.transient.get(owner) ?? new Set()).add(name));
}

/**
 * The fields noted for a class and those of its base classes, in the order of memory. A field that
 * is declared again stands where the base class has it.
 *
 * @throws {DeclarationError} when a field is declared again with more changed than nested classes
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

/** The owners of a class's annotations and of those of its base classes, the base first. */
function levels(owner: object | null): readonly object[] {
  const found: object[] = [];
  for (let level = owner; level !== null; level = Object.getPrototypeOf(level))
    found.unshift(level);
  return found;
}

/** Types that hold structs, and are the same whichever classes those are of. */
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

/** Completes a class. */
export function addStruct(descriptor: StructDescriptor): void {
  if (tables.structs.has(descriptor.struct)) {
    throw new DeclarationError(descriptor.name, undefined, "carries @LuoStruct twice; keep one");
  }
  tables.structs.set(descriptor.struct, descriptor);
  const base = Object.getPrototypeOf(descriptor.struct);
  if (isStruct(base)) tables.derived.set(base, [...derivedFrom(base), descriptor.struct]);
}

/** Whether the class carries `@LuoStruct`. */
export function isStruct(struct: object): boolean {
  return tables.structs.has(struct);
}

/** The structs that extend a struct directly, as far as they are declared by now. */
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
