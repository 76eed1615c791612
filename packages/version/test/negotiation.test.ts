import { LuoStruct, u32 } from "@luo/struct";
import {
  alongside,
  family,
  type Manifest,
  manifestOf,
  NegotiationError,
  negotiate,
} from "@luo/version";
import { describe, expect, test } from "vitest";

const EMPTY: Manifest = { format: 1, families: {} };

const program = (
  reads: number[],
  writes = reads,
  layouts: Record<string, string> = {},
): Manifest => ({
  format: 1,
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
  expect(negotiate(EMPTY, program([0])).size).toBe(0);
});

test("no shared version is explained: both sides, and what to do", () => {
  expect(reasonOf(program([2, 3]), program([0, 1])).message).toBe(
    "family memfd: the writer writes version 2, 3, the reader reads version 0, 1; " +
      "update the reader to a release that reads version 2, or keep version 1 in the writer's family",
  );
  expect(reasonOf(program([0]), program([1, 2])).message).toContain(
    "keep version 0 in the reader's family, or update by way of a release that knows both",
  );
  expect(reasonOf(program([0, 1]), program([5])).message).toContain(
    "keep version 1 in the reader's family",
  );
  expect(reasonOf(program([0]), EMPTY).message).toContain("add the family to the reader");
});

test("the same version with another layout is no shared version", () => {
  const edited = program([0, 1], [0, 1], { 1: "edited" });
  expect(negotiate(program([0, 1]), edited).get("memfd")).toBe(0);
  const { message, lacking } = reasonOf(program([1]), edited);
  expect(message).toContain("version 1 has another layout on each side");
  expect(lacking).toEqual([
    { family: "memfd", writes: [1], reads: [0, 1], differing: [1], known: [1] },
  ]);
});

test("a version that the writer knows and does not write is the least change that helps", () => {
  const { message, lacking } = reasonOf(program([0, 1, 2], [2]), program([0, 1]));
  expect(message).toBe(
    "family memfd: the writer writes version 2, the reader reads version 0, 1; the writer knows version 1: " +
      "let it write that, with { writes: { from: 1 } } or a value for what was dropped since",
  );
  expect(lacking).toMatchObject([{ writes: [2], reads: [0, 1], known: [0, 1, 2] }]);
});

test("every family without a shared version is named", () => {
  const families = (version: number) =>
    Object.fromEntries(
      ["a", "b"].map((name) => [name, { reads: [version], writes: [version], layouts: {} }]),
    );
  const [writer, reader] = [0, 1].map((v): Manifest => ({ format: 1, families: families(v) }));
  const { message } = reasonOf(writer ?? EMPTY, reader ?? EMPTY);
  expect(message.split("\n").map((line) => line.slice(0, 9))).toEqual(["family a:", "family b:"]);
});

test("a family called like a property of every object is a family like any other", () => {
  const entry = { reads: [0], writes: [0], layouts: { 0: "x" } };
  const writer: Manifest = { format: 1, families: { constructor: entry } };
  expect(() => negotiate(writer, EMPTY)).toThrow(NegotiationError);
});

describe("alongside the newest, where the successor is not known", () => {
  @LuoStruct(0, { family: "memfd" })
  class M0 {
    @u32 a = 0;
  }
  @LuoStruct(1, { family: "memfd" })
  class M1 extends M0 {
    @u32 b = 0;
  }
  @LuoStruct(2, { family: "memfd" })
  class M2 extends M1 {
    @u32 c = 0;
  }
  @LuoStruct(3, { family: "memfd" })
  class M3 extends M2 {
    @u32 d = 0;
  }
  const M = family(M3);
  /** A release that knows versions up to one. */
  const release = (to: number) => manifestOf([family(M0, { reads: { to } })]);

  test("all older versions, or the last few, the highest first", () => {
    expect(alongside(M, "all")).toEqual([2, 1, 0]);
    expect(alongside(M, { last: 2 })).toEqual([2, 1]);
    expect(alongside(M, { last: 0 })).toEqual([]);
    expect(alongside(M, { last: 9 })).toEqual([2, 1, 0]);
    for (const last of [-1, 0.5, Number.NaN]) {
      expect(() => alongside(M, { last })).toThrow(RangeError);
    }
    expect(() => alongside(M, "none" as never)).toThrow('found "none", expected "all", { last }');
  });

  test("those that are written: not a version that is held back or retired", () => {
    expect(alongside(family(M3, { writes: { from: 1, to: 2 } }), "all")).toEqual([1]);
  });

  test("what named releases read, and no more", () => {
    expect(alongside(M, { readers: [release(0), release(2), release(0)] })).toEqual([2, 0]);
    expect(alongside(M, { readers: [release(3)] })).toEqual([]);
    expect(alongside(M, { readers: [EMPTY, release(1)] })).toEqual([1]);
    const retired = family(M3, { reads: { from: 2 } });
    expect(() => alongside(retired, { readers: [release(1)] })).toThrow(NegotiationError);
  });
});

test("of a version that the writer holds back, the least change is to write it", () => {
  const lacking = { family: "m", writes: [0], reads: [1], differing: [], known: [0, 1] };
  expect(new NegotiationError([lacking]).message).toContain(
    "the writer knows version 1: let it write that, with { writes: { to: 1 } }",
  );
});

test("versions of which a writer writes none are refused by what to do", () => {
  const families = { a: { reads: [], writes: [], layouts: {} } };
  const reader: Manifest = {
    format: 1,
    families: { a: { reads: [0], writes: [0], layouts: { 0: "0000000000000000" } } },
  };
  expect(() => negotiate({ format: 1, families }, reader)).toThrow(
    "the writer writes no version, the reader reads version 0; let the writer's family write a version that the reader reads",
  );
});
