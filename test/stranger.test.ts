import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type HeapBacking, heapBacking, PreservedArray } from "@luo/memory";
import { ObjectStore } from "@luo/store";
import {
  bytes,
  char,
  create,
  flexible,
  LuoStruct,
  ref,
  type Sequence,
  u8,
  u16,
  u32,
  u64,
} from "@luo/struct";
import { family, follows, lossy, since } from "@luo/version";
import { expect, test } from "vitest";

/**
 * The author of test/reader/luo_pack.py knew docs/FORMAT.md and nothing else. It packs an image as tightly
 * as the format allows, at addresses that no pool of ours would choose.
 */
const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const packer = path("reader/luo_pack.py");
const hasPython = spawnSync("python3", ["--version"]).status === 0;

@LuoStruct(0, { family: "item" })
class Item {
  @u64.number id = 0;
  @u16 kind = 0;
  @bytes(3) tag = new Uint8Array(3);
}

@LuoStruct(0, { family: "list" })
class ListV0 {
  @u32 id = 0;
  @ref(() => Item) items: Sequence<Item> = [];
}

@LuoStruct(1, { family: "list" })
@follows(ListV0)
class ListV1 {
  @u32 id = 0;
  @ref(() => Item) items: Sequence<Item> = [];
  @lossy @since(1, "") @char(24) name = "";
}

@LuoStruct(0, { family: "node" })
class Node {
  @u32 id = 0;
  @ref(() => Node) next: Sequence<Node> = [];
}

@LuoStruct(0, { family: "bag" })
class Bag {
  @u32 id = 0;
  @u8 count = 0;
  @flexible(u16, { count: "count" }) values: number[] = [];
}

const List = family(ListV1);
const OldList = family(ListV0, { reads: { to: 0 } });

const packed = () => heapBacking(Uint8Array.from(readFileSync(path("reader/stranger.img"))).buffer);
const ids = (items?: Sequence<Item>) => Array.from(items ?? [], ({ id }) => id);
const range = (length: number, from = 0) => Array.from({ length }, (_, n) => from + n);

/** The content that the packer writes, by its own description. */
function check(store: ObjectStore): void {
  const a = store.take("a", List);
  expect([a?.id, a?.name]).toEqual([1, "a thousand, größer"]);
  expect(ids(a?.items)).toEqual(range(1000));
  expect(ids(store.take("a", OldList)?.items)).toEqual(range(1000));
  expect(ids(store.take("b", List)?.items)).toEqual(range(15, 2000));
  const circle = store.take("circle", family(Node));
  expect(circle?.next.at(1)?.next.identity).toBe(circle?.next.identity);
  expect(store.take("flexible", family(Bag))?.values).toEqual([
    100, 200, 300, 400, 500, 600, 65_535,
  ]);
  expect(store.take("gone", family(Item))).toBeUndefined();
  for (const n of [0, 149, 299]) {
    const small = store.take(`small/${n}`, family(Item));
    expect(small?.id).toBe(10_000 + n);
    expect(new TextDecoder().decode(small?.tag)).toBe(`${n}`.padStart(3, "0"));
  }
}

test("is read and verified, by us", () => {
  const store = ObjectStore.open(packed(), { verify: true });
  expect(store.origin?.program).toEqual({ name: "luo_pack", version: "1.0" });
  expect(store.size).toBe(304);
  check(store);
  expect(store.pool("index", { resident: true }).usage).toMatchObject({
    allocations: 3,
    bytes: 1 + 13 + 773,
  });
});

test("is written to, and what it holds stays until it is freed", () => {
  const backing = packed();
  let store = ObjectStore.open(backing);
  const reopened = (backing: HeapBacking) => heapBacking(backing.toBytes().buffer);
  const a = store.take("a", List) as ListV1;
  if (!(a.items instanceof PreservedArray)) throw new Error("it holds no array");
  a.items.append([create(Item, { id: 1000 })]);
  store.put("a", a, { alongside: [0] });
  for (const n of range(2000)) store.put(`new/${n}`, create(Item, { id: n }));
  for (const n of range(290)) store.delete(`small/${n}`);
  // Changes that are not sealed leave the image as the stranger packed it.
  check(ObjectStore.open(reopened(backing), { verify: true }));
  store.seal();
  store.verify();
  store = ObjectStore.open(reopened(backing), { verify: true });
  expect(ids(store.take("a", List)?.items)).toEqual(range(1001));
  expect(ids(store.take("a", OldList)?.items)).toEqual(range(1001));
  expect(store.take("small/295", family(Item))?.id).toBe(10_295);
  for (const { identifier } of store.list()) store.delete(identifier);
  store.pool("index", { resident: true }).release();
  store.seal();
  store.put("last", new Bag());
  store.seal();
  store.verify();
  const { pages, taken } = store.usage;
  expect(taken).toBeLessThan(pages / 10);
});

test.skipIf(!hasPython)("is packed as it was", () => {
  const folder = mkdtempSync(join(tmpdir(), "luo-pack-"));
  try {
    execFileSync("python3", [packer, join(folder, "out.img")]);
    expect(readFileSync(join(folder, "out.img")).equals(Buffer.from(packed().toBytes()))).toBe(
      true,
    );
    // Superseded entries may refer to memory that was reused since.
    execFileSync("python3", [packer, join(folder, "reused.img"), "--reuse-released"]);
    const reused = Uint8Array.from(readFileSync(join(folder, "reused.img")));
    check(ObjectStore.open(heapBacking(reused.buffer), { verify: true }));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
