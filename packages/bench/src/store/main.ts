/**
 * Measures the object store beside its peers on every Node:
 *   store/main.js [--write] [--nodes 20,24] [--repetitions 3] [--only luo,lmdb]
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { child, runtime } from "../children.js";
import { chosenFrom } from "../choice.js";
import { CONTENDERS } from "./contenders/index.js";
import type { StoreFigures } from "./measure.js";
import type { Opening } from "./opening.js";
import { markdown, openingsTable, type StoreRun, storeTable } from "./report.js";

const { values: options } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    nodes: { type: "string", default: "20,24" },
    repetitions: { type: "string", default: "3" },
    only: { type: "string" },
  },
});
const COMMAND = "npm run bench:store -- --write";
/** Objects, and MiB of an array. */
const IMAGES: readonly (readonly [number, number])[] = [
  [1000, 0],
  [10_000, 0],
  [100_000, 0],
  [1_000_000, 0],
  [1000, 1024],
];
const keys = chosenFrom(CONTENDERS, options.only);
const repetitions = Number(options.repetitions);

const runs = options.nodes.split(",").map((major): StoreRun => {
  const node = runtime(major);
  console.log(`\nNode ${node.version}`);
  const figures = new Map<string, StoreFigures[]>();
  for (let turn = 0; turn < repetitions; turn++) {
    for (const key of keys) {
      for (const part of ["objects", "array"]) {
        const found = child<StoreFigures | null>(node, "store/measure.js", key, part);
        figures.set(key, [...(figures.get(key) ?? []), ...(found === null ? [] : [found])]);
      }
    }
  }
  const openings = IMAGES.map(([objects, mebibytes]) =>
    child<Opening>(node, "store/opening.js", `${objects}`, `${mebibytes}`),
  );
  const run = { version: node.version, figures, openings };
  console.log(`${storeTable(run)}\n\n${openingsTable(run)}`);
  return run;
});
if (options.write) {
  const file = new URL("../../../RESULTS-STORE.md", import.meta.url);
  writeFileSync(file, markdown(runs, COMMAND, repetitions));
}
