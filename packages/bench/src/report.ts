import { cpus } from "node:os";
import type { Contender, Operation } from "./contender.js";
import { COUNT, FIELDS, POOL, SIZE } from "./record.js";
import { digits, spaced, table } from "./table.js";

/** ns per record by contender and operation; null where there is no such operation. */
export type Figures = ReadonlyMap<string, Readonly<Record<Operation, number | null>>>;

export interface Registration {
  readonly count: number;
  readonly register: number;
  readonly compile: number;
  readonly use: number;
  readonly heap: number;
}

export interface Run {
  readonly version: string;
  readonly figures: Figures;
  readonly registrations: readonly Registration[];
}

export interface Entry {
  readonly key: string;
  readonly contender: Contender;
  /** The version of the npm package. */
  readonly version: string;
}

const TITLES: readonly (readonly [Operation, string])[] = [
  ["encode", "encode one"],
  ["decode", "decode one"],
  ["view", "view one"],
  ["encodeArray", "encode array"],
  ["decodeArray", "decode array"],
  ["viewArray", "view array"],
];
const LIMIT = "hand-written";
const OURS = "luo";

/** Each contender's ns per record, and in brackets how many times hand-written code's. */
export function figuresTable({ figures }: Run, entries: readonly Entry[]): string {
  const rows = entries
    .filter(({ key }) => figures.has(key))
    .map(({ key, contender }) => [
      contender.name,
      ...TITLES.map(([operation]) => {
        const value = figures.get(key)?.[operation];
        const limit = figures.get(LIMIT)?.[operation];
        if (value == null) return "-";
        return limit == null ? digits(value) : `${digits(value)} (${(value / limit).toFixed(2)})`;
      }),
    ]);
  return table(["ns per record (ratio)", ...TITLES.map(([, title]) => title)], rows);
}

/** luo beside the limit and beside the fastest peer that works from a schema. */
export function ratiosTable({ figures }: Run, entries: readonly Entry[]): string {
  const peers = entries.filter(({ key, contender }) => contender.schema && key !== OURS);
  const rows = TITLES.map(([operation, title]) => {
    const own = figures.get(OURS)?.[operation];
    const limit = figures.get(LIMIT)?.[operation];
    const [peer] = peers
      .flatMap(({ key, contender }) => {
        const value = figures.get(key)?.[operation];
        return value == null ? [] : [{ name: contender.name, value }];
      })
      .sort((a, b) => a.value - b.value);
    if (own == null || limit == null || peer === undefined) return [title, "-", "-", "-"];
    const beside = (value: number) => (own / value).toFixed(2);
    return [title, beside(limit), beside(peer.value), peer.name];
  });
  return table(["", "luo / hand-written", "luo / fastest peer", "which is"], rows);
}

export function registrationTable({ registrations }: Run): string {
  const micro = (ms: number, count: number) => ((ms * 1000) / count).toFixed(1);
  const rows = registrations.map(({ count, register, compile, use, heap }) => [
    spaced(count),
    micro(register, count),
    micro(compile, count),
    micro(use, count),
    (heap / 1024 / count).toFixed(1),
  ]);
  const head = ["classes", "annotate", "compile", "first decode", "KiB of heap each"];
  return table(["per class, µs:", ...head].slice(1), rows);
}

/** The whole of RESULTS.md. */
export function markdown(
  runs: readonly Run[],
  entries: readonly Entry[],
  command: string,
  repetitions: number,
): string {
  const processors = cpus();
  const sections = runs.map(
    (run) => `## Node ${run.version.slice(1)}

${figuresTable(run, entries)}

${ratiosTable(run, entries)}

Annotating and compiling classes of this record, in µs per class:

${registrationTable(run)}
`,
  );
  const contenders = entries.map(({ contender, version }) => [
    contender.name,
    version,
    contender.note ?? "",
  ]);
  return `# Results

Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}; ${processors.length} cores of
${processors[0]?.model.trim()}, ${process.platform} ${process.arch}.

The record has ${SIZE} bytes: ${FIELDS.map(([name, kind]) => `${kind} ${name}`).join(", ")}. ${POOL}
different ones are used; about one u64 in five is beyond 2^53. Arrays have ${COUNT} records.

Each contender and each operation runs in a process of its own, which verifies every result before it
measures. A figure is the median of ${repetitions} such processes, each the median of mitata's
samples; processes of all contenders take turns. What
takes longer than 2 µs per record is measured once. Ratios are to hand-written code in the same run.
Single operations go through the pool; decoded arrays are collected between samples. "View" reads
and adds up all fields without decoding. "-" means that the library has no such thing.

${sections.join("\n")}
## Contenders

${table(["contender", "version", "set-up"], contenders)}

No install scripts run here, so msgpackr and cbor-x work without their optional native addons.
`;
}
