import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Inside of the repository, where Node finds the built package as a program's own. */
const folder = join(import.meta.dirname, "dist", "circular-imports");

/** Two modules, each with a struct that names the struct of the other. */
const LIST = `
  class List { count = 0; items = []; }
  u8(List.prototype, "count");
  ref(() => item.Item)(List.prototype, "items");
  LuoStruct(0)(List);`;
const ITEM = (list: string) => `
  class Item { list = new list.List(); }
  ${list}(Item.prototype, "list");
  LuoStruct(0)(Item);`;
const THUNK = "struct(() => list.List)";
const EAGER = "array(list.List, 2)";
const SIZES = "codecOf(list.List).size, codecOf(item.Item).size";

const esm = (list: string) => ({
  "list.mjs": `import { LuoStruct, ref, u8 } from "@luo/struct";
    import * as item from "./item.mjs"; ${LIST} export { List };`,
  "item.mjs": `import { array, LuoStruct, struct } from "@luo/struct";
    import * as list from "./list.mjs"; ${ITEM(list)} export { Item };`,
  "main.mjs": `import { codecOf } from "@luo/struct"; import * as list from "./list.mjs";
    import * as item from "./item.mjs"; console.log(${SIZES});`,
});
/** As compilers write it: names come first, because modules that import each other see them. */
const cjs = (list: string) => ({
  "list.cjs": `exports.List = undefined; const { LuoStruct, ref, u8 } = require("@luo/struct");
    const item = require("./item.cjs"); ${LIST} exports.List = List;`,
  "item.cjs": `exports.Item = undefined; const { array, LuoStruct, struct } = require("@luo/struct");
    const list = require("./list.cjs"); ${ITEM(list)} exports.Item = Item;`,
  "main.cjs": `const { codecOf } = require("@luo/struct"); const list = require("./list.cjs");
    const item = require("./item.cjs"); console.log(${SIZES});`,
});

beforeAll(() => mkdirSync(folder, { recursive: true }));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each([["ESM", esm, "main.mjs"] as const, ["CommonJS", cjs, "main.cjs"] as const])(
  "structs of modules that import each other, in %s",
  (format, sources, main) => {
    const run = (list: string) => {
      for (const [name, text] of Object.entries(sources(list))) {
        writeFileSync(join(folder, name), text);
      }
      return spawnSync(process.execPath, [main], { cwd: folder, encoding: "utf8" });
    };

    test("work when functions name the classes", () => {
      expect(run(THUNK)).toMatchObject({ stdout: "16 16\n", stderr: "" });
    });

    test("are an error that names the way out when a class is named before it is there", () => {
      const { stderr } = run(EAGER);
      if (format === "ESM") expect(stderr).toContain("Cannot access 'List' before initialization");
      else {
        expect(stderr).toContain("DeclarationError: Item.list: has elements of undefined");
        expect(stderr).toContain(
          "name the class by a function: @array(struct(() => Element), ...)",
        );
      }
    });
  },
);
