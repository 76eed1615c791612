import { type Backing, ObjectStore } from "@luo/store";
import { another, FAMILIES } from "./subjects.js";

/** Milliseconds that all that is done with one small image may take. */
const PATIENCE = 2000;

/** Bytes that all of that may leave to the collector. */
const MOST = 64 << 20;

/** Something that a hostile image must not be able to do. */
class Finding extends Error {}

/**
 * Opens an image that nobody should trust, reads all there is, changes it, and seals it. Whatever it
 * holds, there is either a result or one of our own errors, soon, and without more memory than the
 * image's size explains. Gives what happened, for who counts.
 */
export function trial(image: Uint8Array): string {
  const [start, held] = [performance.now(), process.memoryUsage()];
  const outcomes: string[] = [];
  const attempt = <T>(what: string, act: () => T): T | undefined => {
    try {
      return act();
    } catch (error) {
      outcomes.push(`${what}: ${expected(what, error)}`);
      return undefined;
    }
  };
  const backing = bounded(image);
  const store = attempt("open", () => ObjectStore.open(backing));
  if (store !== undefined) {
    const objects = attempt("list", () => store.list()) ?? [];
    attempt("schemas", () => store.schemas);
    for (const { identifier } of objects.slice(0, 32)) {
      const decoded = attempt("decode", () => store.decode(identifier));
      for (const { value } of decoded ?? []) attempt("show", () => walk(value, 3));
      for (const family of FAMILIES) {
        const value = attempt("take", () => store.take(identifier, family));
        attempt("read", () => walk(value, 3));
        if (family === FAMILIES[3]) {
          attempt("put again", () => value && store.put(identifier, value, { alongside: [0] }));
        }
      }
    }
    attempt("verify", () => store.verify());
    attempt("put", () => store.put("another", another(), { alongside: [0] }));
    const { pages, taken } = attempt("usage", () => store.usage) ?? { pages: 1, taken: 0 };
    if (taken >= pages) throw new Finding(`${taken} pages of ${pages} are taken`);
    for (const { identifier } of objects.slice(0, 8)) {
      attempt("delete", () => store.delete(identifier));
    }
    const sealed = attempt("seal", () => store.seal());
    if (sealed !== undefined)
      attempt("open again", () => ObjectStore.open(backing, { verify: true }));
  }
  const elapsed = performance.now() - start;
  if (elapsed > PATIENCE) throw new Finding(`it took ${Math.round(elapsed)} ms`);
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  const used = Math.max(arrayBuffers - held.arrayBuffers, heapUsed - held.heapUsed);
  if (used > MOST) throw new Finding(`${used} bytes were not there before`);
  return outcomes.join("; ");
}

/** The kind of an error of ours; any other is a finding. */
function expected(what: string, error: unknown): string {
  const { code } = error as { code?: unknown };
  if (error instanceof Finding) throw error;
  if (error instanceof Error && typeof code === "string" && code.startsWith("LUO_")) {
    return `${code} ${error.message.replaceAll(/0x[0-9a-f]+|\d+|"[^"]*"/g, "#").slice(0, 80)}`;
  }
  throw new Finding(`${what}: ${error instanceof Error ? error.stack : error}`, { cause: error });
}

/** Memory that an image of its size never needs is not there. */
function bounded(image: Uint8Array): Backing {
  const most = image.length * 16 + (1 << 20);
  const segments = [image.slice().buffer as ArrayBuffer];
  let length = image.length;
  return {
    segments,
    grow(byteLength) {
      length += byteLength;
      if (length > most) throw new Finding(`it wanted ${length} bytes of ${image.length}`);
      segments.push(new ArrayBuffer(byteLength));
    },
  };
}

/** Reads what a value holds, and what it refers to down to a depth: a circle has no end. */
function walk(value: unknown, depth: number): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (Symbol.iterator in value && !Array.isArray(value)) {
    if (depth === 0) return;
    let seen = 0;
    for (const element of value as Iterable<unknown>) {
      if (++seen > 64) break;
      walk(element, depth - 1);
    }
    return;
  }
  for (const member of Object.values(value)) walk(member, depth);
}
