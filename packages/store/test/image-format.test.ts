import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { checksum, HeapBacking, heapBacking, type PreservedArray } from "@luo/memory";
import {
  BadAddressError,
  BadImageError,
  FORMAT,
  ImageHeader,
  ObjectStore,
  RootV1,
  SegmentV1,
} from "@luo/store";
import { layoutOf, Memory, type StructClass } from "@luo/struct";
import { familyOf } from "@luo/version";
import { describe, expect, test } from "vitest";
import { File, type FileV1, file, image, Other, other, pages } from "./fixture.js";

const Others = familyOf(Other);
const PROGRAM = { name: "kv-server", version: "1.4.0" };
const [SLOT, ROOT] = [2048, 256];

/** The bytes of an image of one segment, in place; and ways to change fields and to make it whole again. */
function opened(backing: HeapBacking) {
  const copy = heapBacking(backing.toBytes().buffer);
  const memory = new Memory(copy.segments[0] as ArrayBuffer);
  const placeOf = (struct: StructClass, name: string) =>
    layoutOf(struct).fields.find((field) => field.name === name)?.offset ?? Number.NaN;
  const sum = (at: number, struct: StructClass) => {
    const { size } = layoutOf(struct);
    memory.view.setUint32(at + size - 4, checksum(memory, at, size - 4), true);
  };
  return {
    backing: copy,
    memory,
    header: (slot: number, field: string, value: number) => {
      memory.view.setUint32(slot + placeOf(ImageHeader, field), value, true);
      sum(slot, ImageHeader);
    },
    root: (slot: number, field: string, value: number) => {
      memory.view.setBigUint64(slot + ROOT + placeOf(RootV1, field), BigInt(value), true);
      sum(slot + ROOT, RootV1);
    },
    generation: (slot: number, value: number) => {
      memory.view.setBigUint64(slot + placeOf(ImageHeader, "generation"), BigInt(value), true);
      memory.view.setBigUint64(slot + ROOT, BigInt(value), true);
      sum(slot, ImageHeader);
      sum(slot + ROOT, RootV1);
    },
    /** Changes the newest directory segment: its header, and bytes of its entries. */
    segment: (change: (view: DataView, at: number, entries: number) => void) => {
      const at = Number(memory.view.getBigUint64(SLOT + ROOT + placeOf(RootV1, "directory"), true));
      const { size } = layoutOf(SegmentV1);
      change(memory.view, at, at + size);
      const bytes = Number(memory.view.getBigUint64(at + placeOf(SegmentV1, "bytes"), true));
      const entriesSum = checksum(memory, at + size, bytes);
      memory.view.setUint32(at + placeOf(SegmentV1, "entriesChecksum"), entriesSum, true);
      sum(at, SegmentV1);
    },
    open: () => ObjectStore.open(copy),
  };
}

describe("the header says of any image what wrote it, and what reads it", () => {
  const written = () => {
    const backing = heapBacking();
    const store = ObjectStore.create(backing, { program: PROGRAM });
    store.put("a", other(1));
    store.seal();
    return backing;
  };

  test("the program is the one that sealed the generation", () => {
    const backing = written();
    expect(ObjectStore.origin(backing)).toEqual({
      format: FORMAT,
      readable: true,
      writable: true,
      program: PROGRAM,
      generation: 1,
      features: { compatible: 0, readCompatible: 0, incompatible: 0 },
    });
    const next = ObjectStore.open(backing, { program: { name: "kv-server", version: "2.0.0" } });
    expect(next.origin?.program).toEqual(PROGRAM);
    next.seal();
    expect(ObjectStore.origin(backing)).toMatchObject({
      generation: 2,
      program: { version: "2.0.0" },
    });
    ObjectStore.open(backing).seal();
    expect(ObjectStore.origin(backing)).toMatchObject({ generation: 3, program: undefined });
  });

  test("format 99 is refused by what it is and what wrote it", () => {
    const image = opened(written());
    image.header(SLOT, "format", 99);
    expect(ObjectStore.origin(image.backing)).toMatchObject({
      format: 99,
      readable: false,
      writable: false,
      program: PROGRAM,
    });
    expect(image.open).toThrow(BadImageError);
    expect(image.open).toThrow(
      "the format is 99, written by kv-server 1.4.0; this release reads 2 and 3",
    );
    expect(ObjectStore.isSealed(image.backing)).toBe(true);
  });

  test.each([
    ["incompatible", /incompatible features 0x4, written by kv-server 1.4.0/],
    ["readCompatible", undefined],
    ["compatible", undefined],
  ])("an unknown bit among the features that are %s", (word, refused) => {
    const image = opened(written());
    image.header(SLOT, word, 4);
    const { features, readable, writable } = ObjectStore.origin(image.backing);
    expect(features).toMatchObject({ [word]: 4 });
    expect([readable, writable]).toEqual([word !== "incompatible", word === "compatible"]);
    if (refused !== undefined) {
      expect(image.open).toThrow(refused);
      return;
    }
    const store = image.open();
    store.verify();
    expect(store.take("a", Others)?.x).toBe(1);
    if (word === "compatible") {
      store.seal();
      // The next program finds the word as it was.
      expect(ObjectStore.origin(image.backing).features.compatible).toBe(4);
      return;
    }
    for (const change of [
      () => store.put("b", other(2)),
      () => store.delete("a"),
      () => store.pool("p"),
      () => store.seal(),
    ]) {
      expect(change).toThrow("its features 0x4 can be read, but not written");
    }
  });

  test("a name that is too long for the header is refused before anything is written", () => {
    const program = { name: "x".repeat(96), version: "1" };
    const message = /ImageHeader.program: found "x+\.\.\.", expected .* at most 95 bytes/;
    expect(() => ObjectStore.create(heapBacking(), { program })).toThrow(message);
    expect(() => ObjectStore.open(written(), { program })).toThrow(message);
  });

  test("a name that is no text is as if there were none", () => {
    const image = opened(written());
    image.memory.u8[SLOT + 40] = 0xff;
    image.header(SLOT, "format", 3);
    expect(ObjectStore.origin(image.backing).program).toBeUndefined();
    expect(image.open().take("a", Others)?.x).toBe(1);
  });

  test("a later format in the newer slot is not passed over for the older generation", () => {
    const backing = written();
    const store = ObjectStore.open(backing, { program: PROGRAM });
    store.put("a", other(2));
    store.seal();
    for (const [field, value, message] of [
      ["format", 99, /the format is 99, written by kv-server/],
      ["incompatible", 1, /incompatible features 0x1/],
    ] as const) {
      const image = opened(backing);
      image.header(0, field, value);
      expect(image.open).toThrow(message);
    }
    // A header that is not whole says nothing: the older generation is as it was sealed.
    const torn = opened(backing);
    torn.memory.u8[8] = 99;
    expect(torn.open().take("a", Others)?.x).toBe(1);
  });

  test("memory without a header", () => {
    for (const backing of [heapBacking(), heapBacking(4096), heapBacking(10)]) {
      expect(() => ObjectStore.origin(backing)).toThrow(BadImageError);
    }
  });
});

describe("a generation is whole or not there", () => {
  test("at every instant while header and root are written", () => {
    const backing = heapBacking();
    const store = ObjectStore.create(backing, { program: PROGRAM });
    const images: Uint8Array[] = [];
    for (const x of [1, 2, 3]) {
      store.put("a", other(x));
      store.seal();
      images.push(backing.toBytes());
    }
    const [, before = new Uint8Array(), after = new Uint8Array()] = images;
    // Generation 3 is written over generation 1; everything else is there already.
    const end = SLOT + ROOT + layoutOf(RootV1).size;
    for (let written = SLOT; written <= end; written++) {
      const bytes = after.slice();
      bytes.set(before.subarray(written, end), written);
      const found = ObjectStore.open(heapBacking(bytes.buffer)).take("a", Others)?.x;
      // The last bytes may be those that were there by chance.
      const whole = bytes.every((byte, at) => byte === after[at]);
      expect([written, found]).toEqual([written, whole ? 3 : 2]);
    }
  });

  test("generations that do not belong where they are, or that cannot be", () => {
    const sealed = () => opened(image((store) => store.put("a", other(1))));
    for (const [value, message] of [
      [2, /the root at 2048 is 2, expected an odd number/],
      [0, /is 0, expected an odd number/],
      [Number.MAX_SAFE_INTEGER, /expected an odd number from 1 to 9007199254740990/],
    ] as const) {
      const at = sealed();
      at.generation(SLOT, value);
      expect(at.open).toThrow(message);
    }
    const at = sealed();
    at.root(SLOT, "generation", 3);
    expect(at.open).toThrow("the generation in the root is 3, expected 1");
  });

  test("the last generation that can be is read, and not followed", () => {
    const at = opened(
      image((store) => {
        store.put("a", other(1));
        store.seal();
      }),
    );
    at.generation(0, Number.MAX_SAFE_INTEGER - 1);
    const store = at.open();
    expect(store.take("a", Others)?.x).toBe(1);
    expect(() => store.seal()).toThrow("is the last that there can be");
    expect(at.open().take("a", Others)?.x).toBe(1);
  });
});

describe("a directory that is not as it must be is refused", () => {
  const sealed = () =>
    opened(
      image((store) => {
        store.put("a", file(0), { alongside: [0] });
        store.put("b", other(1));
      }),
    );
  const COPY = 24;
  test.each<[string, (view: DataView, at: number, entries: number) => void, RegExp]>([
    [
      "more entries than there are",
      (view, at) => view.setUint32(at + 32, 3, true),
      /has 2 entries, expected 3/,
    ],
    ["fewer", (view, at) => view.setUint32(at + 32, 1, true), /has 2 entries, expected 1/],
    ["reserved bytes", (view, _, entry) => view.setUint8(entry + 6, 1), /reserved bytes/],
    [
      "a version twice",
      (view, _, entry) => view.setUint32(entry + 8 + COPY, view.getUint32(entry + 8, true), true),
      /has version 1 behind version 1/,
    ],
    [
      "copies of two families",
      (view, _, entry) => view.setUint32(entry + 8 + COPY, 3, true),
      /has copies of the families file and Other/,
    ],
    [
      "a layout that there is not",
      (view, _, entry) => view.setUint32(entry + 8, 77, true),
      /has layout 77 of 4/,
    ],
  ])("%s", (_, change, message) => {
    const at = sealed();
    at.segment(change);
    expect(at.open).toThrow(message);
  });
});

describe("checksums that are not computed", () => {
  class Reliable extends HeapBacking {
    readonly checksums = false;
  }
  const written = () => {
    const backing = new Reliable();
    const store = ObjectStore.create(backing);
    store.put("file", file(50_000), { alongside: [0] });
    store.put("other", other(0x1234_5678));
    store.seal();
    store.verify();
    return backing;
  };

  test("an image without them is read by everyone, and its content is not looked at", () => {
    const bytes = written().toBytes();
    const at = bytes.findIndex((byte, index) => byte === 0x78 && bytes[index + 1] === 0x56);
    bytes[at] = 0x79;
    const store = ObjectStore.open(heapBacking(bytes.buffer), { verify: true });
    expect(store.take("other", Others)?.x).toBe(0x1234_5679);
    expect(store.take("file", File)?.pages.at(-1)?.number).toBe(49_999n);
  });

  test("what a program adds that computes them has them", () => {
    const backing = heapBacking(written().toBytes().buffer);
    const store = ObjectStore.open(backing);
    const taken = store.take("file", File) as FileV1;
    (taken.pages as PreservedArray).append(pages(3));
    store.put("file", taken);
    store.put("new", other(0x0bad_cafe));
    store.seal();
    const bytes = backing.toBytes();
    const at = bytes.findIndex((byte, index) => byte === 0xfe && bytes[index + 1] === 0xca);
    bytes[at] = 0;
    const damaged = ObjectStore.open(heapBacking(bytes.buffer));
    expect(() => damaged.take("new", Others)).toThrow(/they have changed since/);
    expect(damaged.take("file", File)?.pages.length).toBe(50_003);
  });

  test("addresses, counts and layouts are checked all the same", () => {
    const at = opened(written());
    at.root(SLOT, "directory", 8);
    expect(at.open).toThrow(BadAddressError);
  });
});

describe("an image of format 2", () => {
  const folder = fileURLToPath(new URL("../../../test/golden/", import.meta.url));
  const old = readdirSync(folder).filter((name) => name.endsWith(".img"));
  const read = (name: string) => {
    const bytes = Uint8Array.from(readFileSync(`${folder}${name}`));
    return heapBacking(bytes.buffer);
  };
  const olds = old.filter((name) => ObjectStore.origin(read(name)).format === 2);

  test("there are some", () => {
    expect(olds.length).toBeGreaterThan(3);
  });

  test.each(olds)("%s is read, and becomes one of format 3 with the first change", (name) => {
    const backing = read(name);
    const store = ObjectStore.open(backing, { verify: true, program: PROGRAM });
    expect(store.origin).toMatchObject({ format: 2, program: undefined, readable: true });
    const before = store.list();
    store.put("another", other(7));
    store.seal();
    store.verify();
    expect(ObjectStore.origin(backing)).toMatchObject({ format: FORMAT, program: PROGRAM });
    const again = ObjectStore.open(heapBacking(backing.toBytes().buffer), { verify: true });
    expect(again.list().slice(0, -1)).toEqual(before);
    expect(again.take("another", Others)?.x).toBe(7);
    for (const { identifier } of again.list()) again.delete(identifier);
    again.seal();
    expect(again.usage.pools["luo.objects"]?.allocations).toBe(0);
  });

  test.each(olds)("%s stays what it is until a generation of format 3 is whole", (name) => {
    const backing = read(name);
    const before = ObjectStore.open(backing).list();
    const store = ObjectStore.open(backing);
    store.put("another", other(7));
    expect(
      ObjectStore.open(heapBacking(backing.toBytes().buffer), { verify: true }).list(),
    ).toEqual(before);
  });
});
