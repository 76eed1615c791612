import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const text = readFileSync(`${root}docs/COMPARISON.md`, "utf8");

/** Features that each table must have. */
const FEATURES = {
  "QEMU vmstate": [
    ...["minimum version", "since a version", "subsections", "before saving", "after it"],
    ...["sized by a field", "unused space", "static checker", "describes itself"],
  ],
  "Firecracker versionize": [
    ...["from a version to a version", "default functions", "serializing and deserializing"],
    ...["variants of enums", "limit on the size", "checksum"],
  ],
  Avro: ["writer's and the reader's schema", "aliases", "default"],
  "buf breaking": ["compared with that of a branch"],
};

const sections = new Map(
  text
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const [title = "", ...lines] = section.split("\n");
      const rows = lines.filter((line) => line.startsWith("| ")).slice(2);
      return [title, rows.map((row) => row.split("|").map((cell) => cell.trim()))] as const;
    }),
);

test.each(Object.entries(FEATURES))("the table of %s has its features", (title, features) => {
  const rows = sections.get(title) ?? [];
  for (const feature of features) {
    expect(rows.filter(([, there]) => there?.includes(feature))).not.toEqual([]);
  }
});

describe.each([...sections])("%s", (_, rows) => {
  test.each(rows.map((cells) => [cells[1], cells] as const))("%s", (_, cells) => {
    const [, there, here, proof = "", end] = cells;
    expect([there, here, proof, end]).not.toContain(undefined);
    const tests = Array.from(proof.matchAll(/`([^`]+)`: "([^"]+)"/g));
    expect(tests).not.toEqual([]);
    expect(proof.replace(/`[^`]+`: "[^"]+"/g, "").replaceAll(" and ", "")).toBe("");
    for (const [, file = "", name = ""] of tests) {
      expect(existsSync(root + file), file).toBe(true);
      const called = new RegExp(`\\(\\s*"${name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}"`);
      expect(called.test(readFileSync(root + file, "utf8")), `${file}: ${name}`).toBe(true);
    }
  });
});
