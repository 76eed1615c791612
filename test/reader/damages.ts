import { checksum, heapBacking } from "@luo/memory";
import { ObjectStore } from "@luo/store";
import {
  bool,
  char,
  enumeration,
  flexible,
  LuoStruct,
  layoutOf,
  Memory,
  ref,
  type Sequence,
  u8,
  u16,
  union,
} from "@luo/struct";
import { follows, since } from "@luo/version";
import {
  ALLOCATION,
  ARRAY,
  BLOCK,
  COPY,
  ENTRY,
  EXTENT,
  HEADER,
  NONE,
  POOL,
  ROOT,
  ROOT_AT,
  SEGMENT,
  SLOTS,
} from "../image-offsets.js";
import { Anatomy } from "./anatomy.js";
import type { SparseImage } from "./second-reader.js";

/** Images that are damaged, by accident or on purpose, and what a reader should say of each. */

export interface Damage {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly message: RegExp;
  /** Whether it is only noticed by those who verify. */
  readonly unverified?: boolean;
  /** Whether a program notices it by its classes alone. */
  readonly byClass?: boolean;
}

@LuoStruct(0)
class Node {
  @ref(() => Node) nodes: Sequence<Node> = [];
}

@LuoStruct(0)
class Told {
  @u8 by = 1;
}

@LuoStruct(0)
class Parts {
  @ref(() => Node) nodes: Sequence<Node> = [];
  @u16 count = 0;
  @bool truth = false;
  @enumeration(u8, { one: 1 }) member = 1;
  @char(4) text = "";
  @char(4, { terminated: true }) ended = "";
  @u8 kind = 0;
  @union("kind", () => ({ 0: Told })) told = new Told();
  @flexible(u16, { count: "count" }) rest: number[] = [];
}

function sealed(fill: (store: ObjectStore) => void): Uint8Array {
  const backing = heapBacking();
  const store = ObjectStore.create(backing);
  fill(store);
  store.seal();
  return backing.toBytes();
}

const parts = sealed((store) => {
  const nodes = [new Node(), new Node()];
  store.put("parts", Object.assign(new Parts(), { nodes, count: 3, rest: [1, 2, 3] }));
});

@LuoStruct(0, { family: "tree" })
class TreeV0 {
  @ref(() => Node) nodes: Sequence<Node> = [];
}

@LuoStruct(1, { family: "tree" })
@follows(TreeV0)
class TreeV1 {
  @ref(() => Node) nodes: Sequence<Node> = [];
  @since(1, 0) @u16 height = 0;
}

const trees = sealed((store) => {
  for (const identifier of ["a", "b"]) {
    store.put(identifier, Object.assign(new TreeV1(), { nodes: [new Node()] }), {
      alongside: [0],
    });
  }
});

/** From the first copy of the first tree. */
const OLDER = COPY.size;
const OTHER = 2 * COPY.size + 8 + ENTRY.size;

const whole = () => new Anatomy(parts.slice());

/** An image of a format that nobody knows yet, of which only the header is as it is today. */
function later(at: Anatomy): void {
  at.set32(at.header + HEADER.format, 99);
  at.bytes.set(new TextEncoder().encode("kv-server"), at.header + HEADER.program);
  at.bytes.set(new TextEncoder().encode("7.1"), at.header + HEADER.programVersion);
}

function generation(at: Anatomy, number: number | bigint): void {
  at.set(at.header + HEADER.generation, number);
  at.set(at.root + ROOT.generation, number);
}

const placeOf = (field: string) =>
  layoutOf(Parts).fields.find(({ name }) => name === field)?.offset ?? 0;

const FLIPS: [string, (image: Anatomy) => number, RegExp][] = [
  ["the magic", ({ header }) => header, /no valid root: slot at 0.*slot at 2048: magic is/],
  ["the byte order", ({ header }) => header + HEADER.byteOrder, /at 2048: byte_order is/],
  ["a header", ({ header }) => header + HEADER.program, /at 2048: header: the checksum is/],
  ["a root", ({ root }) => root + ROOT.objects, /at 2048: root: the checksum is/],
  ["a segment", ({ segment }) => segment + 16, /directory segment at \d+: the checksum is/],
  ["an entry", ({ copy }) => copy, /directory segment at \d+: entries: the checksum is/],
  ["a struct", ({ struct }) => struct + 9, /object "parts": Parts@0 at \d+: the checksum is/],
  ["an array's header", ({ array }) => array, /array of Node@0 at \d+: the checksum is/],
  ["a table", ({ table }) => table + 8, /array of Node@0 at \d+: table: the checksum is/],
  ["an element", ({ extent }) => extent, /extent 0: the checksum is/],
  ["the schemas", ({ schemas }) => schemas + 9, /schemas: the checksum is/],
];

/** Checksums are right in all of these. */
const NONSENSE: [string, (image: Anatomy) => void, RegExp][] = [
  ["a root longer than the file", (at) => at.set(at.root + ROOT.length, 2 ** 40), /length is/],
  [
    "a log in a circle",
    (at) => at.set(at.segment + SEGMENT.previous, at.segment),
    /overlaps .* circle/,
  ],
  [
    "a segment of a later generation",
    (at) => at.set(at.segment + SEGMENT.generation, 2),
    /is of generation 2/,
  ],
  [
    "more entries than there are",
    (at) => at.set32(at.segment + SEGMENT.entries, 2),
    /entry 1: begins behind/,
  ],
  ["fewer entries", (at) => at.set32(at.segment + SEGMENT.entries, 0), /0 entries end at 0 of/],
  [
    "entries beyond their capacity",
    (at) => at.set(at.segment + SEGMENT.bytes, 4097),
    /in a capacity of/,
  ],
  [
    "a capacity beyond the image",
    (at) => at.set(at.segment + SEGMENT.capacity, 2n ** 63n),
    /end behind/,
  ],
  ["an identifier without bytes", (at) => at.set16(at.copy - ENTRY.size, 0), /of 0 bytes/],
  ["one that is no text", (at) => at.fill(at.copy + COPY.size, 1, 255), /not UTF-8/],
  [
    "more objects than there are",
    (at) => at.set(at.root + ROOT.objects, 7),
    /holds 1 .* root says 7/,
  ],
  ["a schema that there is not", (at) => at.set32(at.copy, 9), /schema 9 of/],
  ["a struct at null", (at) => at.set(at.copy + COPY.address, 0), /0 is no address/],
  [
    "a struct in the first page",
    (at) => at.set(at.copy + COPY.address, 4088),
    /4088 is no address/,
  ],
  [
    "a struct that is not aligned",
    (at) => at.set(at.copy + COPY.address, at.struct + 4),
    /multiple of 8/,
  ],
  [
    "a struct beyond the image",
    (at) => at.set(at.copy + COPY.address, 2n ** 64n - 8n),
    /end behind/,
  ],
  ["a struct that is too short", (at) => at.set(at.copy + COPY.bytes, 7), /7 bytes of a struct of/],
  ["an array at null", (at) => at.set(at.struct, 0), /array of Node@0 at 0: 0 is no address/],
  [
    "an array of another struct",
    (at) => at.set(at.array + ARRAY.fingerprint, 1),
    /fingerprint 0{15}1/,
  ],
  ["elements of another size", (at) => at.set32(at.array + ARRAY.elementSize, 16), /have 16 bytes/],
  ["more elements than memory", (at) => at.set(at.array, 2n ** 53n - 1n), /values for each byte/],
  ["a header of a later format", later, /at 2048: format is 99, .*; written by kv-server 7\.1$/],
  ["one of format 1", (at) => at.set32(at.header + HEADER.format, 1), /format is 1, expected 3/],
  ["pages of 8192 bytes", (at) => at.set32(at.header + HEADER.pageSize, 8192), /page_size is 8192/],
  [
    "a feature",
    (at) => at.set32(at.header + HEADER.incompatible, 8),
    /incompatible is 8, .*written/,
  ],
  ["reserved bytes of a header", (at) => at.set32(at.header + HEADER.unused, 1), /reserved is 1/],
  ["a header of the other slot", (at) => generation(at, 2), /generation is 2, .* this slot/],
  ["generation 0", (at) => generation(at, 0), /generation is 0/],
  ["a generation after the last", (at) => generation(at, 2n ** 53n - 1n), /generation is 9/],
  ["a root of another", (at) => at.set(at.root, 3), /root: generation is 3, expected 1/],
  ["reserved bytes of a segment", (at) => at.set32(at.segment + SEGMENT.unused, 1), /are 0x1,/],
  ["those of an entry", (at) => at.set32(at.copy - 4, 1), /entry 0: reserved bytes are 0x1/],
  ["more than the extents hold", (at) => at.set(at.array, 999), /999 elements in extents of/],
  [
    "an extent without room",
    (at) => at.set32(at.table + EXTENT.capacity, 0),
    /extent 0: has no elements/,
  ],
  [
    "an extent beyond the image",
    (at) => at.set32(at.table + EXTENT.capacity, 2 ** 32 - 1),
    /end behind/,
  ],
  [
    "a table beyond it",
    (at) => at.set32(at.array + ARRAY.extents, 2 ** 32 - 1),
    /table: .*end behind/,
  ],
  ["a bool of 2", (at) => at.fill(at.struct + placeOf("truth"), 1, 2), /found 2, expected 0 or 1/],
  ["no member", (at) => at.fill(at.struct + placeOf("member"), 1, 0), /found 0, expected one/],
  ["a union of no struct", (at) => at.flip(at.struct + placeOf("kind")), /"kind" is 1, expected/],
  ["half a character", (at) => at.fill(at.struct + placeOf("text"), 1, 200), /is not UTF-8/],
  ["text behind NUL", (at) => at.flip(at.struct + placeOf("text") + 2), /after the first NUL/],
  ["text without NUL", (at) => at.fill(at.struct + placeOf("ended"), 4, 65), /not end with NUL/],
  ["a count beyond the object", (at) => at.set16(at.struct + 8, 4), /end behind the object/],
];

/** Checksums that are always computed. */
const NEVER_NONE: [string, (image: Anatomy) => number, RegExp][] = [
  ["a header", ({ header }) => header + HEADER.checksum, /header: the checksum is 0x656e6f6e/],
  ["a root", ({ root }) => root + ROOT.checksum, /root: the checksum is 0x656e6f6e/],
  ["a segment", ({ segment }) => segment + SEGMENT.checksum, /the checksum is 0x656e6f6e/],
  ["an array", ({ array }) => array + ARRAY.checksum, /array of Node@0 .* is 0x656e6f6e/],
];

/** Two objects, each in two versions. */
const TREES: [string, (image: Anatomy) => void, RegExp][] = [
  [
    "a version twice",
    (at) => at.set32(at.copy + OLDER, schemaOf(at)),
    /tree@1 behind tree@1, expected the newest first/,
  ],
  [
    "the oldest version first",
    (at) => {
      const newest = schemaOf(at);
      at.set32(at.copy, schemaOf(at, OLDER));
      at.set32(at.copy + OLDER, newest);
    },
    /tree@1 behind tree@0, expected the newest first/,
  ],
  [
    "versions of two families",
    // There are three schemas: the third is that of the nodes.
    (at) => at.set32(at.copy + OLDER, 3 - schemaOf(at) - schemaOf(at, OLDER)),
    /Node@0 behind tree@1, expected one family/,
  ],
  [
    "an array of two objects",
    (at) => {
      at.set(at.at(at.copy + OTHER + COPY.address), at.array);
      at.set32(at.copy + OTHER + COPY.checksum, NONE);
    },
    /object "b": .* the array at \d+ is that of object "a" as well/,
  ],
];

const schemaOf = (at: Anatomy, copy = 0) => at.view.getUint32(at.copy + copy + COPY.schema, true);

const layout = (type: string, more = "") =>
  `[{"family":"a","version":0,"size":8,"align":8,"fields":[{"name":"x","type":${JSON.stringify(type)},"offset":0}${more}],"fingerprint":"0000000000000000"}]`;

const SCHEMAS: [string, string, RegExp][] = [
  ["no JSON", "[{", /no list in JSON/],
  ["brackets without end", "[".repeat(600), /no list in JSON/],
  ["no list", "{}", /schemas is no list/],
  ["a number without end", `[${"9".repeat(500)}]`, /has the number 9/],
  ["no fields", layout("u8").replace("fields", "felds"), /"fields" is no list/],
  ["a type that there is not", layout("u24"), /a@0\.x: type u24: "u24" is no type/],
  ["a struct that there is not", layout("b@0"), /b@0 is not among/],
  ["a struct inside of itself", layout("a@0"), /a@0: contains itself/],
  ["a field beyond its struct", layout("u64[2]"), /ends at bit 128 of a struct of 8/],
  ["overlap", layout("u64", ',{"name":"y","type":"u8","offset":0}'), /y: begins at bit 0/],
  ["elements without a size", layout("u8[9007199254740991][0]"), /values for each byte/],
  ["lengths without end", layout(`u8${"[1]".repeat(150)}`), /more than 100 lengths/],
  ["a union told by nothing", layout("y(0=a@0)"), /"y" is no field above/],
  ["text without end", layout('u8{0="'), /no notation/],
];

const kept = sealed((store) => {
  for (const name of ["kept", "kepu"]) store.pool(name, { resident: true }).allocate(64);
});

const POOLS: [string, (view: DataView, block: number, inner: number) => void, RegExp][] = [
  ["pools in a circle", (at, block) => at.setUint32(block, block, true), /pools: .*circle/],
  [
    "a pool twice",
    (at, block) => at.setUint8(block + BLOCK.size + POOL.size + 3, "t".charCodeAt(0)),
    /pool "kept": is there twice/,
  ],
  [
    "a pool whose name goes on behind NUL",
    (at, block) => at.setUint8(block + BLOCK.size + 1, 0),
    /pools: a name holds bytes after the first NUL/,
  ],
  [
    "more than a page holds",
    (at, block) => at.setUint32(block + BLOCK.count, 86, true),
    /86 entries in/,
  ],
  ["an inner circle", (at, _, inner) => at.setUint32(inner, inner, true), /"kept": .*circle/],
  [
    "allocations beyond it",
    (at, _, inner) => at.setUint32(inner + BLOCK.size + ALLOCATION.bytes + 4, 1, true),
    /"kept": .*end behind/,
  ],
];

function changed(change: (image: Anatomy) => void, { seal = true, of = parts } = {}): Uint8Array {
  const image = new Anatomy(of.slice());
  change(image);
  if (seal) image.seal();
  return image.bytes;
}

function poolsChanged(change: (typeof POOLS)[number][1]): Uint8Array {
  const bytes = kept.slice();
  const view = new DataView(bytes.buffer);
  const block = view.getUint32(SLOTS[1] + ROOT_AT + ROOT.pools, true);
  change(view, block, view.getUint32(block + BLOCK.size + POOL.allocations, true));
  return bytes;
}

export const damages: readonly Damage[] = [
  ...FLIPS.map(([name, place, message]) => {
    return {
      name: `a flipped bit in ${name}`,
      bytes: changed((at) => at.flip(place(at)), { seal: false }),
      message,
    };
  }),
  ...[0, 100, 4095, 4096, 8192].map((length) => {
    return {
      name: `${length} bytes of an image`,
      bytes: parts.subarray(0, length),
      message: /no valid root: .*(bytes|length)/,
    };
  }),
  ...NONSENSE.map(([name, change, message]) => ({ name, bytes: changed(change), message })),
  ...SCHEMAS.map(([name, text, message]) => {
    const bytes = changed((at) => {
      at.describe(text);
      at.set(at.copy + COPY.bytes, 8);
    });
    return { name: `schemas: ${name}`, bytes, message };
  }),
  ...NEVER_NONE.map(([name, place, message]) => {
    const image = whole();
    image.set32(place(image), NONE);
    return { name: `no checksum of ${name}`, bytes: image.bytes, message };
  }),
  ...TREES.map(([name, change, message]) => {
    return { name, bytes: changed(change, { of: trees }), message };
  }),
  ...POOLS.map(([name, change, message]) => ({ name, bytes: poolsChanged(change), message })),
  {
    name: "an allocation over the list of pools",
    bytes: poolsChanged((at, block, inner) => {
      at.setUint32(inner + BLOCK.size + ALLOCATION.address, block, true);
    }),
    message: /overlaps with pool/,
    unverified: true,
  },
  {
    name: "a fingerprint of another layout",
    bytes: changed((at) => at.describe(at.description.replace('"name":"text"', '"name":"test"'))),
    message: /Parts@0: fingerprint is [0-9a-f]{16}, expected/,
    unverified: true,
    byClass: true,
  },
];

/** An allocation across 4 GiB, in an image that is longer. */
export function acrossWindows(): SparseImage {
  const [length, window] = [2 ** 32 + 4096, 2 ** 32];
  const bytes = poolsChanged((at, _, inner) => {
    const root = SLOTS[1] + ROOT_AT;
    at.setBigUint64(inner + BLOCK.size + ALLOCATION.address, BigInt(window - 8), true);
    at.setBigUint64(root + ROOT.length, BigInt(length), true);
    const memory = new Memory(at.buffer);
    at.setUint32(root + ROOT.checksum, checksum(memory, root, ROOT.checksum), true);
  });
  return { length, pieces: [{ at: 0, bytes }] };
}

/** An array both of whose elements refer to it. */
export function referringInACircle(): Anatomy {
  const image = whole();
  image.set(image.extent, image.array);
  image.set(image.extent + 8, image.array);
  image.seal();
  return image;
}
