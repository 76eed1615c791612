import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ArrayExtent, ArrayHeader, BlockHeader } from "@luo/memory";
import {
  Copy,
  EntryHeader,
  ImageHeader,
  PoolAllocation,
  PoolRecord,
  RootV0,
  RootV1,
  SegmentV0,
  SegmentV1,
} from "@luo/store";
import { layoutOf, type StructClass } from "@luo/struct";
import { expect, test } from "vitest";

const text = readFileSync(fileURLToPath(new URL("../docs/FORMAT.md", import.meta.url)), "utf8");

/** The class of each record, by the name at the head of its table. */
const RECORDS: Readonly<Record<string, StructClass>> = {
  header: ImageHeader,
  root: RootV1,
  segment: SegmentV1,
  entry: EntryHeader,
  copy: Copy,
  array: ArrayHeader,
  extent: ArrayExtent,
  block: BlockHeader,
  pool: PoolRecord,
  allocation: PoolAllocation,
  "root of format 2": RootV0,
  "segment of format 2": SegmentV0,
};

/** The tables of offset, size and field, by the name at their head. */
const tables = new Map(
  Array.from(
    text.matchAll(/^\| offset \| size \| ([^|]+) \| \|\n\| --- .*\n((?:\|.*\n)+)/gm),
    ([, name = "", rows = ""]) => [
      name,
      Array.from(
        rows.matchAll(/^\| (\d*) \| ([^|]*) \| ([^|]+) \|/gm),
        ([, offset, size, field]) => ({
          offset,
          size,
          field,
        }),
      ).filter(({ offset, size }) => offset !== "" && /^\d+$/.test(size ?? "")),
    ],
  ),
);

test("docs/FORMAT.md has a table for every record, and for nothing else", () => {
  expect([...tables.keys()].sort()).toEqual(Object.keys(RECORDS).sort());
});

test.each(Object.entries(RECORDS))("the table of %s is the layout of its class", (name, struct) => {
  const { fields, size } = layoutOf(struct);
  expect(tables.get(name)).toEqual(
    fields.map(({ name, offset, size }) => ({ offset: `${offset}`, size: `${size}`, field: name })),
  );
  // No byte of a record is padding.
  const last = fields.at(-1);
  expect((last?.offset ?? 0) + (last?.size ?? 0)).toBe(size);
});
