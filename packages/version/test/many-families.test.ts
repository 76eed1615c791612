import { type Manifest, negotiate } from "@luo/version";
import { expect, test } from "vitest";

test("negotiation of 1000 families of 8 versions takes less than 10 ms", () => {
  const manifest = (versions: readonly number[]): Manifest => {
    const layouts = Object.fromEntries(versions.map((v) => [v, `${v}`.padStart(16, "0")]));
    const entry = { reads: versions, writes: versions, layouts };
    const names = Array.from({ length: 1000 }, (_, index) => `family.${index}`);
    return { format: 1, families: Object.fromEntries(names.map((name) => [name, entry])) };
  };
  const writer = manifest([4, 5, 6, 7, 8, 9, 10, 11]);
  const reader = manifest([0, 1, 2, 3, 4, 5, 6, 7]);
  // Whatever else the machine does, one of the times is that of the work alone.
  const times = Array.from({ length: 20 }, () => {
    const start = performance.now();
    expect(negotiate(writer, reader).size).toBe(1000);
    return performance.now() - start;
  });
  expect(negotiate(writer, reader).get("family.999")).toBe(7);
  expect(Math.min(...times)).toBeLessThan(10);
});
