import { descriptorOf, type StructClass } from "@luo/struct";
import { type Family, familyOf, type Lacking, type Manifest, manifestOf } from "@luo/version";
import { lackingOf } from "../compatibility/compatibility.js";
import type { Declared } from "../declared.js";
import { largest } from "../largest.js";
import { type Lock, publishedIn } from "./lock.js";
import type { LockProblem } from "./lock-problem.js";

interface Context {
  readonly release: string;
  readonly manifest: Manifest;
  readonly lock: Lock;
  readonly structs: ReadonlySet<StructClass>;
  readonly declared: Declared;
}

/**
 * What an update from a supported release lacks, and the way back to it. Families that the release
 * does not have, or does not read, are no part of that way.
 */
export function checkRelease(context: Context): readonly LockProblem[] {
  const { manifest, declared } = context;
  const now = manifestOf(declared.families);
  const known = Object.entries(now.families).filter(
    ([name]) =>
      Object.hasOwn(manifest.families, name) && manifest.families[name]?.reads.length !== 0,
  );
  const unreadable = lackingOf(manifest, now);
  const unwritable = lackingOf({ ...now, families: Object.fromEntries(known) }, manifest);
  const others = unwritable.filter(({ family }) => !unreadable.some((u) => u.family === family));
  return [
    ...unreadable.map((lacking) => cannotRead(lacking, context)),
    ...others.map((lacking) => cannotWrite(lacking, context)),
  ];
}

/** No version that the release writes is read any more. */
function cannotRead({ family, writes, reads, differing }: Lacking, context: Context): LockProblem {
  if (differing.length > 0) return edited(family, differing, context);
  const version = largest(writes);
  return {
    kind: "version-gone",
    ...needed(family, version, context),
    was: `release ${context.release} writes ${list(writes)}`,
    is: reads.length === 0 ? "the family is read in no version" : `${list(reads)} can be read`,
    remedy: remedy(family, version, context),
  };
}

/** No version that the release reads is written any more. */
function cannotWrite({ family, writes, reads, differing }: Lacking, context: Context): LockProblem {
  if (differing.length > 0) return edited(family, differing, context);
  const version = largest(reads);
  const readable = declaredFamily(family, context)?.reads.includes(version) === true;
  return {
    kind: readable ? "path-broken" : "version-gone",
    ...needed(family, version, context),
    was: `release ${context.release} reads ${list(reads)}`,
    is: `${list(writes)} can be written`,
    remedy: readable
      ? `give a value to every @dropped since version ${version}, and let { writes } of the family include it`
      : remedy(family, version, context),
  };
}

function edited(family: string, differing: readonly number[], context: Context): LockProblem {
  const { manifest, declared } = context;
  const version = largest(differing);
  const layout = (from: Manifest) => `fingerprint ${from.families[family]?.layouts[version]}`;
  return {
    kind: "layout-changed",
    ...needed(family, version, context),
    was: layout(manifest),
    is: layout(manifestOf(declared.families)),
    remedy: "undo the edit of the class or of a struct inside of it, and that of the lock",
  };
}

const list = (versions: readonly number[]) => `version ${versions.join(", ")}`;

/** What brings a version back, as far as its class can tell. */
function remedy(family: string, version: number, context: Context): string {
  const { lock, release } = context;
  const found = declaredFamily(family, context);
  if (found === undefined) return `declare a family of ${family} again, and export it`;
  if (familyOf(found.struct).versions.includes(version)) {
    return `let { reads } of the family include version ${version} again`;
  }
  const name = publishedIn(lock, family, version)?.class ?? "the class";
  return `restore ${name}, and let the next version follow it; or take release ${release} out of the lock, if it is not supported any more`;
}

function declaredFamily(family: string, { declared }: Context): Family | undefined {
  return declared.families.find(({ name }) => name === family);
}

/** The version that the release needs; where its class is gone, the file of another of the family. */
function needed(family: string, version: number, { release, lock, structs, declared }: Context) {
  const classes = [...structs].filter((struct) => descriptorOf(struct).family === family);
  const struct = classes.find((candidate) => descriptorOf(candidate).version === version);
  const name = struct?.name ?? publishedIn(lock, family, version)?.class;
  const [any = undefined] = classes;
  const file = any && declared.fileOf?.(struct ?? any);
  return {
    family,
    version,
    release,
    ...(name === undefined ? {} : { struct: name }),
    ...(file === undefined ? {} : { file }),
  };
}
