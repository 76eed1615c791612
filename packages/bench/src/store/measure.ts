/**
 * One contender in a process of its own: `node measure.js <contender> <objects or array>` prints what it
 * took as JSON, or null where this Node does not have it. Everything that comes out is compared.
 */
import { Chunk, COUNT, FIELDS, makePool, repeat, type Values } from "../record.js";
import type { StoreContender } from "./contender.js";
import { CONTENDERS } from "./contenders/index.js";
import { identifiers, OBJECTS, record, shuffled } from "./objects.js";

/** In ns per object or record, and bytes per object. */
export interface StoreFigures {
  readonly name: string;
  readonly note: string;
  readonly put?: number;
  readonly take?: number;
  readonly bytes?: number;
  readonly write?: number;
  readonly restore?: number;
}

const ROUNDS = 3;
const [name = "", part = ""] = process.argv.slice(2);

const contender = await load();
console.log(JSON.stringify(contender === undefined ? null : measure(contender)));
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

function measure({ name, note, objects, array }: StoreContender): StoreFigures {
  return {
    name,
    note,
    ...(part === "objects" && objects && measureObjects(objects, !name.startsWith("memcpy"))),
    ...(part === "array" && array && measureArray(array, !name.startsWith("memcpy"))),
  };
}

function measureObjects(
  { put, open }: NonNullable<StoreContender["objects"]>,
  verified: boolean,
): Pick<StoreFigures, "put" | "take" | "bytes"> {
  const names = identifiers();
  const order = shuffled(OBJECTS);
  const wanted = Array.from(order, (index) => names[index] as string);
  const puts: number[] = [];
  const takes: number[] = [];
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    collect();
    const start = performance.now();
    bytes = put(names, record);
    puts.push(performance.now() - start);
    collect();
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

function measureArray(
  { write, restore }: NonNullable<StoreContender["array"]>,
  verified: boolean,
): Pick<StoreFigures, "write" | "restore"> {
  const records = repeat(makePool(() => new Chunk()));
  const [writes, restores]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS * 3; round++) {
    collect();
    const start = performance.now();
    write(records);
    writes.push(performance.now() - start);
    collect();
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

function collect(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

/** The median in ns for each. */
function each(milliseconds: readonly number[], count: number): number {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  return ((sorted[sorted.length >> 1] as number) * 1e6) / count;
}
