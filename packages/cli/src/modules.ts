import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { descriptorOf, isStruct, type StructClass, structsIn } from "@luo/struct";
import { type Family, familyOf } from "@luo/version";
import { type Declared, everyStruct } from "./declared.js";
import { reasonOf, UsageError } from "./errors.js";
import { type Project, shown } from "./project.js";
import { sourceOf } from "./sources.js";

/** The families and structs that the modules of a project export. */
export interface Exported extends Declared {
  readonly structs: readonly StructClass[];
  /** The compiled module that leads to each class. */
  readonly modules: ReadonlyMap<StructClass, string>;
}

/**
 * Loads compiled modules, ESM or CommonJS, and collects what they export: families, handlers with their
 * families, lists of both, and classes of structs. A class counts as a family, with all of its versions,
 * when it is in none of these families and no other struct contains or refers to it.
 *
 * @throws {UsageError} when a module cannot be loaded, or exports neither
 */
export async function load({ modules }: Project, cwd: string): Promise<Exported> {
  if (modules.length === 0) {
    const example = `"luo": { "modules": ["dist/structs.js"] }`;
    throw new UsageError({
      found: "no modules",
      do: `name them as arguments, or in package.json: ${example}`,
    });
  }
  const families = new Set<Family>();
  const structs = new Set<StructClass>();
  const from = new Map<StructClass, string>();
  for (const module of modules) {
    const exported = await exportsOf(module, cwd);
    const found = {
      families: exported.flatMap((value) => familyIn(value) ?? []),
      structs: exported.filter(isClass),
    };
    if (found.families.length + found.structs.length === 0) {
      throw new UsageError({
        found: `${shown(module, cwd)} exports no struct, no family and no handler`,
        do: "name a module that exports some",
      });
    }
    for (const family of found.families) families.add(family);
    for (const struct of found.structs) structs.add(struct);
    // `luo check` reports families whose versions do not fit together.
    const ignore = () => undefined;
    for (const struct of [...found.structs, ...everyStruct(found, ignore)]) {
      if (!from.has(struct)) from.set(struct, module);
    }
  }
  return {
    families: [...families, ...alone([...structs], new Set(Array.from(families, named)))],
    structs: [...structs],
    modules: from,
    fileOf: (struct) => {
      const module = from.get(struct);
      return module && shown(sourceOf(module, struct.name) ?? module, cwd);
    },
  };
}

const named = ({ name }: Family) => name;

/** Structs that are families by themselves, because no other struct contains them. */
function alone(structs: readonly StructClass[], known: ReadonlySet<string>): readonly Family[] {
  const inside = new Set(
    structs.flatMap((struct) => structsIn(struct).slice(1)).map((s) => descriptorOf(s).family),
  );
  const newest = new Map<string, StructClass>();
  for (const struct of structs) {
    const { family, version } = descriptorOf(struct);
    const other = newest.get(family);
    if (known.has(family) || inside.has(family)) continue;
    if (other === undefined || descriptorOf(other).version < version) newest.set(family, struct);
  }
  return Array.from(newest.values(), (struct) => familyOf(struct));
}

async function exportsOf(module: string, cwd: string): Promise<readonly unknown[]> {
  if (!existsSync(module)) {
    throw new UsageError({ found: `${shown(module, cwd)} is not there`, do: "build it first" });
  }
  let loaded: Record<string, unknown>;
  try {
    loaded = await import(pathToFileURL(module).href);
  } catch (cause) {
    // Node runs TypeScript only with a loader.
    const remedy = /\.[cm]?tsx?$/.test(module)
      ? "name the module that it is compiled to"
      : "correct the module";
    const found = `${shown(module, cwd)} cannot be loaded: ${reasonOf(cause)}`;
    throw new UsageError({ found, do: remedy }, { cause });
  }
  const { default: whole, ...named } = loaded;
  // The default of a CommonJS module has all of its exports; their names may be missing.
  const common = typeof whole === "object" && whole !== null ? Object.values(whole) : [whole];
  // A list of handlers or families may be exported as well.
  return [...new Set([...Object.values(named), ...common].flat())];
}

function isClass(value: unknown): value is StructClass {
  return typeof value === "function" && isStruct(value);
}

/** The family that an exported value is, or that it is a handler of. */
function familyIn(value: unknown): Family | undefined {
  if (isFamily(value)) return value;
  return isHandler(value) && isFamily(value.family) ? value.family : undefined;
}

type Members<Name extends string> = { readonly [K in Name]: unknown };

/** By its members: the module may have loaded another copy of the class. */
function isFamily(value: unknown): value is Family {
  return has(value, "struct", "convert") && isClass(value.struct) && isFunction(value.convert);
}

/** The same for a handler of resources, which this package does not know: the family is of its record. */
function isHandler(value: unknown): value is Members<"family"> {
  if (!has(value, "family", "canPreserve", "preserve", "retrieve")) return false;
  return [value.canPreserve, value.preserve, value.retrieve].every(isFunction);
}

function has<Name extends string>(value: unknown, ...names: Name[]): value is Members<Name> {
  return typeof value === "object" && value !== null && names.every((name) => name in value);
}

const isFunction = (value: unknown) => typeof value === "function";
