import { DeclarationError, show } from "../errors.js";
import type { Fault } from "../luo-error.js";
import {
  bitBounds,
  expected,
  type FieldType,
  type PerKind,
  perKind,
  type StructClass,
} from "../types.js";
import { descriptorOf, type FieldDescriptor, isStruct } from "./registry.js";

/**
 * Checks the fields of a class at its declaration, as far as they need no other class.
 *
 * @throws {DeclarationError} naming class and field
 */
export function checkFields(struct: string, fields: readonly FieldDescriptor[]): void {
  if (fields.length === 0) {
    const fault = { found: "has no annotated field", do: "annotate one, such as @u64" };
    throw new DeclarationError(struct, undefined, fault);
  }
  const faults = faultsOf(fields);
  for (const { name, type, endian } of fields) {
    const fault = faults.get(name);
    if (fault !== undefined) throw new DeclarationError(struct, name, fault);
    if (endian !== undefined && !perKind(HAS_BYTE_ORDER, type)) {
      const found = `has no byte order, but is marked @${endian}`;
      throw new DeclarationError(struct, name, { found, do: `remove @${endian}` });
    }
  }
}

/** The faults of fields in their places among the others, by field name. */
export function faultsOf(
  fields: readonly Pick<FieldDescriptor, "name" | "type">[],
): ReadonlyMap<string, Fault> {
  const faults = new Map<string, Fault>();
  const above = new Map<string, FieldType>();
  for (const { name, type } of fields) {
    const last = above.size === fields.length - 1;
    const fault = perKind(FAULT, type, { above, last });
    if (fault !== undefined) faults.set(name, fault);
    above.set(name, type);
  }
  return faults;
}

/**
 * Refuses a union with a key that its discriminator cannot hold, such as 300 for a u8, or "01", which is
 * no text of a number. A union whose classes are not declared yet passes.
 *
 * @throws {DeclarationError} naming class, field and key
 */
export function checkUnionKeys(
  struct: string,
  fields: readonly Pick<FieldDescriptor, "name" | "type">[],
): void {
  for (const { name, type } of fields) {
    if (type.kind !== "union") continue;
    const discriminator = fields.find((other) => other.name === type.discriminator)?.type;
    if (discriminator === undefined || named(type, INSIDE) === undefined) continue;
    const wrong = Object.keys(type.of() ?? {}).find((key) => !holdsKey(discriminator, key));
    if (wrong === undefined) continue;
    throw new DeclarationError(struct, name, {
      found: `the key ${show(wrong)} of a union told apart by ${type.discriminator}`,
      expected: expected(discriminator),
      do: "correct the key, or remove it",
    });
  }
}

function holdsKey(discriminator: FieldType, key: string): boolean {
  if (discriminator.kind === "enum") {
    return [...discriminator.members.values()].some((member) => String(member) === key);
  }
  const of = discriminator.kind === "bits" ? discriminator.of : discriminator;
  if (of.kind !== "scalar" || of.bounds === undefined || !/^(?:0|-?[1-9]\d*)$/.test(key))
    return false;
  const [low, high] =
    discriminator.kind === "bits" ? bitBounds(of, discriminator.width) : of.bounds;
  return BigInt(key) >= low && BigInt(key) <= high;
}

interface Surroundings {
  readonly above: ReadonlyMap<string, FieldType>;
  readonly last: boolean;
}

const fine = () => undefined;

const FAULT: PerKind<Fault | undefined, Surroundings> = {
  scalar: fine,
  enum: fine,
  bits: ({ width }) => {
    return width > 0 ? undefined : "is a bitfield of no width, which only reserved space can be";
  },
  char: fine,
  bytes: fine,
  array: fine,
  flexible: ({ count }, { above, last }) => {
    if (!last)
      return { found: "is a flexible array with fields behind it", do: "make it the last" };
    if (above.size === 0) {
      return { found: "is a flexible array and the only field", do: "put a field before it" };
    }
    if (count === undefined) return undefined;
    const counter = above.get(count);
    if (counter?.kind === "scalar" && counter.bounds !== undefined) return undefined;
    return {
      found: `is counted by ${count}, which is no integer field above it`,
      do: "name a field above it that holds an integer",
    };
  },
  struct: fine,
  union: ({ discriminator }, { above }) => {
    const type = above.get(discriminator);
    const integer = type?.kind === "bits" ? type.of : type;
    if (type?.kind === "enum") return undefined;
    if (integer?.kind === "scalar" && integer.bounds !== undefined) return undefined;
    return {
      found: `is a union told apart by ${discriminator || "nothing"}, which is no integer or enum above it`,
      do: "name a field above it that holds one",
    };
  },
  ref: fine,
  reserved: fine,
};

/** Types whose bytes have an order. */
export const HAS_BYTE_ORDER: PerKind<boolean> = {
  scalar: () => true,
  enum: () => true,
  bits: () => false,
  char: () => false,
  bytes: () => false,
  array: ({ of }) => perKind(HAS_BYTE_ORDER, of),
  flexible: ({ of }) => perKind(HAS_BYTE_ORDER, of),
  struct: () => false,
  union: () => false,
  ref: () => true,
  reserved: () => false,
};

/** The structs that lie inside a value of the type. */
export const INSIDE: PerKind<readonly StructClass[]> = {
  scalar: () => [],
  enum: () => [],
  bits: () => [],
  char: () => [],
  bytes: () => [],
  array: ({ of }) => perKind(INSIDE, of),
  flexible: ({ of }) => perKind(INSIDE, of),
  struct: ({ of }) => [of()],
  // A circular import that is still loading may give undefined.
  union: ({ of }) => Object.values(of() ?? { undefined }),
  ref: () => [],
  reserved: ({ of }) => perKind(INSIDE, of),
};

/** The structs that a value of the type contains or refers to. */
export const MENTIONED: PerKind<readonly StructClass[]> = {
  ...INSIDE,
  array: ({ of }) => perKind(MENTIONED, of),
  flexible: ({ of }) => perKind(MENTIONED, of),
  ref: ({ of }) => [of()],
};

/**
 * The structs of a field, once all classes are declared: those inside its values, or those that they
 * mention.
 *
 * @throws {DeclarationError} naming class and field, when one of them is no struct
 */
export function structsOf(
  struct: string,
  { name, type }: Pick<FieldDescriptor, "name" | "type">,
  table: typeof INSIDE,
): readonly StructClass[] {
  const fail = (found: string, remedy: string): never => {
    throw new DeclarationError(struct, name, { found, do: remedy });
  };
  const structs = named(type, table) ?? fail("names a class before its declaration", USE_LATER);
  for (const each of structs) {
    if (each === undefined) fail("names the class undefined", USE_LATER);
    if (!isStruct(each)) {
      fail(`names ${show(each)}, which is not a struct`, "annotate it with @LuoStruct(<version>)");
    }
  }
  return structs;
}

const USE_LATER =
  "if a circular import is still loading, make and use objects after it; else correct the function";

/** Structs whose nested structs are all declared. No later declaration can add a cycle to them. */
const settled = new WeakSet<StructClass>();

/**
 * Refuses a struct that contains itself. A cycle that names a class before its declaration is found
 * when the last of its classes is declared.
 *
 * @throws {DeclarationError} showing the cycle
 */
export function checkCycles(struct: StructClass): void {
  const seen = new Set([struct]);
  let open = false;
  const visit = (next: StructClass, path: readonly StructClass[]): void => {
    for (const { type, name } of descriptorOf(next).fields) {
      for (const inner of named(type, INSIDE) ?? [undefined]) {
        const route = inner === undefined ? path : [...path, inner];
        if (inner === struct) {
          const names = route.map((link) => link.name).join(" > ");
          throw new DeclarationError(
            descriptorOf(struct).name,
            path.length === 1 ? name : undefined,
            {
              found: `contains itself (${names})`,
              do: "use @ref for one of them",
            },
          );
        }
        if (inner === undefined || !isStruct(inner)) open = true;
        else if (!settled.has(inner) && !seen.has(inner)) {
          seen.add(inner);
          visit(inner, route);
        }
      }
    }
  };
  visit(struct, [struct]);
  if (!open) for (const each of seen) settled.add(each);
}

/** The structs that a type names; undefined when a class is not declared yet. */
function named(type: FieldType, table: typeof INSIDE): readonly StructClass[] | undefined {
  try {
    return perKind(table, type);
  } catch (error) {
    // The class is in its temporal dead zone: used before its declaration.
    if (error instanceof ReferenceError) return undefined;
    throw error;
  }
}

/** True for a power of two from 1 to 4096. */
export function isAlignment(align: number): boolean {
  return Number.isInteger(align) && align >= 1 && align <= 4096 && (align & (align - 1)) === 0;
}

/** @throws {DeclarationError} unless the alignment is a power of two from 1 to 4096 */
export function checkAlign(what: string, align: number): void {
  if (!isAlignment(align)) {
    throw new DeclarationError(what, undefined, {
      found: `an alignment of ${show(align)}`,
      expected: "a power of two from 1 to 4096",
    });
  }
}
