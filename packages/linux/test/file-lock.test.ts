import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { duplicate, Memfd } from "@luo/linux";
import { ObjectStore } from "@luo/store";
import { LuoError } from "@luo/struct";
import { afterEach, describe, expect, test } from "vitest";

const opened: Memfd[] = [];
const children: ChildProcess[] = [];
const keep = (memfd: Memfd) => {
  opened.push(memfd);
  return memfd;
};

afterEach(() => {
  for (const memfd of opened.splice(0)) memfd.close();
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** A file that two holders have open, as two programs would. */
function two(size = 8192): [Memfd, Memfd] {
  const one = keep(Memfd.create("test", { size }));
  return [one, keep(Memfd.adopt(duplicate(one.fd)))];
}

const hasPython = spawnSync("python3", ["--version"]).status === 0;

/** Another program that takes the lock by the kernel's own interface and keeps it. */
const TAKER = `
import fcntl, os, struct, sys, time
fd = os.open("/proc/self/fd/3", os.O_RDWR)
try:
    fcntl.fcntl(fd, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
except BlockingIOError:
    sys.exit("taken")
print("has it", flush=True)
time.sleep(60)
`;

describe("the lock of a memfd", () => {
  test("one holder at a time has", () => {
    const [one, other] = two();
    expect([one.lock(), one.lock(), other.lock()]).toEqual([true, true, false]);
    other.unlock();
    expect(other.lock()).toBe(false);
    one.unlock();
    expect([other.lock(), one.lock()]).toEqual([true, false]);
    other.close();
    expect(one.lock()).toBe(true);
  });

  test.skipIf(!hasPython)("another program has until it is killed", async () => {
    const [memfd] = two();
    const child = spawn("python3", ["-c", TAKER], {
      stdio: ["ignore", "pipe", "inherit", memfd.fd],
    });
    children.push(child);
    if (child.stdout) await once(child.stdout, "data");
    expect(memfd.lock()).toBe(false);
    child.kill("SIGKILL");
    await once(child, "close");
    expect(memfd.lock()).toBe(true);
  });

  test.skipIf(!hasPython)(
    "keeps out another program, and no child process inherits it",
    async () => {
      const [memfd] = two();
      expect(memfd.lock()).toBe(true);
      const child = spawn("sleep", ["60"], { stdio: ["ignore", "ignore", "ignore", memfd.fd] });
      children.push(child);
      const taken = spawnSync("python3", ["-c", TAKER], {
        stdio: ["ignore", "ignore", "pipe", memfd.fd],
      });
      expect(taken.stderr.toString()).toBe("taken\n");
      // The child still runs, with the file itself open.
      memfd.unlock();
      expect(keep(Memfd.adopt(duplicate(memfd.fd))).lock()).toBe(true);
    },
  );

  test("is not needed once nobody can write to the file", () => {
    const [one, other] = two();
    one.seal("write");
    expect([one.lock(), other.lock()]).toEqual([true, true]);
  });
});

describe("refresh", () => {
  test("finds what another holder has added, and keeps buffers that were given", () => {
    const [one, other] = two();
    const [before] = one.segments as [ArrayBuffer];
    one.segments;
    other.grow(65_536);
    new Uint8Array(other.segments[1] as ArrayBuffer)[7] = 9;
    new Uint8Array(other.segments[0] as ArrayBuffer)[5] = 3;
    one.refresh();
    const [whole] = one.segments as [ArrayBuffer];
    expect(whole.byteLength).toBe(8192 + 65_536);
    expect([new Uint8Array(whole)[8192 + 7], new Uint8Array(before)[5]]).toEqual([9, 3]);
    one.unmap();
    expect([whole.byteLength, before.byteLength]).toEqual([0, 0]);
  });

  test("is not needed to grow: a segment continues where the one before ends", () => {
    const [one, other] = two();
    one.segments;
    other.grow(8192);
    new Uint8Array(other.segments[1] as ArrayBuffer)[1] = 4;
    one.grow(4096);
    expect(one.byteLength).toBe(16_384);
    one.grow(8192);
    expect(one.byteLength).toBe(8192 + 4096 + 8192);
    expect(one.segments.map(({ byteLength }) => byteLength)).toEqual([8192, 4096, 8192]);
    expect(new Uint8Array(one.segments[1] as ArrayBuffer)[1]).toBe(4);
  });
});

test("stores of two programs take turns over one memfd, which grows", () => {
  const [one, other] = two(0);
  const first = ObjectStore.create(one);
  first.pool("resident", { resident: true }).allocate(8);
  first.seal();
  const stores = [first, ObjectStore.open(other)];
  const sizes: number[] = [];
  for (let round = 0; round < 40; round++) {
    const [writer, reader] = round % 2 === 0 ? stores : stores.toReversed();
    if (writer === undefined || reader === undefined) continue;
    writer.refresh();
    // Each round allocates more than the one before, so that runs cross former ends of the file.
    writer.pool("resident", { resident: true }).allocate(5000 * (round + 1));
    expect(() => reader.pool("resident", { resident: true })).toThrow(LuoError);
    sizes.push(writer.seal());
    expect(() => reader.list()).toThrow(/refresh/);
    reader.refresh();
    reader.verify();
    expect(reader.usage.pools.resident?.allocations).toBe(round + 2);
  }
  expect(sizes.at(-1)).toBeGreaterThan(3_000_000);
});
