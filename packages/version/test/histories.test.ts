import { ConversionError, family, manifestOf, NegotiationError, negotiate } from "@luo/version";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Fields, histories, objectOf, seeds, type Version } from "./histories.js";

/** Two versions of a history, the older first. */
const ends = fc.tuple(histories, fc.nat(), fc.nat()).map(([versions, a, b]) => {
  const [from = 0, to = 0] = [a % versions.length, b % versions.length].sort((x, y) => x - y);
  return { versions, from, to };
});

const familyOf = (versions: readonly Version[]) => family((versions[0] as Version).struct);

/** The fields of a version by number, as far as they are wanted. */
const byNumber = ({ fields }: Version, value: Fields, wanted: (number: number) => boolean) =>
  Object.fromEntries(
    fields.filter(({ number }) => wanted(number)).map(({ number, name }) => [number, value[name]]),
  );

/** What a downgrade gives; undefined when it throws, as it may. */
function downgraded(versions: readonly Version[], value: Fields, to: number): Fields | undefined {
  try {
    return familyOf(versions).convert(value, to) as Fields;
  } catch (error) {
    expect(error).toBeInstanceOf(ConversionError);
    return undefined;
  }
}

test("an upgrade and a downgrade give back what the older version held", () => {
  const outcomes = { back: 0, refused: 0 };
  fc.assert(
    fc.property(ends, seeds, ({ versions, from, to }, chosen) => {
      const version = versions[from] as Version;
      const value = objectOf(version, chosen);
      const there = familyOf(versions).convert(value, to) as Fields;
      // What is dropped on the way is what older readers are given, if there is anything.
      const steps = versions.slice(from + 1, to + 1);
      const dropped = new Map(steps.flatMap((step) => [...step.dropped]));
      const back = downgraded(versions, there, from);
      outcomes[back ? "back" : "refused"]++;
      const lacking = [...dropped.values()].includes(undefined);
      if (lacking) expect(back).toBeUndefined();
      // A value for older readers may not be one of the type that the field had before.
      const types = (wanted: number) =>
        versions.slice(from, to + 1).flatMap(({ fields }) => {
          return fields.flatMap(({ number, type }) => (number === wanted ? [type] : []));
        });
      const same = (number: number) => new Set(types(number)).size <= 1;
      if (!lacking && [...dropped.keys()].every(same)) expect(back).toBeDefined();
      if (back === undefined) return;
      const kept = (number: number) => !dropped.has(number);
      expect(byNumber(version, back, kept)).toEqual(byNumber(version, value, kept));
      for (const { number, name } of version.fields) {
        if (dropped.has(number) && same(number)) expect(back[name]).toEqual(dropped.get(number));
      }
    }),
    { numRuns: 400 },
  );
  expect(outcomes.back).toBeGreaterThan(outcomes.refused);
});

test("no value is lost without @lossy: a downgrade throws, or an upgrade gives all of it again", () => {
  const outcomes = { kept: 0, refused: 0 };
  fc.assert(
    fc.property(ends, seeds, ({ versions, from, to }, chosen) => {
      const version = versions[to] as Version;
      const value = objectOf(version, chosen);
      const older = downgraded(versions, value, from);
      outcomes[older ? "kept" : "refused"]++;
      if (older === undefined) return;
      const again = familyOf(versions).convert(older, to) as Fields;
      const lossy = new Set(version.fields.flatMap((f) => (f.lossy ? [f.number] : [])));
      const kept = (number: number) => !lossy.has(number);
      expect(byNumber(version, again, kept)).toEqual(byNumber(version, value, kept));
    }),
    { numRuns: 600 },
  );
  expect(Math.min(outcomes.kept, outcomes.refused)).toBeGreaterThan(60);
});

test("what is chosen is the highest version that the one writes and the other reads", () => {
  const range = fc.record({ from: fc.nat(5), to: fc.nat(5) });
  fc.assert(
    fc.property(
      histories,
      range,
      range,
      fc.nat(),
      ({ length, ...versions }, writer, reader, at) => {
        const all = Object.values(versions) as Version[];
        /** A release that works with a class, and as many versions around it as its range has. */
        const release = ({ from, to }: { from: number; to: number }, own: number) => {
          const struct = (all[own] as Version).struct;
          return family(struct, { reads: { from: own - from, to: own + to } });
        };
        const [ours, theirs] = [release(writer, at % length), release(reader, (at >> 3) % length)];
        const shared = ours.writes.filter((version) => theirs.reads.includes(version));
        const decide = () => negotiate(manifestOf([ours]), manifestOf([theirs])).get("thing");
        if (shared.length > 0) expect(decide()).toBe(Math.max(...shared));
        else expect(decide).toThrow(NegotiationError);
      },
    ),
    { numRuns: 200 },
  );
});
