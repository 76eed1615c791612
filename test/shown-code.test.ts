import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "@swc/core";
import { beforeAll, expect, test } from "vitest";
import { shownIn } from "./shown-code.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** A test of @luo/cli runs the commands in its README. */
const packages = readdirSync(path("../packages")).filter(
  (name) => !["bench", "cli"].includes(name),
);

const pages = [
  ...packages.map((name) => ({
    page: `packages/${name}/README.md`,
    folder: path(`../packages/${name}/test/dist/readme/`),
  })),
  ...["IMAGES", "TYPES", "VERSIONS"].map((name) => ({
    page: `docs/${name}.md`,
    folder: path(`./dist/docs/${name}/`),
  })),
];

const programs = pages.map(({ page, folder }) => {
  const [code, prints] = ["ts", "text"].map((language) => shownIn(page, language).join(""));
  return { page, code: code ?? "", prints: prints ?? "", folder };
});
const withCode = programs.filter(({ code }) => code !== "");

beforeAll(() => {
  for (const { code, folder } of withCode) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}main.ts`, code);
    const { code: javascript } = transformSync(code, {
      jsc: {
        parser: { syntax: "typescript", decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        target: "es2022",
      },
    });
    writeFileSync(`${folder}main.js`, javascript);
  }
});

test("the code in packages' READMEs and in docs type-checks", () => {
  const flags =
    "--noEmit --strict --experimentalDecorators --emitDecoratorMetadata --target es2022 --module nodenext --types node --skipLibCheck";
  const files = withCode.map(({ folder }) => `${folder}main.ts`);
  const check = () =>
    execFileSync(
      path("../node_modules/.bin/tsc"),
      [...flags.split(" "), "--ignoreConfig", ...files],
      {
        encoding: "utf8",
        cwd: path("../"),
      },
    );
  expect(check()).toBe("");
});

test.each(programs.filter(({ prints }) => prints !== ""))(
  "the code in $page prints what it says",
  ({ folder, prints }) => {
    expect(execFileSync(process.execPath, [`${folder}main.js`], { encoding: "utf8" })).toBe(prints);
  },
);
