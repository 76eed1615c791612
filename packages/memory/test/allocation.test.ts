import {
  AllocationError,
  LeakError,
  OutOfMemoryError,
  PAGE_SIZE,
  PreservedMemory,
  WINDOW,
} from "@luo/memory";
import { describe, expect, test } from "vitest";
import { bytesAt, fixed, growable } from "./fixture.js";

/** The same numbers in each run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe("whatever is allocated and freed", () => {
  test.each([1, 2, 3])("nothing overlaps and everything is accounted for (seed %d)", (seed) => {
    const next = random(seed);
    const memory = growable();
    const pools = ["a", "b", "c"].map((name) => memory.pool(name));
    const live = new Map<number, { bytes: number; pool: number }>();
    const mark = (address: number, bytes: number, value: number) =>
      bytesAt(memory, address, bytes).fill(value);
    for (let step = 0; step < 6000; step++) {
      const at = next(pools.length);
      const act = next(100);
      if (act < 60) {
        const bytes = [1, 8, 24, 48, 100, 1000, 2048, 2049, 5000, 20_000][next(10)] as number;
        const address = pools[at]?.allocate(bytes) as number;
        expect(address % (bytes > 2048 ? PAGE_SIZE : 8)).toBe(0);
        expect(address).toBeGreaterThanOrEqual(PAGE_SIZE);
        live.set(address, { bytes, pool: at });
        mark(address, bytes, address % 251);
      } else if (act < 97) {
        const [address, { pool, bytes }] = [...live][next(live.size)] ?? [0, { pool: 0, bytes: 0 }];
        if (address === 0) continue;
        const found = bytesAt(memory, address, bytes);
        if (!found.every((byte) => byte === address % 251))
          expect.fail(`${address} was overwritten`);
        pools[pool]?.free(address);
        live.delete(address);
      } else if (act < 99) {
        memory.commit();
      } else {
        pools[at]?.release();
        for (const [address, { pool }] of live) if (pool === at) live.delete(address);
      }
    }
    for (const [at, pool] of pools.entries()) {
      const own = [...live].filter(([, { pool }]) => pool === at);
      expect(pool.usage.allocations).toBe(own.length);
      expect(new Set(Array.from(pool.allocations(), ({ address }) => address))).toEqual(
        new Set(own.map(([address]) => address)),
      );
    }
    for (const pool of pools) pool.release();
    memory.commit();
    expect(memory.usage.taken).toBe(0);
  });

  test("small allocations share pages, and a freed one is the next that is given", () => {
    const pool = growable().pool("test");
    const addresses = Array.from({ length: 85 }, () => pool.allocate(48));
    expect(new Set(addresses.map((address) => Math.floor(address / PAGE_SIZE))).size).toBe(1);
    expect(pool.usage).toEqual({ allocations: 85, bytes: 85 * 48, pages: 1 });
    pool.free(addresses[40] as number);
    expect(pool.allocate(45)).toBe(addresses[40]);
  });

  test.each([0, -1, 1.5, Number.NaN, 2 ** 60])("%d bytes cannot be allocated", (bytes) => {
    expect(() => growable().pool("test").allocate(bytes)).toThrow(/expected a positive integer/);
  });

  test("a buffer that cannot grow says so, and goes on", () => {
    const pool = fixed(3).pool("test");
    expect(() => pool.allocate(2 * PAGE_SIZE + 1)).toThrow(OutOfMemoryError);
    expect(pool.usage).toEqual({ allocations: 0, bytes: 0, pages: 0 });
    expect([pool.allocate(PAGE_SIZE), pool.allocate(PAGE_SIZE)]).toEqual([
      PAGE_SIZE,
      2 * PAGE_SIZE,
    ]);
    expect(() => pool.allocate(1)).toThrow("would need 16384 bytes, but its buffer ends at 12288");
  });
});

test("an allocation beyond what the runtime maps is refused with the limit, and nothing is lost", () => {
  const limit = 2 ** 31;
  const segments = [new ArrayBuffer(4096)];
  const backing = {
    segments,
    grow(byteLength: number) {
      if (byteLength > limit) throw new RangeError("Array buffer allocation failed");
      segments.push(new ArrayBuffer(byteLength));
    },
  };
  const pool = new PreservedMemory(backing).pool("test");
  expect(() => pool.allocate(3 * 2 ** 30)).toThrow(OutOfMemoryError);
  expect(() => pool.allocate(3 * 2 ** 30)).toThrow(/would need 3221229568 bytes/);
  expect(pool.usage.allocations).toBe(0);
  const first = pool.allocate(5 * 2 ** 28);
  expect(pool.allocate(5 * 2 ** 27)).toBeGreaterThan(first);
});

describe("memory that grows", () => {
  test("never moves: views of what is there stay good, and nothing crosses a segment", () => {
    const memory = growable();
    const pool = memory.pool("test");
    const next = random(7);
    const held: { address: number; bytes: Uint8Array }[] = [];
    for (let step = 0; step < 3000; step++) {
      const length = [8, 200, 3000, 50_000, 300_000][next(5)] as number;
      const address = pool.allocate(length);
      const { start, end } = memory.segmentOf(address);
      expect(address >= start && address + length <= end).toBe(true);
      held.push({ address, bytes: bytesAt(memory, address, length).fill(step % 251) });
    }
    for (const [step, { address, bytes }] of held.entries()) {
      expect(bytes[0]).toBe(step % 251);
      expect(bytesAt(memory, address, 1)[0]).toBe(step % 251);
      bytes[0] = 252;
      expect(bytesAt(memory, address, 1)[0]).toBe(252);
    }
  });

  test("a range that crosses a segment is refused, as no allocation does", () => {
    const memory = new PreservedMemory(
      { segments: [new ArrayBuffer(2 * PAGE_SIZE), new ArrayBuffer(2 * PAGE_SIZE)] },
      { end: 4 * PAGE_SIZE },
    );
    expect(memory.locate(2 * PAGE_SIZE, PAGE_SIZE, "it").offset).toBe(0);
    expect(memory.locate(PAGE_SIZE, PAGE_SIZE, "it").offset).toBe(PAGE_SIZE);
    expect(() => memory.locate(PAGE_SIZE, PAGE_SIZE + 8, "it")).toThrow(/crosses 0x2000/);
    expect(memory.pool("test").allocate(PAGE_SIZE)).toBe(PAGE_SIZE);
    expect(() => memory.pool("test").allocate(3 * PAGE_SIZE)).toThrow(OutOfMemoryError);
    expect(memory.pool("test").allocate(2 * PAGE_SIZE)).toBe(2 * PAGE_SIZE);
  });

  test("nothing crosses 4 GiB, where a reader's window may end", () => {
    // Segments are only asked for their length until something is written to them.
    const segments: ArrayBuffer[] = [new ArrayBuffer(PAGE_SIZE)];
    const grow = (byteLength: number) => segments.push(new ArrayBuffer(byteLength));
    const memory = new PreservedMemory({ segments, grow });
    const pool = memory.pool("test");
    const MIB = 2 ** 20;
    for (let n = 0; n < 12; n++) {
      const address = pool.allocate(700 * MIB);
      expect(Math.floor(address / WINDOW)).toBe(Math.floor((address + 700 * MIB - 1) / WINDOW));
    }
    expect(memory.end).toBeGreaterThan(2 * WINDOW);
  });
});

describe("what cannot be freed is named", () => {
  test.each([48, 3000])("freeing %d bytes twice", (bytes) => {
    const pool = growable().pool("staging");
    const address = pool.allocate(bytes);
    const other = pool.allocate(bytes);
    pool.free(address);
    expect(() => pool.free(address)).toThrow(AllocationError);
    expect(() => pool.free(address)).toThrow(`pool staging, address 0x${address.toString(16)}`);
    pool.free(other);
  });

  test("the middle of an allocation, another pool's, and nothing at all", () => {
    const memory = growable();
    const [one, two] = [memory.pool("one"), memory.pool("two")];
    const address = one.allocate(48);
    expect(() => one.free(address + 8)).toThrow("no allocation begins here");
    expect(() => two.free(address)).toThrow("no allocation begins here; it is of pool one");
    expect(() => one.free(2 ** 40)).toThrow(AllocationError);
    one.free(address);
  });

  test("what was not freed is a leak, with its address", () => {
    const pool = growable().pool("test");
    pool.close();
    const address = pool.allocate(100);
    expect(() => pool.close()).toThrow(LeakError);
    expect(() => pool.close()).toThrow(`still holds 104 bytes at 0x${address.toString(16)}`);
    pool.allocate(8);
    expect(() => pool.close()).toThrow("and 1 more");
    pool.release();
    pool.close();
  });

  test("a pool is resident or it is not", () => {
    const memory = growable();
    memory.pool("index", { resident: true });
    expect(() => memory.pool("index")).toThrow("the pool is resident");
  });
});

describe("what a sealed generation holds", () => {
  test.each([48, 5000])("is not given to anyone before the next is sealed (%d bytes)", (bytes) => {
    const memory = growable();
    const pool = memory.pool("test");
    const sealed = Array.from({ length: 200 }, () => pool.allocate(bytes));
    memory.commit();
    for (const address of sealed) pool.free(address);
    const next = Array.from({ length: 200 }, () => pool.allocate(bytes));
    expect(next.filter((address) => sealed.includes(address))).toEqual([]);
    memory.commit();
    const after = Array.from({ length: 200 }, () => pool.allocate(bytes));
    expect(after.filter((address) => sealed.includes(address)).length).toBeGreaterThan(150);
  });

  test("is kept when its pool is released, and is then free", () => {
    const memory = growable();
    const pool = memory.pool("test");
    const sealed = [pool.allocate(48), pool.allocate(9000)];
    memory.commit();
    pool.release();
    expect(sealed).not.toContain(pool.allocate(48));
    expect(sealed).not.toContain(pool.allocate(9000));
    memory.commit();
    pool.release();
    memory.commit();
    expect(memory.usage.taken).toBe(0);
  });
});
