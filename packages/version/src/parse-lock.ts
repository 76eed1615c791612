import type { FieldSchema } from "@luo/struct";
import { show } from "@luo/struct";
import { ManifestError } from "./errors.js";
import { type Lock, LockError, nameOf, type PublishedStruct } from "./lock.js";
import type { Manifest } from "./manifest.js";
import { parseManifest } from "./parse-manifest.js";

/** Checks what lies at a path, and gives it with its type. */
type Parse<T> = (found: unknown, path: string) => T;

/**
 * A lock from its JSON, as text or parsed. What is not known is ignored, so that later releases can
 * say more.
 *
 * @throws {LockError} that names the path of what is wrong
 */
export function parseLock(input: unknown): Lock {
  const { format, structs, releases } = members(
    typeof input === "string" ? parseJson(input) : input,
    "",
  );
  if (format !== 1) wrong("format", format, "1; it was written by a later release, or is none");
  const published = list(publishedStruct)(structs, "structs");
  const names = published.map(nameOf);
  for (const [index, name] of names.entries()) {
    if (names.indexOf(name) < index) wrong(`structs[${index}]`, name, "each version once");
  }
  const manifests = Object.entries(members(releases, "releases")).map(
    ([name, found]) => [name, manifest(found, `releases[${JSON.stringify(name)}]`)] as const,
  );
  return { format: 1, structs: published, releases: Object.fromEntries(manifests) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LockError("", `is not JSON: ${(cause as Error).message}`, { cause });
  }
}

const publishedStruct: Parse<PublishedStruct> = (found, path) => {
  const entry = members(found, path);
  return {
    class: text(entry.class, `${path}.class`),
    family: text(entry.family, `${path}.family`),
    version: count(entry.version, `${path}.version`),
    size: count(entry.size, `${path}.size`),
    align: count(entry.align, `${path}.align`),
    fields: list(field)(entry.fields, `${path}.fields`),
  };
};

const field: Parse<FieldSchema> = (found, path) => {
  const { name, type, offset, bitOffset } = members(found, path);
  return {
    name: text(name, `${path}.name`),
    type: text(type, `${path}.type`),
    offset: count(offset, `${path}.offset`),
    ...(bitOffset === undefined ? {} : { bitOffset: count(bitOffset, `${path}.bitOffset`) }),
  };
};

const manifest: Parse<Manifest> = (found, path) => {
  try {
    return parseManifest(found);
  } catch (cause) {
    if (!(cause instanceof ManifestError)) throw cause;
    const problem = cause.message.slice(cause.message.indexOf(": ") + 2);
    throw new LockError([path, cause.path].filter(Boolean).join("."), problem, { cause });
  }
};

const text: Parse<string> = (found, path) =>
  typeof found === "string" && found !== "" ? found : wrong(path, found, "text");

const count: Parse<number> = (found, path) =>
  Number.isSafeInteger(found) && (found as number) >= 0
    ? (found as number)
    : wrong(path, found, "an integer from 0");

function list<T>(parse: Parse<T>): Parse<readonly T[]> {
  return (found, path) =>
    Array.isArray(found)
      ? found.map((entry, index) => parse(entry, `${path}[${index}]`))
      : wrong(path, found, "an array");
}

const members: Parse<Readonly<Record<string, unknown>>> = (found, path) =>
  typeof found === "object" && found !== null && !Array.isArray(found)
    ? (found as Record<string, unknown>)
    : wrong(path, found, "an object");

function wrong(path: string, found: unknown, expected: string): never {
  throw new LockError(path, `found ${show(found)}, expected ${expected}`);
}
