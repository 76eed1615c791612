import { descriptorOf, type StructClass } from "@luo/struct";
import { type Family, familyOf, type Lacking, type Manifest, manifestOf } from "@luo/version";
import { lackingOf } from "../compatibility/compatibility.js";
import type { Declared } from "../declared.js";
import { largest } from "../largest.js";
import { type Lock, publishedIn } from "./lock.js";
import type { LockProblem } from "./lock-problem.js";

interface Context {
  readonly lock: Lock;
  readonly structs: ReadonlySet<StructClass>;
  readonly declared: Declared;
}

/** A version that supported releases need: to be read on the update, or written on the way back. */
interface Need {
  readonly way: "update" | "rollback";
  readonly family: string;
  readonly version: number;
  /** The releases that need it, by name. */
  readonly releases: readonly string[];
  /** The versions that each of those releases writes on the update, or reads on the way back. */
  readonly offers: readonly (readonly number[])[];
  /** The versions that the program reads, or writes. */
  readonly known: readonly number[];
  /** True when the program has the version, in another layout. */
  readonly differs: boolean;
}

/**
 * Finds the versions that an update from a supported release lacks, or the rollback to it. Families that
 * a release does not have, or does not read, take no part in the rollback. A version that several releases need is
 * one problem.
 */
export function checkReleases(context: Context): readonly LockProblem[] {
  const now = manifestOf(context.declared.families);
  const needs = new Map<string, Need>();
  for (const [release, manifest] of Object.entries(context.lock.releases)) {
    for (const need of needsOf(release, manifest, now)) {
      const key = JSON.stringify([need.way, need.family, need.version]);
      const { releases = [], offers = [] } = needs.get(key) ?? {};
      needs.set(key, {
        ...need,
        releases: [...releases, ...need.releases],
        offers: [...offers, ...need.offers],
      });
    }
  }
  return Array.from(needs.values(), (need) => problemOf(need, context));
}

function needsOf(release: string, manifest: Manifest, now: Manifest): readonly Need[] {
  const known = Object.entries(now.families).filter(
    ([name]) =>
      Object.hasOwn(manifest.families, name) && manifest.families[name]?.reads.length !== 0,
  );
  const unreadable = lackingOf(manifest, now);
  const unwritable = lackingOf({ ...now, families: Object.fromEntries(known) }, manifest);
  const others = unwritable.filter(({ family }) => !unreadable.some((u) => u.family === family));
  const need = (way: Need["way"], lacking: Lacking, offered: readonly number[]): Need => {
    const { family, differing, reads, writes } = lacking;
    const differs = differing.length > 0;
    return {
      way,
      family,
      version: largest(differs ? differing : offered),
      releases: [release],
      offers: [offered],
      known: way === "update" ? reads : writes,
      differs,
    };
  };
  return [
    ...unreadable.map((lacking) => need("update", lacking, lacking.writes)),
    ...others.map((lacking) => need("rollback", lacking, lacking.reads)),
  ];
}

function problemOf(need: Need, context: Context): LockProblem {
  const { way, family, version, releases, offers, known, differs } = need;
  if (differs) return edited(need, context);
  const verb = way === "update" ? "writes" : "reads";
  const place = {
    ...needed(need, context),
    was: releases
      .map((name, index) => `release ${name} ${verb} ${list(offers[index] ?? [])}`)
      .join("; "),
  };
  if (way === "update") {
    const is =
      known.length === 0 ? "the family is read in no version" : `${list(known)} can be read`;
    return { kind: "version-gone", ...place, is, remedy: remedy(need, context) };
  }
  const is = `${list(known)} can be written`;
  if (declaredFamily(family, context)?.reads.includes(version) !== true) {
    return { kind: "version-gone", ...place, is, remedy: remedy(need, context) };
  }
  const value = `give a value to every @dropped since version ${version}, and let { writes } of the family include it`;
  return { kind: "path-broken", ...place, is, remedy: value };
}

function edited(need: Need, context: Context): LockProblem {
  const { family, version, releases } = need;
  const layout = (from: Manifest | undefined) =>
    `fingerprint ${from?.families[family]?.layouts[version]}`;
  return {
    kind: "layout-changed",
    ...needed(need, context),
    was: layout(context.lock.releases[releases[0] ?? ""]),
    is: layout(manifestOf(context.declared.families)),
    remedy: "undo the edit of the class or of a struct inside of it, and that of the lock",
  };
}

const list = (versions: readonly number[]) => `version ${versions.join(", ")}`;

/** Says how to bring the version back: by its class, by the options of the family, or not at all. */
function remedy({ family, version, releases }: Need, context: Context): string {
  const found = declaredFamily(family, context);
  if (found === undefined) return `declare a family of ${family} again, and export it`;
  if (familyOf(found.struct).versions.includes(version)) {
    return `let { reads } of the family include version ${version} again`;
  }
  const name = publishedIn(context.lock, family, version)?.class ?? "the class";
  const out =
    releases.length === 1
      ? `take release ${releases[0]} out of the lock, if it is not supported any more`
      : `take releases ${releases.join(", ")} out of the lock, if they are not supported any more`;
  return `restore ${name}, and let the next version follow it; or ${out}`;
}

function declaredFamily(family: string, { declared }: Context): Family | undefined {
  return declared.families.find(({ name }) => name === family);
}

/** The version that the release needs; where its class is gone, the file of another of the family. */
function needed({ family, version, releases }: Need, { lock, structs, declared }: Context) {
  const classes = [...structs].filter((struct) => descriptorOf(struct).family === family);
  const struct = classes.find((candidate) => descriptorOf(candidate).version === version);
  const name = struct?.name ?? publishedIn(lock, family, version)?.class;
  const [any = undefined] = classes;
  const file = any && declared.fileOf?.(struct ?? any);
  return {
    family,
    version,
    release: releases.join(", "),
    ...(name === undefined ? {} : { struct: name }),
    ...(file === undefined ? {} : { file }),
  };
}
