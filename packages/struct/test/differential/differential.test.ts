import { availableParallelism } from "node:os";
import { setImmediate } from "node:timers/promises";
import { ABIS, type Abi } from "@luo/struct";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMPILERS, type Compiler, cleanUp, compileC, isPresent } from "./compilers.js";
import type { Elf } from "./elf.js";
import {
  canJudge,
  canJudgeBytes,
  judgeC,
  judgeLuo,
  sourceOf,
  type Verdict,
  type Written,
} from "./judge.js";
import { hasCodec, luoSource } from "./luo.js";
import { type Case, cases } from "./specs.js";

/**
 * Random declarations, given to luo and to every C compiler there is: layouts and bytes must be the
 * same. A short run takes a fixed seed and a random one; `LUO_STRUCTS=20000` takes so many structs
 * from a random seed, or from `LUO_SEED`.
 */
const wanted = Number(process.env.LUO_STRUCTS ?? 0);
const random = Number(process.env.LUO_SEED ?? Math.floor(Math.random() * 2 ** 30));
const BATCH = 250;
const batches =
  wanted > 0
    ? Array.from({ length: Math.ceil(wanted / BATCH) }, (_, index) => random + index)
    : [1, random];

const present = COMPILERS.filter(isPresent);
const absent = COMPILERS.filter((compiler) => !present.includes(compiler));

/** What came out so far, for one compiler or for one ABI. */
interface Tally {
  structs: number;
  /** Of which bytes were compared as well. */
  valued: number;
  /** Which the compiler cannot judge. */
  disputed: number;
  milliseconds: number;
  failure: { readonly seed: number; readonly index: number; readonly verdict: string } | undefined;
}

const tallies = new Map<string, Tally>();
const tallyOf = (name: string): Tally => {
  const tally = tallies.get(name) ?? {
    structs: 0,
    valued: 0,
    disputed: 0,
    milliseconds: 0,
    failure: undefined,
  };
  tallies.set(name, tally);
  return tally;
};

function note(name: string, seed: number, verdicts: readonly Verdict[], started: number): Tally {
  const tally = tallyOf(name);
  tally.structs += verdicts.length;
  tally.milliseconds += performance.now() - started;
  const index = verdicts.findIndex((verdict) => verdict !== undefined);
  tally.failure ??= index < 0 ? undefined : { seed, index, verdict: verdicts[index] ?? "" };
  return tally;
}

async function judgeBatch(seed: number): Promise<void> {
  const list = fc.sample(cases, { seed, numRuns: BATCH });
  const compiling = compileAll(list);
  const written = new Map<Abi, Written[]>();
  for (const abi of Object.values<Abi>(ABIS)) {
    const started = performance.now();
    const judged: Written[] = [];
    for (const of of list) {
      judged.push(judgeLuo(of, abi));
      // The compilers run meanwhile, and each that ends is followed by the next.
      if (judged.length % 20 === 0) await setImmediate();
    }
    written.set(abi, judged);
    const verdicts = judged.map(({ verdict }) => verdict);
    const tally = note(abi.name, seed, verdicts, started);
    tally.valued += list.filter(({ struct }) => hasCodec(struct)).length;
  }
  for (const [compiler, elf] of await compiling) {
    const started = performance.now();
    const verdicts = judgeObject(compiler, elf, list, written.get(ABIS[compiler.abi]) ?? []);
    const tally = note(compiler.name, seed, verdicts, started);
    tally.valued += list.filter((of) => canJudgeBytes(compiler, of)).length;
    tally.disputed += list.filter((of) => !canJudge(compiler, of)).length;
  }
}

/** What the compilers make of the cases, as many at a time as there are processors. */
async function compileAll(list: readonly Case[]): Promise<[Compiler, Elf][]> {
  const waiting = present.filter(({ name }) => tallyOf(name).failure === undefined);
  const done: [Compiler, Elf][] = [];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const started = performance.now();
      done.push([next, await compileC(next, sourceOf(next, list))]);
      tallyOf(next.name).milliseconds += performance.now() - started;
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return done;
}

function judgeObject(
  compiler: Compiler,
  elf: Elf,
  list: readonly Case[],
  written: readonly Written[],
): Verdict[] {
  return list.map((of, index) =>
    canJudge(compiler, of)
      ? judgeC(compiler, elf, of, index, written[index]?.bytes ?? [])
      : undefined,
  );
}

/** Makes the case that failed as small as it gets. */
async function shrink(
  name: string,
  { seed, index, verdict }: NonNullable<Tally["failure"]>,
  judge: (of: Case) => Promise<Verdict>,
  compiler: Compiler = COMPILERS[0] as Compiler,
): Promise<string> {
  let last = verdict;
  const property = fc.asyncProperty(cases, async (of) => {
    const found = await judge(of);
    if (found === undefined) return true;
    last = found;
    return false;
  });
  const result = await fc.check(property, { seed, path: `${index}`, numRuns: 1 });
  const [of] = result.counterexample ?? fc.sample(cases, { seed, numRuns: index + 1 }).slice(-1);
  if (of === undefined) return verdict;
  return `${name} disagrees (seed ${seed}, path ${result.counterexamplePath}, ${result.numShrinks} shrinks): ${last}\n${luoSource(of)}\n${sourceOf(compiler, [of])}`;
}

async function failureOf(compiler: Compiler): Promise<string | undefined> {
  const { failure } = tallyOf(compiler.name);
  return (
    failure &&
    shrink(
      compiler.name,
      failure,
      async (of) => {
        const written = judgeLuo(of, ABIS[compiler.abi]);
        const elf = await compileC(compiler, sourceOf(compiler, [of]));
        return judgeObject(compiler, elf, [of], [written])[0];
      },
      compiler,
    )
  );
}

const LIMIT = 60_000 + batches.length * 30_000;

beforeAll(async () => {
  for (const [index, seed] of batches.entries()) {
    await judgeBatch(seed);
    if (index % 10 === 9) console.log(`${(index + 1) * BATCH} structs, from seed ${random}`);
  }
  const lines = Array.from(tallies, ([name, tally]) => {
    const { structs, valued, disputed, failure, milliseconds } = tally;
    const found = failure ? "a mismatch" : "0 mismatches";
    const seconds = (milliseconds / 1000).toFixed(1);
    return `  ${name.padEnd(14)} ${structs} structs (bytes of ${valued}, ${disputed} disputed), ${found}, ${seconds} s`;
  });
  const skipped = absent.map(({ name }) => `  ${name.padEnd(14)} not installed, skipped`);
  console.log(`seed ${random}\n${[...lines, ...skipped].join("\n")}`);
}, LIMIT);
afterAll(cleanUp);

describe.each(Object.values<Abi>(ABIS))("$name", (abi) => {
  test(
    "luo agrees with itself",
    async () => {
      const { failure, structs } = tallyOf(abi.name);
      const judge = async (of: Case) => judgeLuo(of, abi).verdict;
      expect(failure && (await shrink(abi.name, failure, judge))).toBeUndefined();
      expect(structs).toBe(batches.length * BATCH);
    },
    LIMIT,
  );

  for (const compiler of COMPILERS.filter((each) => ABIS[each.abi] === abi)) {
    test.skipIf(absent.includes(compiler))(
      `luo agrees with ${compiler.name}`,
      async () => {
        expect(await failureOf(compiler)).toBeUndefined();
        expect(tallyOf(compiler.name).structs).toBe(batches.length * BATCH);
      },
      LIMIT,
    );
  }
});
