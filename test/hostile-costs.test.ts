import { ObjectStore } from "@luo/store";
import { LuoError } from "@luo/struct";
import { expect, test } from "vitest";
import { ATTACKS } from "./hostile/attacks.js";

/** Far more than any takes, and far less than what went unnoticed took. */
const [MILLISECONDS, HEAP_BYTES] = [3000, 256 << 20];

test.each(ATTACKS.map((attack) => [attack.what, attack] as const))(
  "%s: soon over, and little on the heap",
  (_, { image, finds }) => {
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
    if (finds === undefined) expect(found).toBeUndefined();
    else {
      expect(found).toBeInstanceOf(LuoError);
      expect(`${found}`).toMatch(finds);
    }
    expect(elapsed, "milliseconds").toBeLessThan(MILLISECONDS);
    expect(used, "bytes on the heap").toBeLessThan(HEAP_BYTES);
  },
);
