import { cpus } from "node:os";
import { SIZE } from "../record.js";
import { digits, spaced, table } from "../table.js";
import type { StoreFigures } from "./measure.js";
import { OBJECTS } from "./objects.js";
import type { Opening } from "./opening.js";

export interface StoreRun {
  readonly version: string;
  /** By contender, what each of its processes found; nothing where this Node does not have it. */
  readonly figures: ReadonlyMap<string, readonly StoreFigures[]>;
  readonly openings: readonly Opening[];
}

type Figure = Exclude<keyof StoreFigures, "name" | "note"> | "both";

const LIMIT = "hand-written";
const TITLES: readonly (readonly [Figure, string])[] = [
  ["put", "put"],
  ["take", "open, take"],
  ["both", "in and out"],
  ["bytes", "bytes each"],
  ["write", "write array"],
  ["restore", "restore array"],
];

function median(run: StoreRun, key: string, figure: Figure): number | undefined {
  if (figure === "both") {
    const [put, take] = [median(run, key, "put"), median(run, key, "take")];
    return put === undefined || take === undefined ? undefined : put + take;
  }
  const found = run.figures.get(key)?.flatMap((figures) => figures[figure] ?? []);
  return found?.toSorted((a, b) => a - b)[found.length >> 1];
}

/** ns per object or record; of arrays, in brackets how many times the limit's. */
export function storeTable(run: StoreRun): string {
  const rows = [...run.figures].flatMap(([key, [first]]) => {
    if (first === undefined) return [];
    const cells = TITLES.map(([figure]) => {
      const value = median(run, key, figure);
      if (value === undefined) return "-";
      const limit = median(run, LIMIT, figure);
      const compared = (figure === "write" || figure === "restore") && limit !== undefined;
      return compared ? `${digits(value)} (${(value / limit).toFixed(2)})` : digits(value);
    });
    return [[first.name, ...cells]];
  });
  return table(["ns each", ...TITLES.map(([, title]) => title)], rows);
}

export function openingsTable({ openings }: StoreRun): string {
  const rows = openings.map(({ objects, imageMiB, open, take, pages }) => [
    spaced(objects),
    digits(imageMiB),
    digits(open),
    digits((open * 1e6) / objects),
    take.toFixed(2),
    spaced(pages),
  ]);
  const head = [
    "objects",
    "image, MiB",
    "open, ms",
    "ns per object",
    "take one, ms",
    "pages touched",
  ];
  return table(head, rows);
}

/** The whole of RESULTS-STORE.md. */
export function markdown(runs: readonly StoreRun[], command: string, repetitions: number): string {
  const processors = cpus();
  const sections = runs.map(
    (run) => `## Node ${run.version.slice(1)}

${storeTable(run)}

Opening an image in a memfd; in the last row, one object has an array of 1 GiB:

${openingsTable(run)}
`,
  );
  const notes = new Map(
    runs
      .flatMap(({ figures }) => [...figures.values()].flat())
      .map(({ name, note }) => [name, note]),
  );
  return `# Results of the object store

Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}; ${processors.length} cores of
${processors[0]?.model.trim()}, ${process.platform} ${process.arch}.

${spaced(OBJECTS)} objects of ${SIZE} bytes, the record of RESULTS.md, are put under identifiers like
\`object/12345\`, and everything that is then needed to read them again lies in one buffer or file. Then
it is opened, and each object is taken by its identifier, in an order that no cache expects, as an
object with all its fields. The array has 262 144 of the same records; its ratios are to hand-written
encoding and a copy of the bytes in the same run. Every contender runs in a process of its own, which
compares what comes out. A figure is the median of ${repetitions} such processes, each the median of
its rounds; processes of all contenders take turns.

${sections.join("\n")}
## Contenders

${table(["contender", "what it does"], [...notes])}
`;
}
