import { LuoStruct, u32, u64 } from "@luo/struct";
import { family, type Manifest, manifestOf, NegotiationError, negotiate } from "@luo/version";
import { expect, test } from "vitest";

const program = (
  reads: number[],
  writes = reads,
  layouts: Record<string, string> = {},
): Manifest => ({
  families: {
    memfd: {
      reads,
      writes,
      layouts: Object.fromEntries(
        [...reads, ...writes].map((v) => [v, layouts[v] ?? `layout ${v}`]),
      ),
    },
  },
});

const reasonOf = (writer: Manifest, reader: Manifest): NegotiationError => {
  try {
    negotiate(writer, reader);
  } catch (error) {
    if (error instanceof NegotiationError) return error;
  }
  throw new Error("should not have agreed");
};

test("the highest version that the one writes and the other reads is chosen", () => {
  expect(negotiate(program([0, 1, 2]), program([0, 1])).get("memfd")).toBe(1);
  expect(negotiate(program([0]), program([0, 1, 2])).get("memfd")).toBe(0);
  expect(negotiate(program([0, 1, 2], [1, 2]), program([0, 1, 2, 3])).get("memfd")).toBe(2);
});

test("what only the reader knows needs no agreement", () => {
  expect(negotiate({ families: {} }, program([0])).size).toBe(0);
});

test("no shared version is explained: both sides, and what to do", () => {
  expect(reasonOf(program([2, 3]), program([0, 1])).message).toBe(
    "family memfd: the writer writes version 2, 3, the reader reads version 0, 1; " +
      "update the reader to a release that reads version 2, or keep version 1 in the writer's family",
  );
  expect(reasonOf(program([0]), program([1, 2])).message).toContain(
    "keep version 0 in the reader's family, or update by way of a release that knows both",
  );
  expect(reasonOf(program([0]), { families: {} }).message).toContain(
    "add the family to the reader",
  );
});

test("the same version with another layout is no shared version", () => {
  const edited = program([0, 1], [0, 1], { 1: "edited" });
  expect(negotiate(program([0, 1]), edited).get("memfd")).toBe(0);
  const { message, lacking } = reasonOf(program([1]), edited);
  expect(message).toContain("version 1 has another layout on each side");
  expect(lacking).toEqual([{ family: "memfd", writes: [1], reads: [0, 1], differing: [1] }]);
});

test("a family called like a property of every object is a family like any other", () => {
  const writer = { families: { constructor: { reads: [0], writes: [0], layouts: { 0: "x" } } } };
  expect(() => negotiate(writer, { families: {} })).toThrow(NegotiationError);
});

test("a manifest survives JSON", () => {
  @LuoStruct(0, { family: "m" })
  class M0 {
    @u32 x = 0;
  }
  @LuoStruct(2, { family: "m" })
  class M2 {
    @u64 y = 0n;
  }
  const M = family(M0).version(M2, {
    upgrade: { y: ({ x }) => BigInt(x) },
    downgrade: { x: ({ y }) => Number(y) },
  });
  const manifest = manifestOf([M]);
  expect(JSON.parse(JSON.stringify(manifest))).toEqual(manifest);
  expect(manifest.families.m).toMatchObject({ reads: [0, 2], writes: [0, 2] });
  expect(manifest.families.m?.layouts[0]).toMatch(/^[0-9a-f]{16}$/);
});
