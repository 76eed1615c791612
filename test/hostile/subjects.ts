import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ArrayOwner } from "@luo/memory";
import { heapBacking, ObjectStore } from "@luo/store";
import {
  array,
  big,
  bits,
  bool,
  bytes,
  char,
  codecOf,
  enumeration,
  fingerprintOf,
  flexible,
  LuoStruct,
  ref,
  type Sequence,
  u8,
  u16,
  u32,
  u64,
  union,
} from "@luo/struct";
import { type Family, family, follows, since } from "@luo/version";
import { ALLOCATION, POOL } from "../image-offsets.js";
import { Forge } from "./forge.js";

/** What the images consist of that are mutated: a bit of everything that an image can hold. */

@LuoStruct(0, { family: "leaf" })
class Leaf {
  @u64.number id = 0;
  @bool on = false;
}

@LuoStruct(0, { family: "node" })
class Node {
  @u16 id = 0;
  @ref(() => Leaf) leaves: Sequence<Leaf> = [];
  @ref(() => Node) nodes: Sequence<Node> = [];
}

@LuoStruct(0, { family: "told" })
class Told {
  @u64 by = 1n;
}

@LuoStruct(0, { family: "kinds" })
class Kinds {
  @enumeration(u8, ["idle", "busy"]) state: "idle" | "busy" = "idle";
  @bits(u32, 5) low = 3;
  @bits(u32, 20) high = 77;
  @char(12) text = "text";
  @char(8, { terminated: true }) ended = "ended";
  @bytes(6) raw = Uint8Array.of(1, 2, 3, 4, 5, 6);
  @array(u16, 2, 3) grid: number[][] = [
    [1, 2, 3],
    [4, 5, 6],
  ];
  @big @u32 swapped = 0x0102_0304;
  @u8 kind = 0;
  @union("kind", () => ({ 0: Told, 1: Node })) body: Told | Node = new Told();
  @u16 count = 0;
  @flexible(u16, { count: "count" }) rest: number[] = [];
}

@LuoStruct(0, { family: "record" })
class RecordV0 {
  @u64.number id = 0;
  @ref(() => Leaf) leaves: Sequence<Leaf> = [];
}

@LuoStruct(1, { family: "record" })
@follows(RecordV0)
class RecordV1 {
  @u64.number id = 0;
  @since(1, "none") @char(16) name = "none";
  @ref(() => Leaf) leaves: Sequence<Leaf> = [];
}

export const FAMILIES: readonly Family[] = [Leaf, Node, Kinds, RecordV1].map((struct) =>
  family<object>(struct),
);

const leaves = (count: number, from = 0) =>
  Array.from({ length: count }, (_, n) =>
    Object.assign(new Leaf(), { id: from + n, on: n % 2 === 0 }),
  );

const node = (id: number, nodes: Node[] = []): Node =>
  Object.assign(new Node(), { id, leaves: leaves(id), nodes });

const record = (id: number) => Object.assign(new RecordV1(), { id, leaves: leaves(id) });

function image(fill: (store: ObjectStore) => void, checksums = true): Uint8Array {
  const backing = Object.assign(heapBacking(), { checksums });
  const program = { name: "subject", version: "1" };
  const store = ObjectStore.create(backing, { program });
  fill(store);
  const length = store.seal();
  return backing.toBytes().slice(0, length);
}

const records = image((store) => {
  store.put("a", record(3), { alongside: [0] });
  store.put("b", Object.assign(new Leaf(), { id: 9 }));
});

/** The same records, written by a program that packs what it writes. */
function packed(): Uint8Array {
  const forge = new Forge(6 * 4096, { packed: true });
  const { schemas } = ObjectStore.open(heapBacking(records.slice().buffer));
  const leaf = codecOf(Leaf);
  // More than a page, so that one is given back with the object; zeros, as there are more of them than
  // of what is worth changing.
  const count = 300;
  const extent = { address: forge.allocate(count * leaf.size), capacity: count };
  const array = forge.array(count, leaf.size, [extent]);
  const table = Number(forge.view.getBigUint64(array + 16, true));
  const fingerprint = fingerprintOf(Leaf);
  forge.header(array, { count, elementSize: leaf.size, table, extents: 1, fingerprint });
  const copies = [RecordV1, RecordV0].map((struct, index) => {
    const { size } = codecOf(struct);
    const address = forge.allocate(size);
    if (struct === RecordV1) forge.memory.u8.set(new TextEncoder().encode("none"), address + 8);
    forge.u64(address + size - 8, array);
    const schema = schemas.findIndex(
      ({ family, version }) => family === "record" && version === 1 - index,
    );
    return { schema, address, bytes: size };
  });
  forge.object("a", copies);
  const allocations = forge.blocks([1], ALLOCATION.size, (at) => {
    forge.u64(at + ALLOCATION.address, forge.allocate(24));
    forge.u64(at + ALLOCATION.bytes, 24);
  });
  const pools = forge.blocks([1], POOL.size, (at) => {
    forge.memory.u8.set(new TextEncoder().encode("index"), at);
    forge.u64(at + POOL.allocations, allocations);
  });
  forge.seal(JSON.stringify(schemas), { pools });
  return forge.memory.u8;
}

const GOLDEN = fileURLToPath(new URL("../golden/", import.meta.url));

/** Images that an earlier release wrote. */
const golden = readdirSync(GOLDEN)
  .filter((file) => file.endsWith(".img"))
  .map((file) => new Uint8Array(readFileSync(`${GOLDEN}${file}`)));

/** An image of format 2 that was changed since: its first page has a slot of each format. */
function changed(bytes: Uint8Array): Uint8Array {
  const backing = heapBacking(bytes.slice().buffer);
  const store = ObjectStore.open(backing);
  store.put("b", record(1));
  const length = store.seal();
  return backing.toBytes().slice(0, length);
}

/** Small images: what is wrong with a small one is wrong with a large one, and found much faster. */
export const IMAGES: readonly Uint8Array[] = [
  records,
  image((store) => {
    store.put("kinds", Object.assign(new Kinds(), { count: 3, rest: [7, 8, 9] }));
    store.put("more", Object.assign(new Kinds(), { kind: 1, body: node(2) }));
  }),
  image((store) => store.put("tree", node(3, [node(1), node(2, [node(0), node(4)])]))),
  image((store) => {
    const pool = store.pool("index", { resident: true });
    new ArrayOwner(pool).alloc(Leaf).append(leaves(20));
    pool.allocate(3000);
    for (let n = 0; n < 12; n++) store.put(`r${n}`, record(n % 3), { alongside: [0] });
    store.seal();
    for (let n = 0; n < 12; n += 2) store.delete(`r${n}`);
    store.put("r1", record(5));
  }),
  image((store) => store.put("tree", node(3, [node(1)])), false),
  packed(),
  ...golden,
  ...golden.slice(0, 1).map(changed),
];

/** One more than there was, of whatever an image holds. */
export const another = () => record(2);
