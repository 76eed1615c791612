import { heapBacking, ObjectStore } from "@luo/store";
import { alongside, ConversionError, family, manifestOf } from "@luo/version";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Fields,
  histories,
  objectOf,
  seeds,
  type Version,
} from "../packages/version/test/histories.js";

/** The content of an image, with its arrays as plain lists. */
const plain = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value;
  if (Symbol.iterator in value) return Array.from(value as Iterable<unknown>, plain);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
};

test("an image that release i wrote with a copy for release j is read by j", () => {
  const outcomes = { read: 0, refused: 0 };
  fc.assert(
    fc.property(histories, fc.nat(), fc.nat(), seeds, (versions, i, j, chosen) => {
      const release = (at: number) => {
        const { struct } = versions[at] as Version;
        return family(struct, { reads: { to: at } });
      };
      const [writing, reading] = [i % versions.length, j % versions.length];
      const [writer, reader] = [release(writing), release(reading)];
      // A version whose field was dropped without a value cannot be written.
      fc.pre(reading >= Math.min(...writer.writes));
      const value = objectOf(versions[writing] as Version, chosen);
      const memory = heapBacking();
      const store = ObjectStore.create(memory);
      try {
        const copies = alongside(writer, { readers: [manifestOf([reader])] });
        store.put("thing", value, { family: writer, alongside: copies });
      } catch (error) {
        expect(error).toBeInstanceOf(ConversionError);
        outcomes.refused++;
        return;
      }
      store.seal();
      const all = family((versions[0] as Version).struct);
      const expected = all.convert(value, reading) as Fields;
      const found = ObjectStore.open(memory).take("thing", reader);
      expect(found).toBeInstanceOf((versions[reading] as Version).struct);
      expect(plain(found)).toEqual(plain(expected));
      outcomes.read++;
    }),
    { numRuns: 300 },
  );
  expect(outcomes.read).toBeGreaterThan(outcomes.refused);
});
