/** The most versions that a message lists one by one. */
const LISTED = 16;

/** Versions as messages name them: `version 0, 1`. A long list, as a manifest may have, is shortened. */
export function versionsText(versions: readonly number[]): string {
  if (versions.length === 0) return "no version";
  if (versions.length <= LISTED) return `version ${versions.join(", ")}`;
  const first = versions.slice(0, LISTED).join(", ");
  return `version ${first} and ${versions.length - LISTED} more up to ${highest(versions)}`;
}

/** The highest of some versions; -1 for none. A manifest may list more than a call takes arguments. */
export function highest(versions: readonly number[]): number {
  return versions.reduce((most, version) => Math.max(most, version), -1);
}
