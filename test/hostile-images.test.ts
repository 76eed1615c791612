import { BadAddressError } from "@luo/memory";
import { heapBacking, ObjectStore } from "@luo/store";
import { describe, expect, test } from "vitest";
import { type Anatomy, anatomyOf, repair } from "./hostile/anatomy.js";
import { mutate } from "./hostile/mutate.js";
import { another, IMAGES } from "./hostile/subjects.js";
import { trial } from "./hostile/trial.js";

const anatomies = IMAGES.map(anatomyOf);
const seeds = process.env.LUO_SEED
  ? [Number(process.env.LUO_SEED) | 1]
  : [1, (Date.now() % 2 ** 31) | 1];
const mutations = Math.ceil(Number(process.env.LUO_IMAGES ?? 8000) / seeds.length);
/** The number of images after which a long run reports its progress. */
const STEP = 50_000;

test("an image that is as it was written is read, changed and sealed without a word", () => {
  for (const image of IMAGES)
    expect(trial(image)).not.toMatch(/\b(open|list|verify|read|put|delete|seal)[a-z ]*: LUO_/);
});

test("what was sealed stays until the next is sealed, also in an image that another writer packed", () => {
  for (const image of IMAGES) {
    const backing = heapBacking(image.slice().buffer);
    const store = ObjectStore.open(backing);
    for (let generation = 0; generation < 3; generation++) {
      const sealed = ObjectStore.open(backing, { verify: true }).list();
      for (const { identifier } of sealed) store.delete(identifier);
      for (let n = 0; n < 100; n++) store.put(`${generation}/${n}`, another());
      expect(ObjectStore.open(backing, { verify: true }).list()).toEqual(sealed);
      store.seal();
    }
    expect(ObjectStore.open(backing, { verify: true }).list()).toHaveLength(100);
  }
});

test("the anatomy has every checksum, and repairing a whole image changes nothing", () => {
  IMAGES.forEach((image, index) => {
    const anatomy = anatomies[index];
    if (anatomy === undefined) return;
    // Those of a struct, a segment, the schemas and a root.
    expect(anatomy.sums.length + anatomy.arrays.length).toBeGreaterThanOrEqual(4);
    const copy = image.slice();
    repair(copy, anatomy);
    expect(copy).toEqual(image);
  });
});

test("every single bit that is used, flipped", () => {
  IMAGES.forEach((image, index) => {
    for (const word of anatomies[index]?.words ?? []) {
      const copy = image.slice();
      copy[word + ((word / 8) % 8)] =
        (copy[word + ((word / 8) % 8)] ?? 0) ^ (1 << ((word / 64) % 8));
      trial(copy);
    }
  });
});

test("cut short anywhere", () => {
  for (const image of IMAGES) {
    for (let length = 0; length < image.length; length += 241) trial(image.slice(0, length));
  }
});

test.each([2n ** 32n, 2n ** 33n + 1n, 2n ** 53n - 1n])(
  "an array of %d elements is refused by what its extents hold",
  (count) => {
    const [image] = IMAGES;
    const [anatomy] = anatomies;
    if (image === undefined || anatomy === undefined) throw new Error("there is no such image");
    const copy = image.slice();
    const header = anatomy.arrays.at(-1);
    if (header === undefined) throw new Error("there is no array");
    new DataView(copy.buffer).setBigUint64(header, count, true);
    repair(copy, anatomy);
    const store = ObjectStore.open({ segments: [copy.buffer] });
    expect(() => store.verify()).toThrow(BadAddressError);
    expect(() => store.verify()).toThrow(`counts ${count} elements, but its extents hold`);
  },
);

/**
 * Makes programs of mutations from a seed. A program with a new outcome is kept, and others are made from
 * it, so they reach further than programs by chance alone.
 */
function* programs(seed: number): Generator<Uint8Array, void, boolean> {
  let state = seed;
  const below = (bound: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  const kept: Uint8Array[] = [];
  for (;;) {
    const parent = below(2) === 0 ? kept[below(Math.max(kept.length, 1))] : undefined;
    const fresh = Uint8Array.from({ length: 2 + below(24) }, () => below(256));
    const program = parent === undefined ? fresh : Uint8Array.of(...parent, ...fresh.slice(2));
    for (let change = below(3); parent !== undefined && change > 0; change--) {
      program[below(program.length)] = below(256);
    }
    if ((yield program) && program.length < 64) kept.push(program);
  }
}

/** The program without the parts that the failure does not need; parts are left out one after the other. */
function smallest(program: Uint8Array, fails: (program: Uint8Array) => boolean): Uint8Array {
  let found = program;
  for (let length = found.length >> 1; length > 0; length >>= 1) {
    for (let at = 0; at + length <= found.length; ) {
      const shorter = Uint8Array.of(...found.subarray(0, at), ...found.subarray(at + length));
      if (fails(shorter)) found = shorter;
      else at += length;
    }
  }
  return found;
}

const hex = (program: Uint8Array) => Buffer.from(program).toString("hex");

describe.each(seeds)("seed %d", (seed) => {
  test(`${mutations} mutated images give a result or an error of ours`, {
    timeout: 3_600_000,
  }, () => {
    const outcomes = new Set<string>();
    const source = programs(seed);
    let isNew = false;
    const start = performance.now();
    for (let count = 0; count < mutations; count++) {
      const program = source.next(isNew).value as Uint8Array;
      const index = (program[0] ?? 0) % IMAGES.length;
      const [image, anatomy] = [IMAGES[index] as Uint8Array, anatomies[index] as Anatomy];
      const run = (changes: Uint8Array) => trial(mutate(image, anatomy, changes));
      const before = outcomes.size;
      try {
        outcomes.add(run(program.subarray(1)));
      } catch (error) {
        const short = smallest(program.subarray(1), (changes) => {
          try {
            return run(changes) === undefined;
          } catch {
            return true;
          }
        });
        const found = `image ${index}, program ${hex(program.subarray(1))}, or ${hex(short)}`;
        throw new Error(`LUO_SEED=${seed}, number ${count}: ${found}`, { cause: error });
      }
      isNew = outcomes.size > before;
      if (count % STEP === STEP - 1) {
        const rate = Math.round((count * 1000) / (performance.now() - start));
        console.log(`seed ${seed}: ${count + 1} images, ${rate}/s, ${outcomes.size} outcomes`);
      }
    }
    console.log(`seed ${seed}: ${mutations} images, ${outcomes.size} outcomes`);
    expect(outcomes.size).toBeGreaterThan(100);
  });
});
