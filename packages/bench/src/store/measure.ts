/**
 * One contender in a process of its own: `node measure.js <contender> <objects or array>` prints what it
 * took as JSON, or null where this Node does not have it. Everything that comes out is compared.
 */
import { setTimeout } from "node:timers/promises";
import { Chunk, COUNT, FIELDS, makePool, repeat, type Values } from "../record.js";
import type { StoreContender } from "./contender.js";
import { CONTENDERS } from "./contenders/index.js";
import { identifiers, OBJECTS, record, shuffled } from "./objects.js";

/** Figures in ns per object or record, and bytes per object. */
export interface StoreFigures {
  readonly name: string;
  readonly note: string;
  readonly put?: number;
  readonly take?: number;
  readonly bytes?: number;
  readonly write?: number;
  readonly restore?: number;
}

/** How often everything is done: arrays more often, as they take no time. */
const ROUNDS = { objects: 3, array: 21 };
const [name = "", part = ""] = process.argv.slice(2);

const contender = await load();
console.log(JSON.stringify(contender === undefined ? null : await measure(contender)));
contender?.objects?.close?.();
process.exit();

async function load(): Promise<StoreContender | undefined> {
  try {
    return (await CONTENDERS[name]?.())?.contender;
  } catch (error) {
    if ((error as { code?: string }).code === "ERR_UNKNOWN_BUILTIN_MODULE") return undefined;
    throw error;
  }
}

async function measure(contender: StoreContender): Promise<StoreFigures> {
  const { name, note, objects, array } = contender;
  return {
    name,
    note,
    ...(part === "objects" &&
      objects &&
      (await measureObjects(objects, !name.startsWith("memcpy")))),
    ...(part === "array" && array && (await measureArray(array, !name.startsWith("memcpy")))),
  };
}

async function measureObjects(
  { put, open }: NonNullable<StoreContender["objects"]>,
  verified: boolean,
): Promise<Pick<StoreFigures, "put" | "take" | "bytes">> {
  const names = identifiers();
  const order = shuffled(OBJECTS);
  const wanted = Array.from(order, (index) => names[index] as string);
  const puts: number[] = [];
  const takes: number[] = [];
  let bytes = 0;
  for (let round = 0; round < ROUNDS.objects; round++) {
    await collect();
    const start = performance.now();
    bytes = put(names, record);
    puts.push(performance.now() - start);
    await collect();
    const opened = performance.now();
    const take = open();
    let found = 0;
    for (let index = 0; index < OBJECTS; index++) {
      if (take(wanted[index] as string) !== undefined) found++;
    }
    takes.push(performance.now() - opened);
    if (!verified) continue;
    if (found !== OBJECTS) throw new Error(`${name}: ${found} objects of ${OBJECTS}`);
    for (let index = 0; round === 0 && index < OBJECTS; index += 7) {
      same(take(names[index] as string), record(index));
    }
  }
  return { put: each(puts, OBJECTS), take: each(takes, OBJECTS), bytes: bytes / OBJECTS };
}

async function measureArray(
  { write, restore }: NonNullable<StoreContender["array"]>,
  verified: boolean,
): Promise<Pick<StoreFigures, "write" | "restore">> {
  const records = repeat(makePool(() => new Chunk()));
  const [writes, restores]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS.array; round++) {
    await collect();
    const start = performance.now();
    write(records);
    writes.push(performance.now() - start);
    await collect();
    const written = performance.now();
    const restored = restore();
    restores.push(performance.now() - written);
    if (restored.length !== COUNT) throw new Error(`${name}: ${restored.length} records`);
    for (let index = 0; verified && round === 0 && index < COUNT; index += 7) {
      same(restored[index] as Values, records[index] as Chunk);
    }
  }
  return { write: each(writes, COUNT), restore: each(restores, COUNT) };
}

/** As text, because a u64 may well come as a Long. */
function same(found: Values | undefined, wanted: Values): void {
  for (const [field] of FIELDS) {
    const value = String(found?.[field]);
    if (value !== String(wanted[field])) {
      throw new Error(`${name}: ${field} is ${value} instead of ${wanted[field]}`);
    }
  }
}

/** Ends what others left behind, and waits for the threads that sweep it up. */
async function collect(): Promise<void> {
  (globalThis as { gc?: () => void }).gc?.();
  await setTimeout(50);
}

/** The median in ns for each. */
function each(milliseconds: readonly number[], count: number): number {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  return ((sorted[sorted.length >> 1] as number) * 1e6) / count;
}
