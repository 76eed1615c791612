import { type AlongsidePolicy, alongside, type Family } from "@luo/version";

/** For whom older versions are written: one policy for all families, or a function that gives each its own. */
export type Alongside = AlongsidePolicy | ((family: Family) => AlongsidePolicy);

/** @throws {NegotiationError} when a reader knows the family, but no version that is written */
export function versionsAlongside(family: Family, policy: Alongside): readonly number[] {
  return alongside(family, typeof policy === "function" ? policy(family) : policy);
}
