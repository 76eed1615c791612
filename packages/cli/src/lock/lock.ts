import {
  descriptorOf,
  enumNamesOf,
  type Fault,
  type FieldSchema,
  LuoError,
  type StructClass,
  type StructSchema,
  schemaOf,
} from "@luo/struct";
import { type Manifest, manifestOf } from "@luo/version";
import { jsonPath } from "@luo/version/json";
import { type Declared, everyStruct } from "../declared.js";
import { unreached } from "../unreached.js";
import { type EnumMembers, renumbered } from "./enum-members.js";

/**
 * The record of what was published, kept in a repository as `luo.lock.json`: layouts, which never change,
 * and the manifests of supported releases. Its schema is `@luo/cli/lock.schema.json`.
 */
export interface Lock {
  /** The format of the lock itself. */
  readonly format: 1;
  /** The layout of every published version, by family and version. */
  readonly structs: readonly PublishedStruct[];
  /** Manifests by release. A listed release is supported: its versions stay. */
  readonly releases: Readonly<Record<string, Manifest>>;
}

export interface PublishedStruct extends StructSchema {
  /** The name that the class had; it may have another by now. */
  readonly class: string;
  readonly fields: readonly PublishedField[];
}

interface PublishedField extends FieldSchema {
  /**
   * The names of a TypeScript enum's members, with their numbers: the type has the numbers alone.
   * Absent where the program does not know them, and in locks from before they were kept.
   */
  readonly members?: EnumMembers;
}

/** The input is no lock, or a version or release cannot be added to it. */
export class LockError extends LuoError {
  static override readonly codes = {
    LUO_LOCK: {
      when: "something that should be a lock is none, or a version or release cannot be added to it",
      do: "restore the lock from version control; luo publish adds to it",
    },
  };
  /** The place of the fault, such as `structs[3].fields[0].type`; empty for the whole. */
  readonly path: string;

  constructor(path: string, fault: Fault, options?: ErrorOptions) {
    super("LUO_LOCK", `lock${path === "" ? "" : `, ${path}`}`, fault, options);
    this.path = path;
  }
}

/** A lock in which nothing is published yet. */
export const EMPTY_LOCK: Lock = { format: 1, structs: [], releases: {} };

/** The published layout of a version; undefined when it was not published. */
export function publishedIn(
  { structs }: Lock,
  family: string,
  version: number,
): PublishedStruct | undefined {
  return structs.find((struct) => struct.family === family && struct.version === version);
}

/** The name by which layouts refer to a struct: `family@version`. */
export function nameOf({ family, version }: Pick<StructSchema, "family" | "version">): string {
  return `${family}@${version}`;
}

/** The layout of a class, as a lock keeps it. */
export function publishedAs(struct: StructClass): PublishedStruct {
  const [{ fields, ...schema }] = schemaOf(struct) as [StructSchema];
  const { name, fields: declared } = descriptorOf(struct);
  const types = new Map(declared.map(({ name, type }) => [name, type]));
  return {
    class: name,
    ...schema,
    fields: fields.map((field) => {
      const type = types.get(field.name);
      const names = type && enumNamesOf(type);
      return names === undefined ? field : { ...field, members: Object.fromEntries(names) };
    }),
  };
}

/**
 * Gives the lock with every declared version that it lacks, and with the manifest of a release if one is
 * named. Layouts in the lock stay as they are; the names of enum members follow the classes, as far as the
 * classes know them. Check it first with `checkLock`.
 *
 * @throws {LockError} when a published layout differs, a version can never cross, or the release was published with another
 *   manifest
 * @throws {FamilyError} when the versions of a family do not fit together
 */
export function publish(lock: Lock, declared: Declared, release?: string): Lock {
  const [lost] = unreached(declared);
  if (lost !== undefined) {
    throw new LockError("structs", { found: `${lost.is}, so it never crosses`, do: lost.remedy });
  }
  const structs = new Map(lock.structs.map((struct) => [nameOf(struct), struct]));
  for (const struct of everyStruct(declared)) {
    const next = publishedAs(struct);
    const name = nameOf(next);
    const known = structs.get(name);
    if (known !== undefined && !sameLayout(known, next)) {
      throw new LockError("structs", {
        found: `${next.class} (${name}) has another layout than was published`,
        do: "undo the edit, and make it a new version",
      });
    }
    structs.set(name, known === undefined ? next : withMembers(known, next));
  }
  const releases = new Map(Object.entries(lock.releases));
  if (release !== undefined) {
    const manifest = manifestOf(declared.families);
    const known = releases.get(release);
    if (known !== undefined && !sameManifest(known, manifest)) {
      throw new LockError(jsonPath(["releases", release]), {
        found: "was published with another manifest",
        do: "give this release another name",
      });
    }
    releases.set(release, manifest);
  }
  return {
    format: 1,
    structs: [...structs.values()].sort(
      (a, b) => Number(a.family > b.family) - Number(a.family < b.family) || a.version - b.version,
    ),
    releases: Object.fromEntries(releases),
  };
}

function sameLayout(a: PublishedStruct, b: PublishedStruct): boolean {
  const now = new Map(b.fields.map(({ name, members }) => [name, members]));
  if (a.fields.some(({ name, members }) => renumbered(members, now.get(name)).length > 0)) {
    return false;
  }
  const layout = ({ size, align, fields }: StructSchema) =>
    JSON.stringify([size, align, fields.map((f) => [f.name, f.type, f.offset, f.bitOffset])]);
  return layout(a) === layout(b);
}

/** A published layout with the names that the members of its enums have by now. */
function withMembers(known: PublishedStruct, { fields }: PublishedStruct): PublishedStruct {
  const now = new Map(fields.map(({ name, members }) => [name, members]));
  return {
    ...known,
    fields: known.fields.map((field) => {
      const members = now.get(field.name);
      return members === undefined ? field : { ...field, members };
    }),
  };
}

function sameManifest(a: Manifest, b: Manifest): boolean {
  const families = (manifest: Manifest) =>
    JSON.stringify(Object.entries(manifest.families).sort(([a], [b]) => (a < b ? -1 : 1)));
  return families(a) === families(b);
}
