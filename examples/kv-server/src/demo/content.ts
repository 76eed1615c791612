import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { MAX_KEY } from "../http.js";
import type { Client } from "./client.js";

/** Folders that are skipped: the output of tools, and git's own. */
const SKIPPED = new Set(["node_modules", "dist", ".git", "coverage"]);

/** Reads every file of a folder, by its path in the folder. */
export async function readFolder(folder: string): Promise<Map<string, Buffer>> {
  const content = new Map<string, Buffer>();
  const pending = [folder];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      const key = relative(folder, path);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) pending.push(path);
      if (entry.isFile() && Buffer.byteLength(key) <= MAX_KEY)
        content.set(key, await readFile(path));
    }
  }
  return content;
}

/** The sha256 of the keys and of the values that the server gives for them now. */
export async function digestServed(client: Client, keys: Iterable<string>): Promise<string> {
  return digest(
    await Promise.all(Array.from(keys, async (key) => [key, await client.get(key)] as const)),
  );
}

/** The sha256 of keys and values: for each pair both lengths, a NUL, the key and the value. */
export function digest(content: Iterable<readonly [string, Buffer]>): string {
  const hash = createHash("sha256");
  for (const [key, value] of [...content].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${key.length} ${value.length}\0${key}`).update(value);
  }
  return hash.digest("hex");
}
