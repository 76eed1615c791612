import { ManifestError } from "./errors.js";
import { readJson } from "./json-shape.js";
import type { Manifest } from "./manifest.js";
import { manifestShape } from "./manifest-shape.js";

/**
 * A manifest from its JSON, as text or parsed. What is not known is ignored, so that later releases
 * can say more.
 *
 * @throws {ManifestError} that names the path of what is wrong
 */
export function parseManifest(input: unknown): Manifest {
  return readJson(manifestShape, input, (...wrong) => new ManifestError(...wrong));
}
