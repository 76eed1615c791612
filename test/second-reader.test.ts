import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ArrayOwner, type HeapBacking, heapBacking, type PreservedArray } from "@luo/memory";
import { ObjectStore } from "@luo/store";
import { descriptorOf, type StructClass } from "@luo/struct";
import { family } from "@luo/version";
import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import {
  FileV0,
  FileV1,
  file,
  image,
  Other,
  other,
  Page,
  pages,
  Shelf,
  some,
} from "../packages/store/test/fixture.js";
import { define, hasCodec, valuesOf } from "../packages/struct/test/differential/luo.js";
import { cases } from "../packages/struct/test/differential/specs.js";
import {
  circle,
  EverythingV3,
  everything,
  Header,
  header,
  Packet,
} from "../packages/struct/test/fixtures.js";
import { ROOT, ROOT_AT } from "./image-offsets.js";
import { BranchV2, branch, Rows } from "./reader/branch.js";
import { acrossWindows, damages, referringInACircle } from "./reader/damages.js";
import {
  asPrinted,
  hasPython,
  type Outcome,
  type Printed,
  parse,
  read,
  resolved,
  run,
} from "./reader/second-reader.js";

/** Compares the image with what the program takes; gives it as the reader in Python prints it. */
function same(backing: HeapBacking, structs: readonly StructClass[]): Printed {
  const store = ObjectStore.open(backing, { verify: true });
  const printed = read(backing.toBytes());
  expect(printed).toMatchObject({ format: 3n, generation: BigInt(store.generation) });
  expect(printed.length).toBe(BigInt(store.byteLength));
  expect(printed.schemas).toEqual(parse(JSON.stringify(store.schemas)));
  const listed = printed.objects.flatMap(({ identifier, copies }) =>
    copies.map((copy) => ({ identifier, ...copy })),
  );
  expect(listed.map(({ value, ...copy }) => copy)).toEqual(parse(JSON.stringify(store.list())));
  const classes = new Map(
    structs.map((of) => [`${descriptorOf(of).family}@${descriptorOf(of).version}`, of]),
  );
  for (const { identifier, family: name, version, value } of listed) {
    const of = classes.get(`${name}@${version}`) as StructClass;
    const taken = store.take(identifier, family(of, { reads: { to: Number(version) } }));
    expect(resolved(value, printed.arrays), identifier).toEqual(asPrinted(of, taken as object));
  }
  return printed;
}

/** Goes along every reference once. */
function readOut(value: unknown, seen = new Set<object>()): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  const members = Symbol.iterator in value ? (value as Iterable<unknown>) : Object.values(value);
  for (const member of members) readOut(member, seen);
}

describe.skipIf(!hasPython)("python3 reads what the program writes", () => {
  test("every kind of field", () => {
    const packet = { count: 3, kind: 1, circles: [1, 2, 3].map(circle) };
    const rows = [
      [1, 2, 65_535],
      [4, 5, 6],
    ];
    const backing = image((store) => {
      store.put("header", header());
      store.put("everything", everything());
      store.put("packet", Object.assign(new Packet(), packet));
      store.put("rows", Object.assign(new Rows(), { rows }));
      store.put("branch", branch(0));
    });
    same(backing, [Header, EverythingV3, Packet, Rows, BranchV2]);
    expect(run([backing.toBytes()], "--verify")).toEqual([{ printed: "" }]);
  });

  test("an array that grew, with room for more", () => {
    const backing = image((store) => store.put("file", file(1000)));
    const store = ObjectStore.open(backing);
    const taken = store.take("file", family(FileV1)) as FileV1;
    const array = taken.pages as PreservedArray<Page>;
    for (const count of [1, 2, 700]) array.append(pages(count));
    store.put("file", taken);
    store.seal();
    const { arrays } = same(backing, [FileV1]);
    expect(Object.values(arrays).map(({ length }) => length)).toEqual([1703]);
  });

  test("references behind references, and arrays that versions share", () => {
    const backing = some();
    const store = ObjectStore.open(backing);
    const files = [file(3), file(0), file(700, "long")];
    store.put("shelf", Object.assign(new Shelf(), { files }));
    store.put("tree", branch(4));
    store.seal();
    const { objects } = same(backing, [FileV0, FileV1, Other, Shelf, BranchV2]);
    const addresses = objects[0]?.copies.map(({ value }) => (value as FileV0).pages);
    expect(addresses).toHaveLength(2);
    expect(addresses?.[0]).toEqual(addresses?.[1]);
  });

  /** Set `LUO_SEED` to a seed that failed. */
  const seeds = [1, Number(process.env.LUO_SEED ?? Math.floor(Math.random() * 2 ** 30))];
  test.each(seeds)("random structs, of seed %d", (seed) => {
    const list = fc.sample(cases, { seed, numRuns: 150 }).filter(({ struct }) => hasCodec(struct));
    const backing = image((store) => {
      for (const [index, one] of list.entries()) {
        const [value] = valuesOf(one, 1);
        store.put(`${index}`, Object.assign(new (define(one.struct))(), value));
      }
    });
    same(
      backing,
      list.map(({ struct }) => define(struct)),
    );
  });

  test("which program wrote the newest generation", () => {
    const backing = heapBacking();
    const [first, second] = [
      { name: "kv-server", version: "1.0.0" },
      { name: "n".repeat(63), version: `${"ä".repeat(15)}1` },
    ];
    ObjectStore.create(backing, { program: first }).seal();
    expect(same(backing, []).program).toEqual(first);
    ObjectStore.open(backing, { program: second }).seal();
    expect(same(backing, []).program).toEqual(second);
    ObjectStore.open(backing).seal();
    expect(same(backing, []).program).toEqual({ name: "", version: "" });
  });

  test("an image whose checksums were not computed", () => {
    const backing = Object.assign(heapBacking(), { checksums: false });
    const store = ObjectStore.create(backing);
    store.put("file", file(1000), { alongside: [0] });
    store.put("tree", branch(2));
    store.pool("index", { resident: true }).allocate(64);
    store.seal();
    same(backing, [FileV0, FileV1, BranchV2]);
    expect(run([backing.toBytes()], "--verify")).toEqual([{ printed: "" }]);
  });

  test("an image of format 2, and the same when it is changed to one of format 3", () => {
    const golden = fileURLToPath(new URL("golden/memfd@0.img", import.meta.url));
    const backing = heapBacking(new Uint8Array(readFileSync(golden)).buffer);
    const before = read(backing.toBytes());
    expect(before).toMatchObject({ format: 2n, generation: 1n, program: null });
    ObjectStore.open(backing).seal();
    const after = read(backing.toBytes());
    expect(after).toMatchObject({ format: 3n, generation: 2n });
    expect(after.objects).toEqual(before.objects);
    expect(after.arrays).toEqual(before.arrays);
  });

  test("an empty store", () => {
    const { objects, schemas, arrays, pools } = same(
      image(() => {}),
      [],
    );
    expect({ objects, schemas, arrays, pools }).toEqual({
      objects: [],
      schemas: [],
      arrays: {},
      pools: [],
    });
  });

  test("identifiers of any text, of which some were deleted", () => {
    const names = [
      "a",
      "räksmörgås",
      "ä".repeat(64),
      "x".repeat(128),
      "emoji 🪛",
      "a\0b",
      "__proto__",
    ];
    const backing = image((store) => {
      for (const [x, name] of names.entries()) store.put(name, other(x));
      store.put("a", other(100));
      store.delete("emoji 🪛");
    });
    const { objects } = same(backing, [Other]);
    expect(objects.map(({ identifier }) => identifier)).toEqual(
      ObjectStore.open(backing)
        .list()
        .map(({ identifier }) => identifier),
    );
  });

  test("many generations; of a half-written one, the one before", () => {
    const backing = heapBacking();
    const store = ObjectStore.create(backing);
    for (let n = 0; n < 400; n++) store.put(`object/${n}`, other(n));
    for (let generation = 1; generation < 60; generation++) {
      for (let n = 0; n < 40; n++) store.put(`object/${(generation * 31 + n) % 400}`, other(n));
      for (let n = 0; n < 30; n++) store.delete(`object/${(generation * 17 + n) % 400}`);
      store.put(`file/${generation % 5}`, file(generation), { alongside: [0] });
      store.seal();
    }
    const structs = [Other, FileV0, FileV1];
    const before = same(backing, structs);
    store.put("new", other(1));
    store.delete("file/1");
    store.seal();
    const after = same(backing, structs);
    expect([before.generation, after.generation]).toEqual([59n, 60n]);
    const half = backing.toBytes();
    half.fill(0, ROOT_AT + ROOT.checksum, ROOT_AT + ROOT.checksum + 4);
    expect(read(half)).toEqual(before);
  });

  test("resident pools", () => {
    const backing = heapBacking();
    const store = ObjectStore.create(backing);
    const index = store.pool("index", { resident: true });
    const kept = new ArrayOwner(index).alloc(Page as StructClass<Page>);
    kept.append(pages(3000));
    const many = store.pool("many ä", { resident: true });
    for (let n = 0; n < 700; n++) many.allocate(8 + n);
    store.pool("empty", { resident: true });
    store.pool("scratch").allocate(100_000);
    store.put("a", file(5));
    store.seal();
    const { pools } = same(backing, [FileV1]);
    expect(pools.map(({ name }) => name).sort()).toEqual(["empty", "index", "many ä"]);
    for (const { name, allocations } of pools) {
      const { usage } = store.pool(name, { resident: true });
      expect(allocations).toHaveLength(usage.allocations);
      expect(allocations.reduce((sum, { bytes }) => sum + bytes, 0n)).toBe(BigInt(usage.bytes));
    }
    const found = pools.find(({ name }) => name === "index");
    const addresses = found?.allocations.map(({ address }) => address).sort();
    expect(addresses).toEqual(Array.from(kept.allocations, (n) => BigInt(n)).sort());
  });
});

describe.skipIf(!hasPython)("python3 refuses, and says what and where", () => {
  let plain: Outcome[] = [];
  let verified: Outcome[] = [];
  beforeAll(() => {
    const images = damages.map(({ bytes }) => bytes);
    plain = run(images);
    verified = run(images, "--verify");
  });
  test.each(damages.map((damage, index) => [damage.name, index, damage] as const))(
    "%s",
    (_, index, { message, unverified }) => {
      const damaged = { damaged: expect.stringMatching(message) };
      expect(verified[index]).toEqual(damaged);
      expect(plain[index]).toEqual(unverified ? { printed: expect.anything() } : damaged);
    },
  );

  test.each(
    damages.filter(({ byClass }) => !byClass).map((damage) => [damage.name, damage] as const),
  )("%s, as does the program", (_, { bytes }) => {
    const { buffer } = bytes.slice();
    expect(() => {
      const store = ObjectStore.open(heapBacking(buffer), { verify: true });
      for (const { identifier } of store.list()) readOut(store.decode(identifier));
    }).toThrow(expect.objectContaining({ code: expect.stringMatching(/^LUO_/) }));
  });

  test("an allocation across a multiple of 4 GiB", () => {
    const crossing = { damaged: expect.stringMatching(/64 bytes at 4294967288 cross a multiple/) };
    expect(run([acrossWindows()])).toEqual([crossing]);
  });

  test("but not arrays that refer to themselves", () => {
    const { bytes, array } = referringInACircle();
    const circle = { nodes: { array: BigInt(array) } };
    expect(read(bytes).arrays).toEqual({ [array]: [circle, circle] });
  });
});
