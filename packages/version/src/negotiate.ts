import type { FamilyManifest, Manifest } from "./manifest.js";
import { type Lacking, NegotiationError } from "./negotiation-error.js";
import { highest } from "./version-list.js";

const NOTHING: FamilyManifest = { reads: [], writes: [], layouts: {} };

/**
 * The version to write of each of the writer's families, by family name: the highest that the writer
 * writes and the reader reads, with the same layout on both sides.
 *
 * @throws {NegotiationError} when a family has no such version; it lists both sides and the remedy
 */
export function negotiate(writer: Manifest, reader: Manifest): ReadonlyMap<string, number> {
  const agreed = new Map<string, number>();
  const lacking: Lacking[] = [];
  for (const [family, offered] of Object.entries(writer.families)) {
    const known = Object.hasOwn(reader.families, family) ? reader.families[family] : undefined;
    const { reads, layouts: theirs } = known ?? NOTHING;
    const { writes, layouts } = offered;
    const readable = new Set(reads);
    const shared = writes.filter((version) => readable.has(version));
    const same = shared.filter((version) => layouts[version] === theirs[version]);
    if (same.length > 0) agreed.set(family, highest(same));
    else lacking.push({ family, writes, reads, differing: shared, known: offered.reads });
  }
  if (lacking.length > 0) throw new NegotiationError(lacking);
  return agreed;
}
