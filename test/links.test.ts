import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const root = dirname(import.meta.dirname);
const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n");

/** Gives the anchors of a page's headings, as GitHub makes them. */
const anchors = (page: string) =>
  Array.from(readFileSync(page, "utf8").matchAll(/^#+ (.*)$/gm), ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

test.each(pages)("the links in %s lead to a file and a heading of this repository", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  for (const [, file = "", anchor] of text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)) {
    const target = file === "" ? join(root, page) : join(root, dirname(page), file);
    expect(existsSync(target), file).toBe(true);
    if (anchor !== undefined) expect(anchors(target), file).toContain(anchor);
  }
});
