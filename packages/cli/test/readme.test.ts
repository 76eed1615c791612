import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { Project } from "./project.js";

const README = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const blocks = Array.from(
  README.matchAll(/^```(json|ts|console)\n(.*?)^```$/gms),
  ([, kind, text]) => ({
    kind,
    text: text ?? "",
  }),
);

test("the README shows what the commands print, one after the other", () => {
  const project = new Project("readme");
  const shown = blocks.map(({ text }) => text);
  const found = blocks.map(({ kind, text }) => {
    if (kind === "json") project.write("package.json", text);
    else if (kind === "ts") project.build(text, "dist/structs.js");
    else return run(project, text);
    return text;
  });
  expect(found).toEqual(shown);
}, 60_000);

test("docs/VERSIONS.md shows commands as the README does", () => {
  const guide = readFileSync(new URL("../../../docs/VERSIONS.md", import.meta.url), "utf8");
  const shown = Array.from(guide.matchAll(/^```console\n.*?^```$/gms), ([block]) => block);
  expect(shown).not.toEqual([]);
  for (const block of shown) expect(README).toContain(block);
});

/** Runs the commands of a block, and gives each with its output. */
function run(project: Project, text: string): string {
  return Array.from(text.matchAll(/^\$ luo (.*)$/gm), ([line, args = ""]) => {
    const { code, out, err } = project.luo(...args.split(" "));
    return `${line}\n${out}${err}${code === 0 ? "" : `[exit code ${code}]\n`}`;
  }).join("");
}
