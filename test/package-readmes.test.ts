import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "@swc/core";
import { beforeAll, expect, test } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** The commands of @luo/cli are a test of their own. */
const packages = readdirSync(path("../packages")).filter(
  (name) => !["bench", "cli"].includes(name),
);

const programs = packages.map((name) => {
  const readme = readFileSync(path(`../packages/${name}/README.md`), "utf8");
  const blocks = (kind: string) =>
    Array.from(
      readme.matchAll(new RegExp(`^\`\`\`${kind}\n(.*?)^\`\`\`$`, "gms")),
      ([, text]) => text,
    );
  const folder = path(`../packages/${name}/test/dist/readme/`);
  return { name, code: blocks("ts").join(""), prints: blocks("text").join(""), folder };
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

test("what the READMEs of packages show type-checks", () => {
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
  "the README of $name prints what it says",
  ({ folder, prints }) => {
    expect(execFileSync(process.execPath, [`${folder}main.js`], { encoding: "utf8" })).toBe(prints);
  },
);
