import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseLock } from "@luo/cli";
import { ObjectStore } from "@luo/store";
import { descriptorOf } from "@luo/struct";
import { family } from "@luo/version";
import { beforeEach, describe, expect, test } from "vitest";
import { changesIn, IDENTIFIER, PROGRAM, sumsIn, writeMissing } from "./golden/images.js";
import { GOLDEN, GOLDEN_2 } from "./golden/objects.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const folder = path("./golden/format-3/");

// `npm run golden` sets this after a version was added.
if (process.env.LUO_GOLDEN === "write") console.log(writeMissing(folder, GOLDEN));

/** The images of each format: all of the newest, and of others what was written in their time. */
const FORMATS = [
  { format: 2, folder: path("./golden/"), golden: GOLDEN_2, program: undefined },
  { format: 3, folder, golden: GOLDEN, program: PROGRAM },
];

function open(name: string, from = folder): ObjectStore {
  const { buffer } = new Uint8Array(readFileSync(`${from}${name}.img`));
  return ObjectStore.open({ segments: [buffer] }, { verify: true });
}

/** The content of an image, with its arrays as plain lists. */
const plain = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, plain);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
};

describe.each(FORMATS)("the image that a version wrote in format $format", (one) => {
  const { format, folder, golden, program } = one;

  test("has not changed since", () => {
    expect(changesIn(folder)).toEqual([]);
    expect([...sumsIn(folder).keys()]).toEqual(golden.map(({ name }) => `${name}.img`));
  });

  test.each(golden.map(({ name }) => name))("%s tells its format, and who wrote it", (name) => {
    expect(open(name, folder).origin).toMatchObject({ format, program });
  });

  const rows = golden.flatMap(({ name, readers, found }) =>
    readers.map((struct, index) => {
      const { family, version } = descriptorOf(struct);
      return [name, `${family}@${version}`, struct, found[index]] as const;
    }),
  );
  test.each(rows)("%s is read as %s", (name, _, struct, found) => {
    const { version } = descriptorOf(struct);
    const release = family(struct, { reads: { to: version } });
    const taken = open(name, folder).take(IDENTIFIER, release);
    expect(taken).toBeInstanceOf(struct);
    expect(plain(taken)).toEqual(found);
  });
});

describe("the image that a version wrote", () => {
  test.each(GOLDEN.filter(({ beside }) => beside))("$name has pools and generations", (one) => {
    const { pools = {}, generations } = one.beside ?? {};
    const store = open(one.name);
    expect(store.generation).toBe(generations);
    expect(store.list()).toHaveLength(1);
    for (const [name, allocations] of Object.entries(pools)) {
      const found = Array.from(store.pool(name, { resident: true }).allocations());
      // A pool gives pages whole.
      const given = allocations.map((bytes) =>
        bytes > 2048 ? Math.ceil(bytes / 4096) * 4096 : bytes,
      );
      expect(found.map(({ bytes }) => bytes).sort()).toEqual(given.sort());
    }
  });

  test("holds the layouts that were published, and every one is in some", () => {
    const { structs } = parseLock(readFileSync(path("../luo.lock.json"), "utf8"));
    const published = new Map(
      structs.map(({ class: _, ...schema }) => [`${schema.family}@${schema.version}`, schema]),
    );
    const held = GOLDEN.flatMap(({ name }) => open(name).schemas);
    for (const { family, version, size, align, fields } of held) {
      const layout = { family, version, size, align, fields };
      expect(layout).toEqual(published.get(`${family}@${version}`));
    }
    const names = held.map(({ family, version }) => `${family}@${version}`);
    // Every image has the format's own records in its bytes, but not in its list of layouts.
    const objects = [...published.keys()].filter((name) => !/^(luo|kho)\./.test(name));
    expect([...new Set(names)].sort()).toEqual(objects.sort());
  });
});

describe("no image is written twice", () => {
  const copy = path("./dist/golden/");
  beforeEach(() => {
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(copy, { recursive: true });
    cpSync(folder, copy, { recursive: true });
  });
  const [first] = GOLDEN;
  const file = `${copy}${first?.name}.img`;

  test("one that is there is left as it is", () => {
    const before = readFileSync(file);
    expect(writeMissing(copy, GOLDEN)).toEqual([]);
    expect(readFileSync(file)).toEqual(before);
  });

  test("one that has changed is not replaced, and told", () => {
    const bytes = readFileSync(file);
    bytes[bytes.length - 1] = 1 ^ (bytes.at(-1) ?? 0);
    writeFileSync(file, bytes);
    expect(changesIn(copy)).toEqual([`${first?.name}.img has changed`]);
    expect(() => writeMissing(copy, GOLDEN)).toThrow("has changed; restore it");
    expect(readFileSync(file)).toEqual(bytes);
  });

  test("one that is gone is not made anew, and told", () => {
    rmSync(file);
    expect(() => writeMissing(copy, GOLDEN)).toThrow("is gone; restore it");
    writeFileSync(`${copy}other.img`, "");
    expect(changesIn(copy)).toEqual(["other.img has no sum", `${first?.name}.img is gone`]);
  });

  test("only one of a new version is added", () => {
    const [added] = GOLDEN.slice(-1);
    const again = added === undefined ? [] : [{ ...added, name: "new@0" }];
    expect(writeMissing(copy, [...GOLDEN, ...again])).toEqual(["new@0.img"]);
    expect(changesIn(copy)).toEqual([]);
  });
});
