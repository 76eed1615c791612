import { BadAddressError } from "@luo/memory";
import { ObjectStore } from "@luo/store";
import { describe, expect, test } from "vitest";
import { type Anatomy, anatomyOf, repair } from "./hostile/anatomy.js";
import { mutate } from "./hostile/mutate.js";
import { IMAGES } from "./hostile/subjects.js";
import { trial } from "./hostile/trial.js";

const anatomies = IMAGES.map(anatomyOf);
const mutations = Number(process.env.LUO_IMAGES ?? 4000);

test("an image that is as it was written is read, changed and sealed without a word", () => {
  for (const image of IMAGES)
    expect(trial(image)).not.toMatch(/open|list|verify|read|put|delete|seal/);
});

test("the anatomy has every checksum, and repairing a whole image changes nothing", () => {
  IMAGES.forEach((image, index) => {
    const anatomy = anatomies[index];
    if (anatomy === undefined) return;
    expect(anatomy.sums.length).toBeGreaterThan(5);
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

test("a struct without bytes that claims to refer to something has no end, and is refused", () => {
  const [, image] = IMAGES;
  const [, anatomy] = anatomies;
  if (image === undefined || anatomy === undefined) throw new Error("there is no such image");
  const program = Uint8Array.from(Buffer.from("2a2096bf8fc98a771337d1a5b1", "hex"));
  expect(trial(mutate(image, anatomy, program))).toContain("LUO_BAD_IMAGE");
});

test.each([2n ** 32n, 2n ** 33n + 1n, 2n ** 53n - 1n])(
  "an array of %d elements is refused by what its extents hold",
  (count) => {
    const [image] = IMAGES;
    const [anatomy] = anatomies;
    if (image === undefined || anatomy === undefined) throw new Error("there is no such image");
    const copy = image.slice();
    // The checksum of a header lies 36 bytes behind its count.
    const header = anatomy.sums.findLast(({ of }) => of(new DataView(copy.buffer))[1] === 36);
    if (header === undefined) throw new Error("there is no array");
    new DataView(copy.buffer).setBigUint64(header.at - 36, count, true);
    repair(copy, anatomy);
    const store = ObjectStore.open({ buffer: copy.buffer });
    expect(() => store.verify()).toThrow(BadAddressError);
    expect(() => store.verify()).toThrow(`counts ${count} elements, but its extents hold`);
  },
);

/**
 * Programs of mutations from a seed. One that led to an outcome which was not there before is kept, and
 * others are made from it: so they get further than those that are wholly by chance.
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

describe.each([1, (Date.now() % 2 ** 31) | 1])("seed %d", (seed) => {
  test(`${mutations} mutated images give a result or an error of ours`, {
    timeout: 3_600_000,
  }, () => {
    const outcomes = new Set<string>();
    const source = programs(seed);
    let isNew = false;
    for (let count = 0; count < mutations; count++) {
      const program = source.next(isNew).value as Uint8Array;
      const index = (program[0] ?? 0) % IMAGES.length;
      const [image, anatomy] = [IMAGES[index] as Uint8Array, anatomies[index] as Anatomy];
      const before = outcomes.size;
      try {
        outcomes.add(trial(mutate(image, anatomy, program.subarray(1))));
      } catch (error) {
        const found = `image ${index}, program ${Buffer.from(program.subarray(1)).toString("hex")}`;
        throw new Error(`seed ${seed}: ${found}`, { cause: error });
      }
      isNew = outcomes.size > before;
    }
    console.log(`seed ${seed}: ${mutations} images, ${outcomes.size} outcomes`);
    expect(outcomes.size).toBeGreaterThan(100);
  });
});
