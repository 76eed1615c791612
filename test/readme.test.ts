import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "@swc/core";
import { afterAll, expect, test } from "vitest";
import { Deployed } from "./deployed.js";
import { shownIn, TEN_LINES } from "./shown-code.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const read = (relative: string) => readFileSync(path(relative), "utf8");
const folder = path("./dist/readme/");
const service = new Deployed(`${folder}current.js`, 20_000 + (process.pid % 10_000));

afterAll(() => service.stop());

function build(name: string, code: string): string {
  mkdirSync(folder, { recursive: true });
  const { code: javascript } = transformSync(code, {
    jsc: {
      parser: { syntax: "typescript", decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: "es2022",
    },
  });
  writeFileSync(`${folder}${name}.js`, javascript);
  return `${folder}${name}.js`;
}

test("the README's ten lines count on through an update, an upgrade and a rollback", async () => {
  const [first, second] = [build("first", TEN_LINES.first), build("second", TEN_LINES.second)];
  service.start(first);
  expect([await service.get(), await service.get()]).toEqual(["1\n", "2\n"]);

  expect(await service.update(first)).toBe("3\n");
  expect(await service.update(second)).toMatch(/^4 since \d{13}\n$/);
  expect(await service.update(second)).toMatch(/^5 since \d{13}\n$/);
  expect(await service.update(first)).toBe("6\n");
  expect(service.running).toHaveLength(1);
});

test("the README's plain JavaScript annotates the same class", () => {
  mkdirSync(folder, { recursive: true });
  const [code = ""] = shownIn("README.md", "js");
  const tell = `\nimport { layoutOf } from "luo";\nconsole.log(layoutOf(CounterV0).fields[0]?.name);`;
  writeFileSync(`${folder}plain.js`, code + tell);
  expect(execFileSync(process.execPath, [`${folder}plain.js`], { encoding: "utf8" })).toBe(
    "hits\n",
  );
});

/** Removes figures, which differ from run to run, and the spaces that align them. */
const withoutFigures = (text: string) =>
  text.replaceAll(/sha256 [0-9a-f]+|\d+( \d{3})*(\.\d+)?/g, "#").replaceAll(/ +/g, " ");

test("the demo prints an update as the README shows it", { timeout: 60_000 }, () => {
  const program = path("../examples/kv-server/dist/esm/demo/main.js");
  const options = ["--requests", "200", "--clients", "2", path("./programs")];
  const printed = execFileSync(process.execPath, [program, ...options], { encoding: "utf8" });
  const [shown = ""] = /^ {4}update to release 2.*\n( {6}.*\n)+/m.exec(read("../README.md")) ?? [];
  expect(shown).not.toBe("");
  expect(withoutFigures(printed)).toContain(withoutFigures(shown.replaceAll(/^ {4}/gm, "")));
});

test("the README's figures are those of the results for Node 24", () => {
  const [, results = ""] = read("../packages/bench/RESULTS.md").split(/^## Node 24.*$/m);
  const rows = Array.from(results.matchAll(/^\| ([^|]+) \| (.* \(.*)\|$/gm), ([, name, cells]) => {
    return { name, figures: (cells ?? "").split("|").map((cell) => cell.trim().split(" ")[0]) };
  });
  const [, head = ""] = /^\| ns per record \(ratio\) \|(.*)\|$/m.exec(results) ?? [];
  const own = /^(luo|hand-written.*|JSON)$/;
  const figures = head.split("|").map((operation, at) => {
    const of = (name: string) => rows.find((row) => row.name === name)?.figures[at];
    const [fastest] = rows
      .filter(({ name, figures }) => !own.test(name ?? "") && figures[at] !== "-")
      .sort((a, b) => Number(a.figures[at]) - Number(b.figures[at]));
    const library = `${fastest?.figures[at]}, ${fastest?.name}`;
    return `| ${operation.trim()} | ${of("luo")} | ${of("hand-written")} | ${library} |\n`;
  });
  expect(figures).toHaveLength(6);
  expect(read("../README.md")).toContain(figures.join(""));
});
