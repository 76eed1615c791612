import { LuoError } from "@luo/struct";
import { ObjectStore } from "@luo/store";
import { expect, test } from "vitest";
import { ATTACKS } from "./hostile/attacks.js";

/** Far more than any takes, and far less than any took that went unnoticed. */
const [MILLISECONDS, HEAP_BYTES] = [3000, 256 << 20];

test.each(ATTACKS)("$what: soon over, and little on the heap", ({ image, finds }) => {
  const backing = image();
  const [before, start] = [process.memoryUsage().heapUsed, performance.now()];
  let found: unknown;
  try {
    ObjectStore.open(backing).verify();
  } catch (error) {
    found = error;
  }
  const elapsed = performance.now() - start;
  const used = process.memoryUsage().heapUsed - before;
  if (process.env.LUO_SHOW) console.log(Math.round(elapsed), "ms", used >> 20, "MiB", String(found).slice(0, 200));
  if (finds === undefined) expect(found).toBeUndefined();
  else expect(found).toBeInstanceOf(LuoError);
  if (finds !== undefined) expect((found as Error).message).toMatch(finds);
  expect(elapsed, "milliseconds").toBeLessThan(MILLISECONDS);
  expect(used, "bytes on the heap").toBeLessThan(HEAP_BYTES);
});
