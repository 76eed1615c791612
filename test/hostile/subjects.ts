import { ArrayOwner } from "@luo/memory";
import { heapBacking, ObjectStore } from "@luo/store";
import {
  array,
  big,
  bits,
  bool,
  bytes,
  char,
  enumeration,
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

function image(fill: (store: ObjectStore) => void): Uint8Array {
  const backing = heapBacking();
  const store = ObjectStore.create(backing);
  fill(store);
  const length = store.seal();
  return backing.toBytes().slice(0, length);
}

/** Small images: what is wrong with a small one is wrong with a large one, and found much faster. */
export const IMAGES: readonly Uint8Array[] = [
  image((store) => {
    store.put("a", record(3), { alongside: [0] });
    store.put("b", Object.assign(new Leaf(), { id: 9 }));
  }),
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
];

/** One more than there was, of whatever an image holds. */
export const another = () => record(2);
