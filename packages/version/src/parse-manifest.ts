import { show } from "@luo/struct";
import { ManifestError } from "./errors.js";
import type { FamilyManifest, Manifest } from "./manifest.js";

/** Checks what lies at a path, and gives it with its type. */
type Parse<T> = (found: unknown, path: string) => T;

/**
 * A manifest from its JSON, as text or parsed. What is not known is ignored, so that later releases
 * can say more.
 *
 * @throws {ManifestError} that names the path of what is wrong
 */
export function parseManifest(input: unknown): Manifest {
  return manifest(typeof input === "string" ? parseJson(input) : input, "");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ManifestError("", `is not JSON: ${(cause as Error).message}`, { cause });
  }
}

const manifest: Parse<Manifest> = (found, path) => {
  const { format, families } = record((entry) => entry)(found, path);
  if (format !== 1) wrong("format", format, "1; it was written by a later release, or is none");
  return { format: 1, families: record(familyManifest)(families, "families") };
};

const familyManifest: Parse<FamilyManifest> = (found, path) => {
  const entry = record((value) => value)(found, path);
  const reads = versions(entry.reads, `${path}.reads`);
  const writes = versions(entry.writes, `${path}.writes`);
  const layouts = record(fingerprint)(entry.layouts, `${path}.layouts`);
  for (const version of [...reads, ...writes]) {
    if (!Object.hasOwn(layouts, version)) {
      wrong(`${path}.layouts`, undefined, `the fingerprint of version ${version}`);
    }
  }
  return { reads, writes, layouts };
};

const versions: Parse<readonly number[]> = (found, path) => {
  if (!Array.isArray(found)) return wrong(path, found, "an array of versions");
  for (const [index, version] of found.entries()) {
    const place = `${path}[${index}]`;
    if (!Number.isInteger(version) || version < 0 || version > 0xffff_ffff) {
      wrong(place, version, "a version, an integer from 0 to 4294967295");
    }
    if (found.indexOf(version) < index) wrong(place, version, "each version once");
  }
  return found.toSorted((a, b) => a - b);
};

const fingerprint: Parse<string> = (found, path) =>
  typeof found === "string" && /^[0-9a-f]{16}$/.test(found)
    ? found
    : wrong(path, found, "a layout fingerprint, 16 hexadecimal digits");

/** An object all of whose values are of one kind. */
function record<T>(parse: Parse<T>): Parse<Readonly<Record<string, T>>> {
  return (found, path) => {
    if (typeof found !== "object" || found === null || Array.isArray(found)) {
      return wrong(path, found, "an object");
    }
    return Object.fromEntries(
      Object.entries(found).map(([key, value]) => [
        key,
        parse(value, path === "" ? key : `${path}.${key}`),
      ]),
    );
  };
}

function wrong(path: string, found: unknown, expected: string): never {
  throw new ManifestError(path, `found ${show(found)}, expected ${expected}`);
}
