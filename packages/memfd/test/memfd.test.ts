import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import { duplicate, Memfd, NotMemfdError } from "@luo/linux";
import {
  Extent,
  FOLIO_DATA,
  memfd as handler,
  MemfdMismatchError,
  MemfdRecord,
  MemfdV0,
  MemfdV1,
  MemfdV2,
} from "@luo/memfd";
import { heapBacking, ObjectStore } from "@luo/store";
import { layoutOf } from "@luo/struct";
import { type Family, family } from "@luo/version";
import { afterEach, describe, expect, test } from "vitest";

const PAGE = 4096;
const F_SEAL_SHRINK = 2;

/** The family as releases before version 1 had it. */
const OldRecord = family(MemfdV0, { reads: { to: 0 } });
/** The family as releases before version 2 had it. */
const PreviousRecord = family(MemfdV1, { reads: { to: 1 } });

const opened: Memfd[] = [];
const keep = (memfd: Memfd): Memfd => {
  opened.push(memfd);
  return memfd;
};
afterEach(() => {
  for (const memfd of opened.splice(0)) memfd.close();
});

/** A memfd of which these pages hold random bytes; no other page was ever touched. */
function create(size: number, pages: readonly number[] = []): Memfd {
  const memfd = keep(Memfd.create("test", { size }));
  for (const page of pages) {
    const length = Math.min(PAGE, size - page * PAGE);
    fs.writeSync(memfd.fd, randomBytes(length), 0, length, page * PAGE);
  }
  return memfd;
}

const sha256 = ({ buffer }: Memfd): string =>
  createHash("sha256").update(new Uint8Array(buffer)).digest("hex");

const extents = ({ folios }: MemfdV1 | MemfdV2) =>
  Array.from(folios, ({ offset, length }) => [Number(offset), Number(length)]);

/** A record as the reader of a family takes it from an image. */
function carry<T extends object>(
  record: MemfdV0 | MemfdV1 | MemfdV2,
  into: Family<T>,
  alongside: number[] = [],
): T {
  const memory = heapBacking();
  const store = ObjectStore.create(memory);
  store.put("memfd/test", record, { alongside });
  store.seal();
  const taken = ObjectStore.open(memory).take("memfd/test", into);
  if (taken === undefined) throw new Error("the image has no such record");
  return taken;
}

interface Shape {
  readonly what: string;
  readonly size: number;
  /** The pages that hold data. */
  readonly pages: readonly number[];
  /** Offset and length of each run of them, in bytes. */
  readonly runs: readonly (readonly [number, number])[];
}

const shapes: readonly Shape[] = [
  { what: "empty", size: 0, pages: [], runs: [] },
  { what: "a large hole", size: 2 ** 30, pages: [], runs: [] },
  { what: "one page in a large hole", size: 2 ** 30, pages: [9999], runs: [[9999 * PAGE, PAGE]] },
  { what: "dense", size: 3 * PAGE, pages: [0, 1, 2], runs: [[0, 3 * PAGE]] },
  {
    what: "sparse",
    size: 9 * PAGE,
    pages: [1, 4, 5, 8],
    runs: [
      [PAGE, PAGE],
      [4 * PAGE, 2 * PAGE],
      [8 * PAGE, PAGE],
    ],
  },
  { what: "a single byte", size: 1, pages: [0], runs: [[0, 1]] },
  { what: "dense to a crooked end", size: PAGE + 7, pages: [0, 1], runs: [[0, PAGE + 7]] },
  {
    what: "sparse with a crooked end",
    size: 5 * PAGE + 100,
    pages: [0, 3, 5],
    runs: [
      [0, PAGE],
      [3 * PAGE, PAGE],
      [5 * PAGE, 100],
    ],
  },
  { what: "a hole at a crooked end", size: 2 * PAGE + 1, pages: [0], runs: [[0, PAGE]] },
];

describe.each(shapes)("a memfd, $what", ({ size, pages, runs }) => {
  test("is described by its size, its position and its runs of data", async () => {
    const memfd = create(size, pages);
    memfd.position = size + 5;
    const record = await handler.freeze(memfd);
    expect(record).toBeInstanceOf(MemfdV2);
    expect(record).toMatchObject({ size: BigInt(size), pos: BigInt(size + 5) });
    expect(extents(record)).toEqual(runs);
  });
});

describe.each(shapes.filter(({ size }) => size < 2 ** 20))(
  "a memfd, $what",
  ({ size, pages, runs }) => {
    test("is described to an older release folio by folio, holes included", async () => {
      const record = await handler.freeze(create(size, pages));
      const older = carry(record, OldRecord, [0]);
      expect(older).toBeInstanceOf(MemfdV0);
      expect(older.size).toBe(BigInt(size));
      const folios = Array.from(older.folios, ({ index, flags }) => ({ index, flags }));
      expect(folios).toEqual(
        Array.from({ length: Math.ceil(size / PAGE) }, (_, index) => ({
          index: BigInt(index),
          flags: pages.includes(index) ? FOLIO_DATA : 0,
        })),
      );
    });

    test("is described to the previous release as to this one, but for its seals", async () => {
      const record = await handler.freeze(create(size, pages));
      const previous = carry(record, PreviousRecord, [1]);
      expect(previous).toBeInstanceOf(MemfdV1);
      expect(extents(previous)).toEqual(runs);
      expect(extents(carry(previous, MemfdRecord))).toEqual(runs);
    });

    test("is described alike by what an older release wrote", async () => {
      const record = await handler.freeze(create(size, pages));
      const older = carry(record, OldRecord, [0]);
      const back = carry(older, MemfdRecord);
      expect(back).toBeInstanceOf(MemfdV2);
      expect(extents(back)).toEqual(runs);
      expect({ size: back.size, pos: back.pos }).toEqual({ size: record.size, pos: record.pos });
    });

    test("is the same once it is retrieved: bytes, size and position", async () => {
      const memfd = create(size, pages);
      const position = Math.floor(size / 2) + 1;
      memfd.position = position;
      const fd = duplicate(handler.preserve(memfd));
      const record = carry(await handler.freeze(memfd), MemfdRecord, [0]);
      const bytes = sha256(memfd);
      memfd.close();
      const retrieved = keep(await handler.retrieve(record, fd));
      expect(retrieved).toMatchObject({ fd, name: "test", byteLength: size, position });
      expect(sha256(retrieved)).toBe(bytes);
    });

    test("is the same when an older release wrote its record", async () => {
      const memfd = create(size, pages);
      const older = carry(await handler.freeze(memfd), OldRecord, [0]);
      const record = carry(older, MemfdRecord);
      const retrieved = keep(await handler.retrieve(record, duplicate(memfd.fd)));
      expect(sha256(retrieved)).toBe(sha256(memfd));
    });
  },
);

test("what is written through the one is read through the other", async () => {
  const memfd = create(2 * PAGE, [0]);
  const record = await handler.freeze(memfd);
  const retrieved = keep(await handler.retrieve(record, duplicate(memfd.fd)));
  new Uint8Array(memfd.buffer).set([1, 2, 3], PAGE);
  expect([...new Uint8Array(retrieved.buffer, PAGE, 3)]).toEqual([1, 2, 3]);
});

test("the position is that of the record, wherever the descriptor stands by now", async () => {
  const memfd = create(PAGE, [0]);
  memfd.position = 10;
  const record = await handler.freeze(memfd);
  memfd.position = 20;
  expect(keep(await handler.retrieve(record, duplicate(memfd.fd))).position).toBe(10);
});

test("holes that were read or written since are no mismatch", async () => {
  const memfd = create(4 * PAGE, [1]);
  const record = await handler.freeze(memfd);
  for (const page of [0, 2]) new Uint8Array(memfd.buffer)[page * PAGE] = 0;
  expect(memfd.extents()).toEqual([{ offset: 0, length: 3 * PAGE }]);
  keep(await handler.retrieve(record, duplicate(memfd.fd)));
});

test("only memfds are preserved", () => {
  expect(handler.canPreserve(create(0))).toBe(true);
  expect(handler.canPreserve({ fd: 3, byteLength: 0, position: 0 })).toBe(false);
});

describe("what is not as it was frozen is refused, and closed", () => {
  test.each<[string, (memfd: Memfd) => unknown, string]>([
    ["larger", (memfd) => memfd.resize(5 * PAGE), "the size in bytes: found 20480, expected 16384"],
    [
      "smaller",
      (memfd) => memfd.resize(4 * PAGE - 1),
      "the size in bytes: found 16383, expected 16384",
    ],
    ["emptied", (memfd) => memfd.resize(0), "the size in bytes: found 0, expected 16384"],
    [
      "cut off and as large as before",
      (memfd) => [memfd.resize(3 * PAGE), memfd.resize(4 * PAGE)],
      "the content: found partly a hole, expected data from 8192 to 16384",
    ],
    [
      "emptied and as large as before",
      (memfd) => [memfd.resize(0), memfd.resize(4 * PAGE)],
      "the content: found partly a hole, expected data from 0 to 4096",
    ],
  ])("%s", async (_, change, problem) => {
    const memfd = create(4 * PAGE, [0, 2, 3]);
    const fd = duplicate(memfd.fd);
    const record = await handler.freeze(memfd);
    change(memfd);
    expect(() => handler.retrieve(record, fd)).toThrow(MemfdMismatchError);
    expect(() => fs.fstatSync(fd)).toThrow("EBADF");
    expect(() => handler.retrieve(record, duplicate(memfd.fd))).toThrow(`memfd test: ${problem}`);
    expect(memfd.byteLength).toBeGreaterThanOrEqual(0);
  });

  test("one without a seal that it had", async () => {
    const memfd = create(PAGE, [0]);
    memfd.seal("shrink");
    const record = await handler.freeze(memfd);
    expect(record.seals & F_SEAL_SHRINK).toBe(F_SEAL_SHRINK);
    const other = create(PAGE, [0]);
    expect(() => handler.retrieve(record, duplicate(other.fd))).toThrow(
      `the bits of the seals: found ${other.sealBits}, expected ${record.seals}`,
    );
    other.seal("shrink", "grow");
    keep(await handler.retrieve(record, duplicate(other.fd)));
    // A release before version 2 did not tell.
    const before = carry(record, PreviousRecord, [1]);
    keep(await handler.retrieve(carry(before, MemfdRecord), duplicate(create(PAGE, [0]).fd)));
  });

  test("one with flags that a later release may have set", async () => {
    const memfd = create(PAGE, [0]);
    const record = Object.assign(await handler.freeze(memfd), { flags: 2 });
    expect(() => handler.retrieve(record, duplicate(memfd.fd))).toThrow(MemfdMismatchError);
  });

  test("another memfd of the same size, with data elsewhere", async () => {
    const record = await handler.freeze(create(4 * PAGE, [1]));
    const fd = duplicate(create(4 * PAGE, [2]).fd);
    expect(() => handler.retrieve(record, fd)).toThrow(MemfdMismatchError);
    expect(() => fs.fstatSync(fd)).toThrow("EBADF");
  });

  test("a run of data that has a hole in the middle", async () => {
    const memfd = create(3 * PAGE, [0, 2]);
    const record = Object.assign(await handler.freeze(memfd), {
      folios: [Object.assign(new Extent(), { offset: 0n, length: BigInt(3 * PAGE) })],
    });
    expect(() => handler.retrieve(record, duplicate(memfd.fd))).toThrow(MemfdMismatchError);
  });
});

test("a descriptor that is no memfd is refused and closed", async () => {
  const record = await handler.freeze(create(0));
  const fd = fs.openSync("/dev/null", "r");
  expect(() => handler.retrieve(record, fd)).toThrow(NotMemfdError);
  expect(() => fs.fstatSync(fd)).toThrow("EBADF");
});

test("versions that were published keep their layouts", () => {
  const places = (struct: new () => object) =>
    layoutOf(struct).fields.map(({ name, offset }) => `${name} ${offset}`);
  expect(places(MemfdV0)).toEqual(["size 0", "pos 8", "folios 16"]);
  expect(places(MemfdV1)).toEqual(["size 0", "pos 8", "folios 16"]);
  expect(places(MemfdV2)).toEqual(["size 0", "pos 8", "seals 16", "flags 20", "folios 24"]);
});
