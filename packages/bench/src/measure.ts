/**
 * One contender and one operation in a process of their own, so that no compiled code, no inline
 * cache and no heap is shared: `node measure.js <contender> <operation>` prints ns per record, or
 * null where the contender has no such operation.
 */
import { do_not_optimize, measure } from "mitata";
import type { Operation, Operations } from "./contender.js";
import { CONTENDERS } from "./contenders/index.js";
import { Chunk, COUNT, FIELDS, makePool, POOL, sumOf, type Values } from "./record.js";

const [name, operation] = process.argv.slice(2) as [string, Operation];
const load = CONTENDERS[name];
if (load === undefined) throw new Error(`no contender ${name}`);
const operations = (await load()).contender.prepare();
const pool = makePool(() => new Chunk());
const at = (index: number) => pool[index % POOL] as Chunk;
/** The sum of all fields of an array; found in another way than what is measured, which must not share. */
const SUM = BigInt.asUintN(
  64,
  pool.reduce(
    (sum, record) => FIELDS.reduce((part, [field]) => part + BigInt(record[field]), sum),
    0n,
  ) * BigInt(COUNT / POOL),
);

verify(operations);
const run = timed(operations)[operation];
console.log(run === undefined ? "null" : String(await time(run)));

/**
 * Nobody is measured who does something else: every record goes round and every sum is right. What
 * is not measured here is not called either, but for what writes the bytes that are read.
 */
function verify({ encode, decode, view, encodeArray, decodeArray, viewArray }: Operations): void {
  if (operation.endsWith("Array")) {
    encodeArray?.();
    const decoded = operation === "viewArray" ? undefined : decodeArray?.();
    if (decoded && decoded.length !== COUNT) throw new Error(`${name}: ${decoded.length} records`);
    for (let index = 0; decoded && index < COUNT; index++) {
      same(decoded[index] as object, at(index));
    }
    if (operation === "viewArray") {
      const found = viewArray?.() ?? SUM;
      if (found !== SUM) throw new Error(`${name}: the sum is ${found} instead of ${SUM}`);
    }
    return;
  }
  for (let index = 0; index < POOL; index++) {
    encode?.(index);
    if (operation === "view") same(view?.(index) ?? at(index), at(index));
    else same(decode?.(index) ?? at(index), at(index));
  }
}

/** As text, because a u64 may well come as a Long or, where that is exact, as a number. */
function same(found: object, wanted: Chunk): void {
  for (const [field] of FIELDS) {
    const value = String((found as Values)[field]);
    if (value !== String(wanted[field])) {
      throw new Error(`${name}: ${field} is ${value} instead of ${wanted[field]}`);
    }
  }
}

interface Timed {
  readonly once: () => void;
  readonly records: number;
}

/** The single operations go through the whole pool, so that a call to `once` is long enough. */
function timed(all: Operations): Partial<Record<Operation, Timed>> {
  const { encode, decode, view, encodeArray, decodeArray, viewArray } = all;
  const each = (one: (index: number) => unknown): Timed => ({
    once: () => {
      for (let index = 0; index < POOL; index++) do_not_optimize(one(index));
    },
    records: POOL,
  });
  const array = (whole: () => unknown): Timed => ({
    once: () => do_not_optimize(whole()),
    records: COUNT,
  });
  return {
    ...(encode && { encode: each(encode) }),
    ...(decode && { decode: each(decode) }),
    ...(view && { view: { once: () => do_not_optimize(sumOf(POOL, view)), records: POOL } }),
    ...(encodeArray && { encodeArray: array(encodeArray) }),
    ...(decodeArray && { decodeArray: array(decodeArray) }),
    ...(viewArray && { viewArray: array(viewArray) }),
  };
}

/** The median of mitata's samples; the decoded arrays are collected between them. */
async function time({ once, records }: Timed): Promise<number> {
  const start = performance.now();
  do once();
  while (performance.now() < start + 200);
  const slow = performance.now() - start > 1000;
  const { p50 } = await measure(once, {
    min_cpu_time: 300e6,
    min_samples: slow ? 2 : 7,
    inner_gc: operation === "decodeArray",
  });
  return p50 / records;
}
