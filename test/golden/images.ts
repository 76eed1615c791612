import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { heapBacking, ObjectStore } from "@luo/store";
import { descriptorOf } from "@luo/struct";
import { family } from "@luo/version";
import type { Golden } from "./objects.js";

/** The identifier of the one object in each image. */
export const IDENTIFIER = "golden";

const SUMS = "SHA256SUMS";
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** By file, the sum that is listed beside the images, as sha256sum writes it. */
export function sumsIn(folder: string): ReadonlyMap<string, string> {
  if (!existsSync(join(folder, SUMS))) return new Map();
  return new Map(
    Array.from(
      readFileSync(join(folder, SUMS), "utf8").matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm),
      ([, sum = "", file = ""]) => [file, sum],
    ),
  );
}

/** What differs between the images in a folder and their sums. */
export function changesIn(folder: string): readonly string[] {
  const sums = sumsIn(folder);
  const files = readdirSync(folder).filter((file) => file.endsWith(".img"));
  return [
    ...files.filter((file) => !sums.has(file)).map((file) => `${file} has no sum`),
    ...Array.from(sums, ([file, sum]) => {
      if (!files.includes(file)) return `${file} is gone`;
      return sha256(readFileSync(join(folder, file))) === sum ? "" : `${file} has changed`;
    }).filter(Boolean),
  ];
}

/**
 * Writes the images that are not there yet, each by a release that knows no later version, and adds
 * their sums to the list. Returns the files.
 *
 * @throws when an image was changed or removed: it must be as it was, and cannot be written again
 */
export function writeMissing(folder: string, golden: readonly Golden[]): readonly string[] {
  const [change] = changesIn(folder);
  if (change !== undefined) {
    throw new Error(`${change}; restore it, as no golden image is written twice`);
  }
  const sums = new Map(sumsIn(folder));
  const missing = golden.filter(({ name }) => !sums.has(`${name}.img`));
  for (const one of missing) {
    const { name } = one;
    const image = imageOf(one);
    writeFileSync(join(folder, `${name}.img`), image, { flag: "wx" });
    sums.set(`${name}.img`, sha256(image));
  }
  const lines = Array.from(sums, ([file, sum]) => `${sum}  ${file}\n`);
  writeFileSync(join(folder, SUMS), lines.join(""));
  return missing.map(({ name }) => `${name}.img`);
}

/** The program that every golden image names as its writer. */
export const PROGRAM = { name: "golden", version: "1.0.0" };

function imageOf({ readers: [struct], value, beside, checksums = true }: Golden): Uint8Array {
  if (struct === undefined) throw new Error("a golden object without a class");
  const backing = Object.assign(heapBacking(), { checksums });
  const store = ObjectStore.create(backing, { program: PROGRAM });
  const release = family(struct, { reads: { to: descriptorOf(struct).version } });
  for (const [name, allocations] of Object.entries(beside?.pools ?? {})) {
    const pool = store.pool(name, { resident: true });
    for (const bytes of allocations) pool.allocate(bytes);
  }
  for (let generation = 1; generation < (beside?.generations ?? 1); generation++) {
    store.delete(`before/${generation - 1}`);
    store.put(`before/${generation}`, value, { family: release });
    store.seal();
  }
  store.delete(`before/${(beside?.generations ?? 1) - 1}`);
  store.put(IDENTIFIER, value, { family: release });
  const length = store.seal();
  return backing.toBytes().slice(0, length);
}
