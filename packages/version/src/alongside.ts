import { ArgumentError, show } from "@luo/struct";
import type { Family } from "./family.js";
import { type Manifest, manifestOf } from "./manifest.js";
import { negotiate } from "./negotiate.js";

/**
 * The older versions to write next to the newest when the successor is not known yet: all of them, the
 * last few, or those that the releases with the given manifests need.
 */
export type AlongsidePolicy =
  | "all"
  | { readonly last: number }
  | { readonly readers: readonly Manifest[] };

/**
 * The versions to write next to the newest that the program writes, highest first. A reader that does
 * not know the family needs none.
 *
 * @throws {NegotiationError} when a reader knows the family, but no version that the program writes
 * @throws {ArgumentError} when `last` is not an integer from 0 up, or `policy` is no policy
 */
export function alongside(family: Family, policy: AlongsidePolicy): readonly number[] {
  const [newest = 0, ...older] = family.writes.toReversed();
  if (policy === "all") return older;
  if (typeof policy !== "object" || policy === null) {
    const expected = '"all", { last } or { readers }';
    throw new ArgumentError("alongside", { found: show(policy), expected });
  }
  if ("last" in policy) {
    const { last } = policy;
    if (Number.isInteger(last) && last >= 0) return older.slice(0, last);
    throw new ArgumentError("alongside.last", { found: show(last), expected: "an integer from 0" });
  }
  const own = manifestOf([family]);
  const needed = policy.readers
    .filter(({ families }) => Object.hasOwn(families, family.name))
    .map((reader) => negotiate(own, reader).get(family.name));
  return older.filter((version) => version !== newest && needed.includes(version));
}
