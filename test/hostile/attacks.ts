import type { Backing } from "@luo/memory";
import { ALLOCATION, POOL } from "../image-offsets.js";
import { type Extent, Forge } from "./forge.js";

/** Images that cost far more than their size, unless somebody minds: each with what has to be found. */

type Fields = readonly (readonly [name: string, type: string, offset: number])[];

const schema = (family: string, size: number, fields: Fields) => ({
  family,
  version: 0,
  size,
  align: 8,
  fields: fields.map(([name, type, offset]) => ({ name, type, offset })),
  fingerprint: "0".repeat(16),
});

const MIB = 1 << 20;
const range = (length: number) => Array.from({ length }, (_, index) => index);

/** A struct of 8 bytes that is a reference, to an array of its own kind. */
const LINK = schema("link", 8, [["to", "&link@0", 0]]);

/** One object of the first schema, in so many bytes of zeros. */
function one(schemas: readonly object[], bytes = 64, byteLength = 16 * MIB): Backing {
  const forge = new Forge(byteLength);
  forge.object("a", [{ address: forge.allocate(bytes), bytes }]);
  return forge.seal(JSON.stringify(schemas));
}

/** One object that refers to elements of the first schema, all zeros. */
function elements(schemas: readonly { size: number }[], count: number): Backing {
  const forge = new Forge(32 * MIB);
  const { size = 8 } = schemas[0] ?? {};
  const extent = { address: forge.allocate(count * size), capacity: count };
  const object = forge.allocate(8);
  forge.u64(object, forge.array(count, size, [extent]));
  forge.object("a", [{ schema: schemas.length, address: object, bytes: 8 }]);
  const root = schema("root", 8, [["all", "&first@0", 0]]);
  return forge.seal(JSON.stringify([...schemas, root]));
}

/** An object that is one of so many structs, all of them links. */
function unionOf(count: number): Backing {
  const fields: Fields = [
    ["k", "u32", 0],
    ["x", `k(${range(count).map((value) => `${value}=link@0`)})`, 8],
  ];
  const forge = new Forge(16 * MIB);
  const object = forge.allocate(16);
  forge.u64(object + 8, forge.array(0, 8, []));
  forge.object("a", [{ address: object, bytes: 16 }]);
  return forge.seal(JSON.stringify([schema("a", 16, fields), LINK]));
}

/** An array of links, each of them to a header which says that it has the same elements as others. */
function shared(how: "extents" | "table"): Backing {
  const forge = new Forge(4 * MIB);
  const [headers, links] = [4000, 30_000];
  const leaf = forge.array(0, 8, []);
  const extent: Extent = { address: forge.allocate(links * 8), capacity: links };
  for (const index of range(links)) forge.u64(extent.address + index * 8, leaf);
  const all: Extent = { address: forge.allocate(headers * 8), capacity: headers };
  const first = forge.array(links, 8, [extent]);
  const table = Number(forge.view.getBigUint64(first + 16, true));
  for (const index of range(headers)) {
    const at = forge.array(links, 8, [extent], how === "table" ? table : undefined);
    forge.u64(all.address + index * 8, at);
  }
  const object = forge.allocate(8);
  forge.u64(object, forge.array(headers, 8, [all]));
  forge.object("a", [{ address: object, bytes: 8 }]);
  return forge.seal(JSON.stringify([LINK]));
}

/** References that all lead to one array, whose table is long. */
function sharedTable(): Backing {
  const forge = new Forge(16 * MIB);
  const [extents, links] = [100_000, 200_000];
  const leaf = forge.array(0, 8, []);
  const room = forge.allocate(extents * 8);
  for (const index of range(extents)) forge.u64(room + index * 8, leaf);
  const each = range(extents).map((index) => ({ address: room + index * 8, capacity: 1 }));
  const target = forge.array(extents, 8, each);
  const address = forge.allocate(links * 8);
  for (const index of range(links)) forge.u64(address + index * 8, target);
  const object = forge.allocate(8);
  forge.u64(object, forge.array(links, 8, [{ address, capacity: links }]));
  forge.object("a", [{ address: object, bytes: 8 }]);
  return forge.seal(JSON.stringify([LINK]));
}

/** An array of references, which all lead to an empty one. */
function manyReferences(): Backing {
  const forge = new Forge(32 * MIB);
  const count = 3 * MIB;
  const leaf = forge.array(0, 8, []);
  const address = forge.allocate(count * 8);
  for (let at = address; at < address + count * 8; at += 8) forge.u64(at, leaf);
  const object = forge.allocate(8);
  forge.u64(object, forge.array(count, 8, [{ address, capacity: count }]));
  forge.object("a", [{ address: object, bytes: 8 }]);
  return forge.seal(JSON.stringify([LINK]));
}

/** Schemas that are nothing: each takes three bytes here, and many more as an object. */
function emptySchemas(): Backing {
  return new Forge(64 * MIB).seal(`[${"{},".repeat(16 * MIB)}{}]`);
}

/** Versions of one object that all are the same bytes. */
function sameBytes(): Backing {
  const forge = new Forge(2 * MIB);
  const [versions, links] = [20_000, 20_000];
  const leaf = forge.array(0, 8, []);
  const address = forge.allocate(links * 8);
  for (const index of range(links)) forge.u64(address + index * 8, leaf);
  const bytes = links * 8;
  forge.object("a", Array<object>(versions).fill({ address, bytes }) as never);
  return forge.seal(JSON.stringify([schema("all", bytes, [["to", `&link@0[${links}]`, 0]]), LINK]));
}

/** Resident pools, each of which says that it has the same empty blocks. */
function sharedBlocks(): Backing {
  const forge = new Forge(16 * MIB);
  const empty = forge.blocks(Array<number>(1000).fill(0), 16, () => undefined);
  const pools = forge.blocks(Array<number>(500).fill(85), 48, (at, index) => {
    forge.memory.u8.set(new TextEncoder().encode(`p${index}`), at);
    forge.u64(at + 40, empty);
  });
  return forge.seal("[]", { pools });
}

function manyPools(): Backing {
  const forge = new Forge(8 * MIB);
  const pools = forge.blocks(Array<number>(1800).fill(85), 48, (at, index) => {
    forge.memory.u8.set(new TextEncoder().encode(`p${index}`), at);
  });
  return forge.seal("[]", { pools });
}

/** A table of zeros that is nearly as large as the image; a memfd has them for nothing. */
function emptyTable(): Backing {
  const forge = new Forge(512 * MIB);
  const object = forge.allocate(8);
  const at = forge.allocate(40);
  const schemas = JSON.stringify([LINK]);
  forge.u64(object, at);
  forge.object("a", [{ address: object, bytes: 8 }]);
  forge.header(at, { count: 16 * MIB, elementSize: 8, table: 16 * MIB, extents: 16 * MIB });
  return forge.seal(schemas);
}

/** Allocations of a pool that each have half of the image. */
function longAllocations(): Backing {
  const forge = new Forge(512 * MIB);
  const allocations = forge.blocks(Array<number>(100).fill(255), ALLOCATION.size, (at) => {
    forge.u64(at + ALLOCATION.address, 256 * MIB);
    forge.u64(at + ALLOCATION.bytes, 256 * MIB);
  });
  const pools = forge.blocks([1], POOL.size, (at) => {
    forge.u64(at + POOL.allocations, allocations);
  });
  return forge.seal("[]", { pools });
}

/** A table of three extents that ends with the image: there would be no room for the fourth. */
function shortTable(): Backing {
  const forge = new Forge(16 * 4096);
  const [object, at] = [forge.allocate(8), forge.allocate(40)];
  const table = forge.byteLength - 48;
  for (let entry = table; entry < forge.byteLength; entry += 16) {
    forge.u64(entry, forge.allocate(8));
    forge.view.setUint32(entry + 8, 1, true);
  }
  forge.header(at, { count: 3, elementSize: 8, table, extents: 3 });
  forge.u64(object, at);
  forge.object("a", [{ address: object, bytes: 8 }]);
  return forge.seal(JSON.stringify([LINK]));
}

/** A directory whose only segment comes before itself. */
function circle(): Backing {
  const forge = new Forge(512 * MIB);
  return forge.seal("[]", { circle: true });
}

const WIDE = 30_000;

export interface Attack {
  readonly what: string;
  readonly image: () => Backing;
  /** What the error says; undefined when there is nothing wrong, and only time and memory count. */
  readonly finds: RegExp | undefined;
}

export const ATTACKS: readonly Attack[] = [
  {
    what: "structs without bytes that refer to something, as many as fit",
    image: () => one([schema("a", 8, [["x", "x@0[]", 8]]), schema("x", 0, [["to", "&x@0", 0]])]),
    finds: /ends outside of its 0 bytes/,
  },
  {
    what: "a type whose brackets could be read in 2^25 ways",
    image: () => {
      return one([schema("a", 64, [["x", `link@0${"[1]".repeat(25)}!`, 0]]), LINK]);
    },
    finds: /expected the end of the type/,
  },
  {
    what: "a union's members that never come to their =",
    image: () => one([schema("a", 64, [["x", `k(${"x".repeat(150_000)})`, 0]])]),
    finds: /expected "="/,
  },
  {
    what: "a union of 8000 structs",
    image: () => unionOf(8000),
    finds: undefined,
  },
  {
    what: "a union of 200 000 structs",
    image: () => unionOf(200_000),
    finds: /more than 16384 fields/,
  },
  {
    what: "a discriminator of a million bits",
    image: () =>
      one(
        [
          schema("a", MIB, [
            ["k", "u8:8000000", 0],
            ["x", "k(0=link@0)", MIB - 8],
          ]),
          LINK,
        ],
        MIB,
      ),
    finds: /expected an integer from 0 to 8 /,
  },
  {
    what: "a discriminator with a long list of members, in each of many elements",
    image: () =>
      elements(
        [
          schema("first", 16, [
            ["k", `u16{${range(10_000).map((value) => `${value + 1}=m${value}`)}}`, 0],
            ["x", "k(m5=link@0)", 8],
          ]),
          LINK,
        ],
        20_000,
      ),
    finds: /with 0, expected one of m0, m1/,
  },
  {
    what: "a discriminator behind many fields, in each of many elements",
    image: () =>
      elements(
        [
          schema("first", 10_016, [
            ...range(10_000).map((index) => [`f${index}`, "u8", index] as const),
            ["k", "u8", 10_000],
            ["x", "k(1=link@0)", 10_008],
          ]),
          LINK,
        ],
        3000,
      ),
    finds: /expected the struct that k names/,
  },
  {
    what: "many flexible arrays over each other",
    image: () =>
      one(
        [
          schema(
            "a",
            8,
            range(4000).map((index) => [`f${index}`, "link@0[]", 8] as const),
          ),
          LINK,
        ],
        MIB,
      ),
    finds: /flexible/,
  },
  {
    what: "a flexible array in each of many structs",
    image: () => {
      const inner = schema("s", 8, [["x", "link@0[]", 8]]);
      return one([schema("a", 8 * WIDE, [["s", `s@0[${WIDE}]`, 0]]), inner, LINK], 9 * WIDE);
    },
    finds: /flexible/,
  },
  {
    what: "10 000 structs, each around the next, in each of many elements",
    image: () => {
      const nested = range(10_000).map((index) =>
        schema(index === 0 ? "first" : `s${index}`, 16, [
          ["k", "u8", 0],
          ["x", index === 9999 ? "k(1=link@0)" : `s${index + 1}@0`, index === 9999 ? 8 : 0],
        ]),
      );
      return elements([...nested, LINK], 40_000);
    },
    finds: /63/,
  },
  {
    what: "50 000 structs around the same one",
    image: () =>
      one([
        ...range(50_000).map((index) => schema(`s${index}`, 8, [["x", "link@0", 0]])),
        schema("link", 8, [["x", "u64", 0]]),
      ]),
    finds: /found 64 bytes, expected 8/,
  },
  {
    what: "2^60 values in no bytes",
    image: () => {
      const levels = range(60).map((level) =>
        schema(`s${level}`, 0, [
          ["a", `s${level + 1}@0`, 0],
          ["b", `s${level + 1}@0`, 0],
        ]),
      );
      return one([schema("a", 8, [["x", "s0@0", 0]]), ...levels, schema("s60", 0, [])], 8);
    },
    finds: /at most 64 a byte/,
  },
  {
    what: "unions in unions, which 2^60 cases of code would read",
    image: () => {
      const levels = range(60).map((level) =>
        schema(`s${level}`, 8 * (61 - level), [
          ["k", "u8", 0],
          ["x", `k(0=s${level + 1}@0,1=s${level + 1}@0)`, 8],
        ]),
      );
      return one([...levels, schema("s60", 8, [["x", "u64", 0]])], 8 * 61);
    },
    finds: /more than 16384 fields/,
  },
  {
    what: "four billion rows without bytes",
    image: () => one([schema("a", 8, [["x", "u8[4000000000][0]", 0]])], 8),
    finds: /at most 64 a byte/,
  },
  {
    what: "a flexible array of elements without bytes",
    image: () => {
      const fields: Fields = [
        ["n", "u64", 0],
        ["x", "u8[0][n]", 8],
      ];
      return one([schema("a", 8, fields)], 8);
    },
    finds: /in the 0 bytes of an element/,
  },
  { what: "arrays with the same extent", image: () => shared("extents"), finds: /overlaps/ },
  { what: "arrays with the same table", image: () => shared("table"), finds: /overlaps/ },
  { what: "many references to one long table", image: sharedTable, finds: undefined },
  { what: "millions of references", image: manyReferences, finds: undefined },
  { what: "millions of empty schemas", image: emptySchemas, finds: /at most 16777216/ },
  { what: "versions with the same bytes", image: sameBytes, finds: /the newest first/ },
  { what: "pools with the same blocks", image: sharedBlocks, finds: /overlaps/ },
  { what: "150 000 pools", image: manyPools, finds: undefined },
  { what: "allocations as long as the image", image: longAllocations, finds: /overlaps/ },
  { what: "a table of nothing but zeros", image: emptyTable, finds: /without room/ },
  { what: "a table without its room", image: shortTable, finds: /needs 64 bytes/ },
  { what: "a segment that comes before itself", image: circle, finds: /loop/ },
];
