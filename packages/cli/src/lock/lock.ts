import {
  descriptorOf,
  type Fault,
  LuoError,
  type StructClass,
  type StructSchema,
  schemaOf,
} from "@luo/struct";
import { type Manifest, manifestOf } from "@luo/version";
import { jsonPath } from "@luo/version/json";
import { type Declared, everyStruct } from "../declared.js";

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
  const [schema] = schemaOf(struct) as [StructSchema];
  return { class: descriptorOf(struct).name, ...schema };
}

/**
 * Gives the lock with every declared version that it lacks, and with the manifest of a release if one is
 * named. Nothing that is in the lock changes. Check it first with `checkLock`.
 *
 * @throws {LockError} when a published layout differs, or the release was published with another
 *   manifest
 * @throws {FamilyError} when the versions of a family do not fit together
 */
export function publish(lock: Lock, declared: Declared, release?: string): Lock {
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
    if (known === undefined) structs.set(name, next);
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

function sameLayout(a: StructSchema, b: StructSchema): boolean {
  const layout = ({ size, align, fields }: StructSchema) =>
    JSON.stringify([size, align, fields.map((f) => [f.name, f.type, f.offset, f.bitOffset])]);
  return layout(a) === layout(b);
}

function sameManifest(a: Manifest, b: Manifest): boolean {
  const families = (manifest: Manifest) =>
    JSON.stringify(Object.entries(manifest.families).sort(([a], [b]) => (a < b ? -1 : 1)));
  return families(a) === families(b);
}
