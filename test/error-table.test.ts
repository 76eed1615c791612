import { describe, expect, test } from "vitest";
import { BY_CODE, CLASSES, CODELESS, errorClassesOf, PACKAGES, SOURCES } from "./error-classes.js";

/** Broken promises of our own code, which no caller can cause. */
const INVARIANTS = [
  "packages/btf/src/express.ts",
  "packages/btf/src/source.ts",
  "packages/memory/src/bytes/checked-codec.ts",
  "packages/store/src/contents.ts",
  "packages/store/src/placed-integer.ts",
];

const HEAD = `\
# Errors

Every error that luo throws has a stable \`code\` to branch on, and says \`found\`, \`expected\` (where one
thing is right) and what to \`do\`; its \`message\` is made of these. \`error instanceof LuoError\` is true of
each, also where the error comes from another copy of the package, such as the CommonJS build.

\`\`\`ts
import { LuoError } from "@luo/struct";

try {
  store.put("counter", counter);
} catch (error) {
  if (!(error instanceof LuoError) || error.code !== "LUO_FIELD_RANGE") throw error;
  console.log(error.found, error.expected, error.do);
}
\`\`\`

\`FieldRangeError\`, \`BoundsError\` and \`ArgumentError\` are each a \`RangeError\` as well. The code of a failed
system call is the name of its errno, as in Node's own errors.

\`npm run errors\` writes this table from the classes.

| code | class | package | thrown when | what to do |
| --- | --- | --- | --- | --- |
`;

test("docs/ERRORS.md has every code of every class: `npm run errors` writes it", async () => {
  const rows = Array.from(BY_CODE, ([code, shared]) => {
    const [first] = shared;
    const packages = shared.map((row) => `\`${row.package}\``).join(", ");
    // Words describe the codes of system calls.
    const shown = code.includes(" ") ? code : `\`${code}\``;
    return `| ${shown} | \`${first?.error}\` | ${packages} | ${first?.when} | ${first?.do} |\n`;
  });
  await expect(HEAD + rows.join("")).toMatchFileSnapshot("../docs/ERRORS.md");
});

describe("every class of errors", () => {
  test.each(CLASSES)("$name of $package has codes of its own", ({ error }) => {
    expect(Object.hasOwn(error, "codes")).toBe(true);
    expect(Object.keys(error.codes)).not.toEqual([]);
  });

  test.each(PACKAGES)("that %s exports is among them", async (name) => {
    const known = [...CODELESS, ...CLASSES.map(({ error }) => error)];
    const exported = await errorClassesOf(`packages/${name}/src/index.ts`);
    expect(exported.filter((error) => !known.includes(error))).toEqual([]);
  });
});

test.each([...BY_CODE])("%s means one thing", (_, rows) => {
  const meanings = rows.map((row) => [row.error, row.when, row.do].join("\n"));
  expect(new Set(meanings).size).toBe(1);
});

/** The files that cut the messages of Node and of users' modules to their first line. */
const FOREIGN = ["packages/cli/src/errors.ts", "packages/version/src/json-shape.ts"];

test("no package takes a message apart", () => {
  const apart = /message\)?\.(slice|split|substring|indexOf|includes|replace|match|startsWith)/;
  const cut = SOURCES.filter(({ text }) => apart.test(text));
  expect(cut.map(({ path }) => path).filter((path) => !FOREIGN.includes(path))).toEqual([]);
});

test("no package throws a plain error that a caller can bring about", () => {
  const plain = SOURCES.filter(({ text }) => /new (|Range|Type|Syntax|Eval)Error\(/.test(text));
  expect(plain.map(({ path }) => path).filter((path) => !INVARIANTS.includes(path))).toEqual([]);
});
