import { compatibility, compatibilitySvg, compatibilityTable } from "@luo/cli";
import type { Manifest } from "@luo/version";
import { describe, expect, test } from "vitest";

/** A release by the versions that it reads and writes: `{ memfd: [[0, 1], [0]] }`. */
function release(families: Record<string, [reads: number[], writes?: number[]]>): Manifest {
  const entries = Object.entries(families).map(([name, [reads, writes = reads]]) => {
    const layouts = Object.fromEntries(reads.map((version) => [version, `layout ${version}`]));
    return [name, { reads, writes, layouts }] as const;
  });
  return { format: 1, families: Object.fromEntries(entries) };
}

const FLEET = {
  "1.0": release({ table: [[0]], memfd: [[0]] }),
  "1.1": release({ table: [[0, 1], [0]], memfd: [[0, 1]] }),
  "2.0": release({ table: [[0, 1]], memfd: [[0, 1, 2]], listener: [[0]] }),
  "3.0": release({ table: [[1, 2]], memfd: [[2, 3]], listener: [[0]] }),
};
const fleet = compatibility(Object.entries(FLEET));
const passage = (from: string, to: string) =>
  fleet.passages.find((candidate) => candidate.from === from && candidate.to === to);

describe("of every two releases it is told", () => {
  test("whether the update works, and whether the way back does", () => {
    const told = fleet.passages.map(({ from, to, update, rollback }) => [
      `${from} to ${to}`,
      update,
      rollback,
    ]);
    expect(told).toEqual([
      ["1.0 to 1.0", true, true],
      ["1.0 to 1.1", true, true],
      ["1.0 to 2.0", true, false],
      ["1.0 to 3.0", false, false],
      ["1.1 to 1.0", true, true],
      ["1.1 to 1.1", true, true],
      ["1.1 to 2.0", true, false],
      ["1.1 to 3.0", false, false],
      ["2.0 to 1.0", false, true],
      ["2.0 to 1.1", false, true],
      ["2.0 to 2.0", true, true],
      ["2.0 to 3.0", true, true],
      ["3.0 to 1.0", false, false],
      ["3.0 to 1.1", false, false],
      ["3.0 to 2.0", true, true],
      ["3.0 to 3.0", true, true],
    ]);
    expect(fleet.releases).toEqual(["1.0", "1.1", "2.0", "3.0"]);
  });

  test("in which versions families pass, and which of them in an older one", () => {
    expect(passage("2.0", "3.0")).toMatchObject({
      versions: { table: 1, memfd: 2, listener: 0 },
      older: [],
    });
    expect(passage("3.0", "2.0")).toMatchObject({
      versions: { table: 1, memfd: 2, listener: 0 },
      older: ["table", "memfd"],
    });
  });

  test("which families are in the way, and in which versions the others would pass", () => {
    expect(passage("2.0", "1.1")).toMatchObject({
      versions: { table: 1, memfd: 1 },
      lacking: [{ family: "listener", writes: [0], reads: [] }],
    });
    expect(passage("1.0", "3.0")?.lacking.map(({ family }) => family)).toEqual(["table", "memfd"]);
  });
});

test("the same version with another layout is in the way", () => {
  const edited = structuredClone(FLEET["1.0"]);
  Object.assign(edited.families.memfd?.layouts ?? {}, { 0: "edited" });
  const { passages } = compatibility([
    ["before", FLEET["1.0"]],
    ["after", edited],
  ]);
  expect(passages.map(({ update }) => update)).toEqual([true, false, false, true]);
  expect(passages[1]?.lacking).toMatchObject([{ family: "memfd", differing: [0] }]);
});

test("two releases of one name are refused", () => {
  const twice = () => compatibility(["1.0", "1.0"].map((name) => [name, FLEET["1.0"]] as const));
  expect(twice).toThrow('found "1.0", which is given twice');
});

test("as a table: every two releases, every version, and why not", () => {
  const releases = [
    ["1.0", FLEET["1.0"]],
    ["2.0", FLEET["2.0"]],
    ["3.0", FLEET["3.0"]],
  ] as const;
  expect(compatibilityTable(compatibility(releases))).toBe(`\
from \\ to  1.0        2.0        3.0
1.0        restart    one way    no update
2.0        no update  restart    both ways
3.0        no update  both ways  restart

update      table  memfd  listener
1.0 to 2.0  0      0
1.0 to 3.0  none   none
2.0 to 1.0  0      0      none
2.0 to 3.0  1      2      0
3.0 to 1.0  none   none   none
3.0 to 2.0  1      2      0

1.0 to 3.0
  family table: the writer writes version 0, the reader reads version 1, 2; keep version 0 in the reader's family, or update by way of a release that knows both
  family memfd: the writer writes version 0, the reader reads version 2, 3; keep version 0 in the reader's family, or update by way of a release that knows both

2.0 to 1.0
  family listener: the writer writes version 0, the reader reads no version; add the family to the reader, or stop keeping it in the writer

3.0 to 1.0
  family table: the writer writes version 1, 2, the reader reads version 0; update the reader to a release that reads version 1, or keep version 0 in the writer's family
  family memfd: the writer writes version 2, 3, the reader reads version 0; update the reader to a release that reads version 2, or keep version 0 in the writer's family
  family listener: the writer writes version 0, the reader reads no version; add the family to the reader, or stop keeping it in the writer`);
});

test("a fleet of no release, and one of releases that keep nothing", () => {
  expect(compatibilityTable(compatibility([]))).toBe("from \\ to");
  expect(compatibilityTable(compatibility([["1.0", release({})]]))).toBe(
    "from \\ to  1.0\n1.0        restart",
  );
  expect(compatibilitySvg(compatibility([]))).toContain("</svg>");
});

describe("as a picture", () => {
  const svg = compatibilitySvg(fleet);
  /** The cell of two releases, by the beginning of its title. */
  const cell = (what: string) => svg.split("\n").find((line) => line.includes(`<title>${what}`));

  test("that says everything in words, for who cannot see it", () => {
    expect(svg).toContain('role="img" aria-labelledby="luo-title luo-desc"');
    expect(svg).toContain('<title id="luo-title">Which release can be updated to which</title>');
    const [, description = ""] = /<desc id="luo-desc">([^<]*)</.exec(svg) ?? [];
    expect(description.split(". ")).toHaveLength(16);
    expect(description).toContain("1.0 to 2.0: one way, with table 0, memfd 0.");
    expect(description).toContain(
      "1.0 to 3.0: no update, as they share no version of table, memfd.",
    );
  });

  test("in which each outcome has a colour, a symbol and words", () => {
    const cells = ["1.0 to 1.1", "1.0 to 2.0", "1.0 to 3.0", "1.0 restarted"].map(
      (what) => cell(what) ?? "",
    );
    for (const pattern of [
      /class="(\w+)"/,
      /class="symbol" d="([^"]+)"/,
      /class="outcome"[^>]*>([^<]+)/,
    ]) {
      const found = cells.map((text) => pattern.exec(text)?.[1]);
      expect(new Set(found).size).toBe(4);
      expect(found).not.toContain(undefined);
    }
  });

  test("that names what is in the way, and what passes in an older version", () => {
    const details = (what: string) =>
      Array.from(cell(what)?.matchAll(/class="detail"[^>]*>([^<]*)/g) ?? [], ([, text]) => text);
    expect(details("3.0 to 1.0")).toEqual(["table", "memfd", "listener"]);
    expect(details("3.0 to 2.0")).toEqual(["table 1", "memfd 2"]);
    expect(details("1.0 to 1.1")).toEqual([]);
    const many = release(Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, [[0]]])));
    const picture = compatibilitySvg(
      compatibility([
        ["old", many],
        ["new", release({})],
      ]),
    );
    expect(picture).toContain("and 2 more");
  });

  test("of whatever names there are: it is well-formed, and nothing in it is markup or a link", () => {
    const name = `<script>"&' ]]>\u0000 ${"long ".repeat(40)}`;
    const picture = compatibilitySvg(
      compatibility([
        [name, release({ [name]: [[0]] })],
        ["b", release({})],
      ]),
    );
    expect(picture).not.toContain("<script");
    expect(picture).not.toContain("\u0000");
    expect(picture).not.toMatch(/&(?!(amp|lt|gt|quot);)/);
    expect(picture).not.toMatch(/href|url\(|@import|https?:(?!\/\/www\.w3\.org\/2000\/svg")/);
    const tags = Array.from(picture.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g));
    const open: string[] = [];
    for (const [, closing, tag = "", alone] of tags) {
      if (closing === "/") expect(open.pop()).toBe(tag);
      else if (alone !== "/") open.push(tag);
    }
    expect(open).toEqual([]);
  });

  test("whose cells lie in a grid, apart from each other and inside of it", () => {
    const size = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.slice(1).map(Number) ?? [];
    const boxes = Array.from(
      svg.matchAll(/translate\((\d+) (\d+)\)"><title>.*?width="(\d+)" height="(\d+)"/g),
      (match) => match.slice(1).map(Number),
    );
    expect(boxes).toHaveLength(16);
    const [, , width = 0, height = 0] = boxes[0] ?? [];
    for (const [index, [x = 0, y = 0]] of boxes.entries()) {
      expect(x + width).toBeLessThan(size[0] ?? 0);
      expect(y + height).toBeLessThan(size[1] ?? 0);
      const apart = boxes.slice(0, index).every(([left = 0, top = 0]) => {
        return Math.abs(left - x) > width || Math.abs(top - y) > height;
      });
      expect(apart).toBe(true);
    }
  });
});

describe("sizes that somebody else decides", () => {
  const versions = Array.from({ length: 300_000 }, (_, version) => version);
  const layouts = Object.fromEntries(versions.map((version) => [version, "same"]));
  const all: Manifest = {
    format: 1,
    families: { table: { reads: versions, writes: versions, layouts } },
  };
  const none = release({ table: [[1_000_000]] });

  test("a manifest with a huge list of versions", () => {
    const { passages } = compatibility([["all", all]]);
    expect(passages).toMatchObject([{ update: true, versions: { table: 299_999 }, older: [] }]);
    const table = compatibilityTable(
      compatibility([
        ["all", all],
        ["none", none],
      ]),
    );
    expect(table).toContain(
      "writes version 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 and 299984 more up to 299999",
    );
    expect(table.length).toBeLessThan(2_000);
  }, 5_000);

  test("more releases than a call takes arguments", () => {
    const releases = Array.from(
      { length: 400 },
      (_, at) => [`${at}`, release({ table: [[0]] })] as const,
    );
    const many = compatibility(releases);
    expect(compatibilityTable(many).split("\n").length).toBeGreaterThan(400 * 399);
    expect(compatibilitySvg(many)).toContain("</svg>");
  }, 30_000);
});
