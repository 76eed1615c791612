import { heapBacking } from "@luo/memory";
import { checkFamily, type Family, familyOf } from "@luo/version";
import { OBJECTS } from "./image.js";
import { ObjectStore } from "./object-store.js";

/**
 * Gives the bytes that an object takes in an image, and those that each further version alongside
 * would add: by version, the newest first. An array is counted with the first version that has it,
 * because the others share it. The object is written to memory that is then dropped.
 *
 * @param alongside versions next to the newest, in the order in which they would be added
 * @throws what `ObjectStore.put` throws
 */
export function costOf(
  value: object,
  alongside: Iterable<number> = [],
  family: Family = familyOf(value.constructor as new () => object),
): ReadonlyMap<number, number> {
  checkFamily(family);
  const store = ObjectStore.create(heapBacking());
  const costs = new Map<number, number>();
  const newest = Math.max(...family.writes);
  const versions = [newest, ...new Set(alongside)];
  let before = 0;
  for (const [index, version] of versions.entries()) {
    if (costs.has(version)) continue;
    store.put("object", value, { family, alongside: versions.slice(1, index + 1) });
    const bytes = store.usage.pools[OBJECTS]?.bytes ?? 0;
    costs.set(version, bytes - before);
    before = bytes;
  }
  return costs;
}
