import { ManifestError } from "./errors.js";
import { readJson } from "./json-shape.js";
import type { Manifest } from "./manifest.js";
import { manifestShape } from "./manifest-shape.js";

/**
 * Reads a manifest from JSON, as text or parsed. Unknown members are ignored, so later releases can add
 * some.
 *
 * @throws {ManifestError} naming the path of the first mismatch
 */
export function parseManifest(input: unknown): Manifest {
  return readJson(manifestShape, input, (...wrong) => new ManifestError(...wrong));
}
