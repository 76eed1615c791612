import { type HeapBacking, heapBacking, PreservedMemory } from "@luo/memory";
import { ObjectStore } from "@luo/store";
import {
  array,
  big,
  bits,
  enumeration,
  flexible,
  i64,
  LuoStruct,
  Memory,
  packed,
  ref,
  type Sequence,
  struct,
  u8,
  u16,
  u64,
  union,
} from "@luo/struct";
import { family } from "@luo/version";
import { expect, test } from "vitest";
import { Directory } from "../src/directory.js";
import { readGeneration } from "../src/image-header.js";
import { Layouts } from "../src/layouts.js";
import { type Reference, ReferenceWalk } from "../src/reference-walk.js";
import { Schemas } from "../src/schemas.js";
import { image, Page, page, pages } from "./fixture.js";

interface Walked {
  readonly address: number;
  readonly references: readonly Reference[];
  /** The allocations that were found. */
  readonly allocated: readonly (readonly [address: number, bytes: number])[];
}

/** Goes along the references of the only object, by the schemas in the image. */
function walked(image: HeapBacking, enter = (_: number) => true): Walked {
  const { buffer } = image.toBytes();
  const backing = heapBacking(buffer);
  const { root, format } = readGeneration(new Memory(buffer), buffer.byteLength);
  const memory = new PreservedMemory(backing, { end: root.length, generation: root.generation });
  const { schemas } = ObjectStore.open(backing);
  const list = Schemas.parse(JSON.stringify(schemas));
  const directory = Directory.open(memory.pool("p"), {
    newest: root.directory,
    objects: root.objects,
    format,
    schemas: list.list,
  });
  const [entry = 0] = directory.entries();
  const { schema = 0, address = 0, bytes = 0 } = directory.copies(entry)[0] ?? {};
  const references: Reference[] = [];
  const allocated: [number, number][] = [];
  const described = list.list[schema];
  if (described === undefined) throw new Error("the object has no schema");
  new ReferenceWalk(memory, new Layouts(list)).walk(described, address, bytes, {
    redirect: (reference) => {
      references.push(reference);
      return undefined;
    },
    reference: enter,
    allocation: (address, bytes) => allocated.push([address, bytes]),
  });
  return { address, references, allocated };
}

/** A struct with a reference at every place where one can be. */
@LuoStruct(0)
class Inner {
  @u8 x = 0;
  @packed @ref(() => Page) pages: Sequence<Page> = [];
}
@LuoStruct(0)
class None {
  @u8 x = 0;
}
@LuoStruct(0, { endian: "big" })
class Everywhere {
  @enumeration(u16, ["none", "some"]) state: "none" | "some" = "some";
  @bits(u64, 5) before = 1n;
  @bits(u64, 37) kind = 2n ** 36n;
  @i64 signed = -(2n ** 63n);
  @big @ref(() => Page) own: Sequence<Page> = [];
  @struct inner: Inner = new Inner();
  @array(Inner, 2, 2) grid: Inner[][] = [];
  @union("state", () => ({ none: None, some: Inner })) told: None | Inner = new Inner();
  @union("kind", () => ({ "68719476736": Inner, "0": None })) byBits: None | Inner = new Inner();
  @union("signed", () => ({ "-9223372036854775808": Inner, "1": None })) bySign: None | Inner =
    new Inner();
  @u8 count = 2;
  @flexible(Inner, { count: "count" }) rest: Inner[] = [];
}
@LuoStruct(0)
class Root {
  @ref(() => Inner) inners: Sequence<Inner> = [];
}

const inner = (number: number) => Object.assign(new Inner(), { pages: pages(number) });

test("every reference is told with the place of its u64, its byte order and what it lies in", () => {
  const backing = image((store) => {
    const value = Object.assign(new Everywhere(), {
      own: pages(1),
      inner: inner(2),
      grid: [
        [inner(3), inner(4)],
        [inner(5), inner(6)],
      ],
      told: inner(7),
      byBits: inner(8),
      bySign: inner(9),
      rest: [inner(10), inner(11)],
    });
    store.put("object", value, { family: family(Everywhere) });
  });
  const { references } = walked(backing);
  const view = new DataView(backing.toBytes().buffer);
  const counts = references.map(({ array }) => Number(view.getBigUint64(array, true)));
  expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  for (const { array, at, big: isBig, holder } of references) {
    expect(view.getBigUint64(at, !isBig)).toBe(BigInt(array));
    expect(holder).toBeUndefined();
  }
  expect(new Set(references.map(({ at }) => at)).size).toBe(references.length);
  // Fields of structs inside have the byte order of their own struct.
  expect(references.map(({ big: isBig }) => isBig)).toEqual([true, ...Array(10).fill(false)]);
});

test("a reference in an element lies in the array whose header is told", () => {
  const backing = image((store) => {
    const inners = Array.from({ length: 5 }, (_, n) => inner(n));
    store.put("object", Object.assign(new Root(), { inners }), { family: family(Root) });
  });
  const { address, references, allocated } = walked(backing);
  const [first, ...others] = references;
  expect(first).toMatchObject({ at: address, holder: undefined });
  expect(others).toHaveLength(5);
  for (const { at, holder } of others) {
    expect(holder?.array).toBe(first?.array);
    expect(allocated.some(([start, bytes]) => start <= at && at + 8 <= start + bytes)).toBe(true);
  }
});

test("what a visitor does not go into is left out, with its header", () => {
  const backing = image((store) => {
    const inners = [inner(1), inner(2)];
    store.put("object", Object.assign(new Root(), { inners }), { family: family(Root) });
  });
  const { references, allocated } = walked(backing, () => false);
  expect(references).toHaveLength(1);
  expect(allocated).toHaveLength(1);
});

test("an array that several fields refer to is told for each of them", () => {
  @LuoStruct(0)
  class Twice {
    @ref(() => Page) a: Sequence<Page> = [];
    @ref(() => Page) b: Sequence<Page> = [];
  }
  const shared = [page(1)];
  const backing = image((store) =>
    store.put("object", Object.assign(new Twice(), { a: shared, b: shared }), {
      family: family(Twice),
    }),
  );
  const seen = new Set<number>();
  const { references, allocated } = walked(backing, (array) => seen.size < seen.add(array).size);
  expect(references.map(({ array }) => array)).toEqual([
    references[0]?.array,
    references[0]?.array,
  ]);
  expect(new Set(allocated.map(([address]) => address)).size).toBe(allocated.length);
});
