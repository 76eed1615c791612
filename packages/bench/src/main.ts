/**
 * Measures every contender on every Node:
 *   main.js [--write] [--nodes 20,24] [--repetitions 5] [--only luo,hand-written]
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { child, runtime } from "./children.js";
import { chosenFrom } from "./choice.js";
import { OPERATIONS, type Operation } from "./contender.js";
import { CONTENDERS } from "./contenders/index.js";
import {
  type Entry,
  type Figures,
  figuresTable,
  markdown,
  type Registration,
  type Run,
  ratiosTable,
  registrationTable,
} from "./report.js";

const { values: options } = parseArgs({
  options: {
    write: { type: "boolean", default: false },
    nodes: { type: "string", default: "20,24" },
    repetitions: { type: "string", default: "5" },
    only: { type: "string" },
  },
});
const COMMAND = "npm run bench -- --write";
const COUNTS = [1000, 2500, 5000, 10_000];
/** The ns per record above which an operation is not measured again. */
const SLOW = 2000;
const repetitions = Number(options.repetitions);
const keys = chosenFrom(CONTENDERS, options.only);

const root = new URL("../../", import.meta.url);
const entries = await Promise.all(Object.keys(CONTENDERS).map(entry));
const runs = options.nodes.split(",").map((major): Run => {
  const node = runtime(major);
  console.log(`\nNode ${node.version}`);
  const run = {
    version: node.version,
    figures: measureAll(node),
    registrations: COUNTS.map((count) =>
      child<Registration>(node, "registration.js", String(count)),
    ),
  };
  console.log(figuresTable(run, entries));
  console.log(`\n${ratiosTable(run, entries)}`);
  console.log(`\nclasses annotated and compiled, µs each\n${registrationTable(run)}`);
  return run;
});
if (options.write) {
  writeFileSync(new URL("RESULTS.md", root), markdown(runs, entries, COMMAND, repetitions));
}

/** Contenders take turns, so that what disturbs the machine disturbs all. */
function measureAll(node: ReturnType<typeof runtime>): Figures {
  const samples = new Map<string, number[]>();
  const done = new Set<string>();
  for (let turn = 0; turn < repetitions; turn++) {
    for (const operation of OPERATIONS) {
      for (const key of keys) {
        const id = `${key} ${operation}`;
        if (done.has(id)) continue;
        const value = child<number | null>(node, "measure.js", key, operation);
        if (value === null || value > SLOW) done.add(id);
        if (value !== null) samples.set(id, [...(samples.get(id) ?? []), value]);
      }
    }
  }
  const figures = (key: string) =>
    Object.fromEntries(
      OPERATIONS.map((operation) => [operation, median(samples.get(`${key} ${operation}`) ?? [])]),
    ) as Record<Operation, number | null>;
  return new Map(keys.map((key) => [key, figures(key)]));
}

function median(samples: readonly number[]): number | null {
  return samples.toSorted((a, b) => a - b)[samples.length >> 1] ?? null;
}

/** A contender and the version that is installed. */
async function entry(key: string): Promise<Entry> {
  const { contender } = await (CONTENDERS[key] as (typeof CONTENDERS)[string])();
  const { dependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const builtin = key === "luo" ? "this checkout" : "-";
  return { key, contender, version: dependencies[contender.name] ?? builtin };
}
