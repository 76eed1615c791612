import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");

/** The table in ARCHITECTURE.md: package, what it is, what it may import. */
const table = new Map(
  Array.from(
    read("ARCHITECTURE.md").matchAll(/^\| `([a-z-]+)` \|[^|]*\|([^|]*)\|$/gm),
    ([, name = "", may = ""]) => [
      name,
      new Set(Array.from(may.matchAll(/`([^`]+)`/g), ([, to = ""]) => to)),
    ],
  ),
);
/** The packages that are published. `bench` is not, and may measure whatever it likes. */
const packages = readdirSync(join(root, "packages")).filter(
  (name) => JSON.parse(read(`packages/${name}/package.json`)).private !== true,
);

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(folder, path));

/** The packages that sources import, without their own and without the prefix `@luo/`. */
const imports = (name: string) =>
  new Set(
    sources(`packages/${name}/src`)
      .flatMap((path) =>
        Array.from(read(path).matchAll(/(?:from|import) "([^".$][^"]*)"/g), ([, to = ""]) => to),
      )
      .map((to) => to.replace(/^@luo\/([^/]+).*/, "$1").replace(/^node:.*/, "node")),
  );

test("the table names every published package and no other", () => {
  expect([...table.keys()].sort()).toEqual([...packages].sort());
});

test.each(packages)("%s imports only what the table allows", (name) => {
  const allowed = table.get(name) ?? new Set();
  expect([...imports(name)].filter((to) => !allowed.has(to))).toEqual([]);
  expect([...allowed].filter((to) => !imports(name).has(to))).toEqual([]);
});

test.each(packages)("%s declares what it imports: in package.json and in tsconfig.json", (name) => {
  const wanted = [...imports(name)].filter((to) => to !== "node").sort();
  const { dependencies = {} } = JSON.parse(read(`packages/${name}/package.json`));
  expect(
    Object.keys(dependencies)
      .map((to) => to.replace(/^@luo\//, ""))
      .sort(),
  ).toEqual(wanted);
  const { references } = JSON.parse(read(`packages/${name}/tsconfig.json`));
  expect(references.map(({ path }: { path: string }) => path.replace("../", "")).sort()).toEqual(
    wanted.filter((to) => packages.includes(to)),
  );
});

test("a service loads no code of the command: not the lock, not its checks, no pictures", () => {
  const loaded = new Set(["luo"]);
  for (const name of loaded) {
    for (const to of imports(name)) if (packages.includes(to)) loaded.add(to);
  }
  expect(loaded).toContain("version");
  expect(loaded).not.toContain("cli");
  const code = [...loaded].flatMap((name) => sources(`packages/${name}/src`)).map(read);
  const ofCommand = /\b(LUO_LOCK|checkLock|checkRelease|parseLock|formatLock|compatibility)\b/;
  expect(code.filter((text) => ofCommand.test(text))).toEqual([]);
});
