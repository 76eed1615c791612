import { type AlongsidePolicy, alongside, type Family } from "@luo/version";

/**
 * A policy for writing older versions: one for all families, or a function that gives each its own.
 */
export type Alongside = AlongsidePolicy | ((family: Family) => AlongsidePolicy);

/**
 * Gives the older versions of a family to write, by the policy.
 *
 * @throws {NegotiationError} when a reader of the policy knows the family, but no version that is
 *   written
 */
export function versionsAlongside(family: Family, policy: Alongside): readonly number[] {
  return alongside(family, typeof policy === "function" ? policy(family) : policy);
}
