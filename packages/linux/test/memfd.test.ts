import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  ArgumentError,
  ClosedError,
  closeDescriptor,
  DetachError,
  duplicate,
  listenTcp,
  Memfd,
  NotMemfdError,
  type Seal,
  SystemCallError,
  setCloseOnExec,
} from "@luo/linux";
import { afterEach, describe, expect, test } from "vitest";

const opened: Memfd[] = [];
const keep = (memfd: Memfd) => {
  opened.push(memfd);
  return memfd;
};
const create = (size?: number) => keep(Memfd.create("test", size === undefined ? {} : { size }));

afterEach(() => {
  for (const memfd of opened.splice(0)) memfd.close();
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** The error that a call throws. */
function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

function readFile(fd: number, length: number, at: number): string {
  const bytes = Buffer.alloc(length);
  return bytes.toString("latin1", 0, fs.readSync(fd, bytes, 0, length, at));
}

describe("the buffer is the file", () => {
  test("what is written to the one is read from the other", () => {
    const memfd = create(10_000);
    const bytes = Buffer.from(memfd.buffer);
    expect(bytes.length).toBe(10_000);
    bytes.write("mapped", 5000);
    expect(readFile(memfd.fd, 6, 5000)).toBe("mapped");
    fs.writeSync(memfd.fd, "written", 9000);
    expect(bytes.toString("latin1", 9000, 9007)).toBe("written");
  });

  test("a new file is zeros, has its size and its name", () => {
    const memfd = keep(Memfd.create("größe (deleted)\n", { size: 4097 }));
    expect(memfd.byteLength).toBe(4097);
    expect(memfd.name).toBe("größe (deleted)\n");
    expect(new Uint8Array(memfd.buffer).every((byte) => byte === 0)).toBe(true);
  });

  test("it is mapped once, and an empty file gives an empty buffer", () => {
    const memfd = create();
    expect(memfd.buffer.byteLength).toBe(0);
    memfd.resize(1);
    expect(memfd.buffer.byteLength).toBe(1);
    expect(memfd.buffer).toBe(memfd.buffer);
  });

  test("two descriptors of one file share the bytes", () => {
    const one = create(4096);
    const two = keep(Memfd.adopt(duplicate(one.fd)));
    new Uint8Array(one.buffer).fill(7);
    one.close();
    expect(new Uint8Array(two.buffer).every((byte) => byte === 7)).toBe(true);
  });

  test("a child process sees the same bytes, and its own are seen here", () => {
    const memfd = create(4096);
    const bytes = Buffer.from(memfd.buffer);
    bytes.write("parent");
    const script = `
      const fs = require("node:fs");
      const bytes = Buffer.alloc(6);
      fs.readSync(3, bytes, 0, 6, 0);
      fs.writeSync(3, bytes.toString().toUpperCase() + " from child", 100);`;
    const child = spawnSync(process.execPath, ["-e", script], {
      stdio: ["ignore", "ignore", "pipe", memfd.fd],
    });
    expect(child.stderr.toString()).toBe("");
    expect(bytes.toString("latin1", 100, 117)).toBe("PARENT from child");
  });

  test("a child process inherits no memfd that it was not given", () => {
    const inherited = () => spawnSync("ls", ["-l", "/proc/self/fd"]).stdout.toString();
    const memfd = keep(Memfd.create("private"));
    expect(inherited()).not.toContain("memfd:private");
    const fd = duplicate(memfd.fd);
    setCloseOnExec(fd, false);
    expect(inherited()).toContain("memfd:private");
    keep(Memfd.adopt(fd));
    expect(inherited()).not.toContain("memfd:private");
  });
});

describe("resizing", () => {
  test("growing keeps the content, and the new bytes are zeros", () => {
    const memfd = create(5000);
    new Uint8Array(memfd.buffer).fill(1);
    const grown = new Uint8Array(memfd.resize(20_000));
    expect(grown.length).toBe(20_000);
    expect(grown.subarray(0, 5000).every((byte) => byte === 1)).toBe(true);
    expect(grown.subarray(5000).every((byte) => byte === 0)).toBe(true);
    expect(memfd.byteLength).toBe(20_000);
    expect(memfd.buffer).toBe(grown.buffer);
  });

  test("shrinking drops the rest for good", () => {
    const memfd = create(8192);
    new Uint8Array(memfd.buffer).fill(1);
    memfd.resize(10);
    expect([...new Uint8Array(memfd.resize(12))].join("")).toBe("111111111100");
  });

  test.each([
    ["resize", (memfd: Memfd) => memfd.resize(8192)],
    ["resize to 0", (memfd: Memfd) => memfd.resize(0)],
    ["unmap", (memfd: Memfd) => memfd.unmap()],
    ["close", (memfd: Memfd) => memfd.close()],
    ["seal write", (memfd: Memfd) => memfd.seal("write")],
  ])("after %s, old views are empty and harmless", (_, run) => {
    const memfd = create(4096);
    const old = memfd.buffer;
    const bytes = new Uint8Array(old);
    const view = new DataView(old);
    bytes[0] = 9;
    run(memfd);
    expect(old.byteLength).toBe(0);
    expect(bytes.length).toBe(0);
    expect(bytes[0]).toBeUndefined();
    bytes[0] = 1;
    expect(() => bytes.fill(1)).toThrow(TypeError);
    expect(() => view.setUint8(0, 1)).toThrow(TypeError);
  });

  test("a failing resize changes nothing but the mapping", () => {
    const memfd = create(4096);
    memfd.seal("grow", "shrink");
    new Uint8Array(memfd.buffer).fill(3);
    for (const size of [4095, 4097]) {
      const error = thrown(() => memfd.resize(size));
      expect(error).toBeInstanceOf(SystemCallError);
      expect(error).toMatchObject({ code: "EPERM", syscall: "ftruncate" });
    }
    expect(memfd.byteLength).toBe(4096);
    expect(new Uint8Array(memfd.buffer).every((byte) => byte === 3)).toBe(true);
  });

  test("a size that is not one is refused, and the buffer stays", () => {
    const memfd = create(16);
    const { buffer } = memfd;
    for (const size of [-1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      const error = thrown(() => memfd.resize(size));
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({ code: "LUO_ARGUMENT", argument: "byteLength" });
      expect(String(error)).toContain(`found ${size}, expected an integer from 0 to`);
      expect(() => Memfd.create("test", { size })).toThrow(ArgumentError);
    }
    expect(memfd.buffer).toBe(buffer);
    expect(buffer.byteLength).toBe(16);
  });

  test("a file beyond what the runtime can map is refused, not fatal", () => {
    const memfd = create();
    fs.ftruncateSync(memfd.fd, 2 ** 52);
    // ENOMEM where the length of a buffer has no lower limit (Node 22 and later).
    expect(thrown(() => memfd.buffer)).toMatchObject({
      code: expect.stringMatching(/^(LUO_ARGUMENT|ENOMEM)$/),
    });
    fs.ftruncateSync(memfd.fd, 5 * 2 ** 30);
    try {
      expect(memfd.buffer.byteLength).toBe(5 * 2 ** 30);
    } catch (error) {
      expect(error).toBeInstanceOf(ArgumentError);
    }
  });

  test("a buffer that somebody transferred is not unmapped below them", ({ skip }) => {
    const memfd = create(4096);
    const { buffer } = memfd;
    const { transfer } = buffer as { transfer?: () => ArrayBuffer };
    if (!transfer) return skip("this Node has no ArrayBuffer.prototype.transfer");
    const moved = new Uint8Array(transfer.call(buffer));
    expect(() => memfd.resize(0)).toThrow(DetachError);
    expect(() => memfd.close()).toThrow(DetachError);
    expect(() => memfd.fd).toThrow(ClosedError);
    moved[0] = 1;
    expect(moved[0]).toBe(1);
  });

  test("a loop that grows and grows leaves no old buffers for the collector to count", () => {
    const memfd = create();
    const before = process.memoryUsage().external;
    for (let round = 1; round <= 100; round++) memfd.resize(2 ** 26 + round);
    collect();
    expect(process.memoryUsage().external - before).toBeLessThan(100 * 2 ** 25);
  });

  test("two thousand mappings come and go without a trace, and a collection finds no corpse", () => {
    const mappings = () =>
      fs.readFileSync("/proc/self/maps", "utf8").split("memfd:many").length - 1;
    const stale: Uint8Array[] = [];
    for (let round = 0; round < 2000; round++) {
      const memfd = Memfd.create("many", { size: 3 * 4096 });
      stale.push(new Uint8Array(memfd.buffer).fill(1));
      stale.push(new Uint8Array(memfd.resize(5 * 4096)).fill(2));
      memfd.close();
      if (round % 100 === 0) collect();
    }
    collect();
    expect(stale.every((view) => view.length === 0 && view[0] === undefined)).toBe(true);
    expect(mappings()).toBe(0);
    expect(fs.readdirSync("/proc/self/fd").length).toBeLessThan(200);
  });
});

describe("extents", () => {
  // Further apart than any page, so that large pages do not join the parts.
  const far = 64 * 2 ** 20;

  test("only the touched parts of a sparse file are data, whether mapped or written", () => {
    const memfd = create(4 * far);
    expect(memfd.extents()).toEqual([]);
    new Uint8Array(memfd.buffer)[far] = 1;
    fs.writeSync(memfd.fd, "x", 3 * far);
    const extents = memfd.extents();
    expect(extents.map(({ offset }) => offset)).toEqual([far, 3 * far]);
    for (const { length } of extents) {
      expect(length).toBeGreaterThan(0);
      expect(length).toBeLessThan(far);
    }
  });

  test("data up to an odd end stops at the end", () => {
    const memfd = create(10_001);
    new Uint8Array(memfd.buffer).fill(1);
    expect(memfd.extents()).toEqual([{ offset: 0, length: 10_001 }]);
    expect(create().extents()).toEqual([]);
  });

  test("what was cut off or never touched is not data", () => {
    const memfd = create(2 * far);
    new Uint8Array(memfd.buffer).fill(1, far, far + 1);
    memfd.resize(far);
    memfd.resize(2 * far);
    expect(memfd.extents()).toEqual([]);
  });

  test("they leave the position and the descriptors as they were", () => {
    const memfd = create(8192);
    new Uint8Array(memfd.buffer)[5000] = 1;
    const before = fs.readdirSync("/proc/self/fd").length;
    for (const position of [0, 4097, 8192, 2 ** 40]) {
      memfd.position = position;
      memfd.extents();
      expect(memfd.position).toBe(position);
    }
    expect(fs.readdirSync("/proc/self/fd").length).toBe(before);
  });
});

describe("position", () => {
  test("it is the place where the next plain read begins, shared with duplicates", () => {
    const memfd = create(10);
    const other = keep(Memfd.adopt(duplicate(memfd.fd)));
    Buffer.from(memfd.buffer).write("0123456789");
    expect(memfd.position).toBe(0);
    memfd.position = 4;
    const bytes = Buffer.alloc(3);
    fs.readSync(memfd.fd, bytes, 0, 3, null);
    expect(bytes.toString()).toBe("456");
    expect(other.position).toBe(7);
  });

  test.each([-1, 0.5, 2 ** 53, Number.NaN])("%s is refused by name", (position) => {
    const memfd = create(10);
    const error = thrown(() => {
      memfd.position = position;
    });
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ argument: "position" });
    expect(memfd.position).toBe(0);
  });
});

describe("seals", () => {
  test("each one is seen by everyone who has the file", () => {
    const known: Seal[] = ["shrink", "grow", "future-write", "write", "seal"];
    const memfd = create(10);
    const other = keep(Memfd.adopt(duplicate(memfd.fd)));
    for (const [index, seal] of known.entries()) {
      expect(other.seals.has(seal)).toBe(false);
      memfd.seal(seal);
      for (const set of known.slice(0, index + 1)) expect(other.seals).toContain(set);
    }
  });

  test("write refuses later writers, and the buffer becomes a private copy", () => {
    const memfd = create(5000);
    new Uint8Array(memfd.buffer).fill(1);
    memfd.seal("write");
    expect(() => fs.writeSync(memfd.fd, "x", 0)).toThrow("EPERM");
    const mine = new Uint8Array(memfd.buffer);
    expect(mine.every((byte) => byte === 1)).toBe(true);
    mine[0] = 2;
    expect(mine[0]).toBe(2);
    expect(readFile(memfd.fd, 1, 0)).toBe("\x01");
    memfd.unmap();
    expect(new Uint8Array(memfd.buffer)[0]).toBe(1);
  });

  test("write is refused while somebody else can still write", () => {
    const memfd = create(10);
    const other = keep(Memfd.adopt(duplicate(memfd.fd)));
    new Uint8Array(other.buffer)[0] = 1;
    expect(thrown(() => memfd.seal("write"))).toMatchObject({ code: "EBUSY", syscall: "fcntl" });
    other.unmap();
    memfd.seal("write");
  });

  test("future-write leaves the present buffer shared, and makes later ones private", () => {
    const memfd = create(10);
    const writer = new Uint8Array(memfd.buffer);
    memfd.seal("future-write");
    const reader = new Uint8Array(keep(Memfd.adopt(duplicate(memfd.fd))).buffer);
    writer[0] = 1;
    expect(reader[0]).toBe(1);
    reader[1] = 1;
    expect(writer[1]).toBe(0);
  });

  test("seal ends sealing, and so does allowSealing: false from the beginning", () => {
    const memfd = create(10);
    memfd.seal("shrink", "seal");
    for (const sealed of [memfd, keep(Memfd.create("test", { size: 10, allowSealing: false }))]) {
      expect(sealed.seals).toContain("seal");
      expect(thrown(() => sealed.seal("grow"))).toMatchObject({ code: "EPERM" });
      expect(sealed.seals).not.toContain("grow");
    }
  });

  test("a word that is no seal is refused, and nothing is sealed", () => {
    const memfd = create(10);
    const before = [...memfd.seals];
    const error = thrown(() => memfd.seal("shrink", "toString" as Seal));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(String(error)).toContain('found "toString", expected seal, shrink');
    expect([...memfd.seals]).toEqual(before);
  });
});

describe("closing", () => {
  test("closing twice is harmless, even when the number was given out again", () => {
    const memfd = create(10);
    const { fd } = memfd;
    memfd.close();
    const next = create(20);
    expect(next.fd).toBe(fd);
    memfd.close();
    expect(next.byteLength).toBe(20);
  });

  test.each<[string, (memfd: Memfd) => unknown]>([
    ["fd", (memfd) => memfd.fd],
    ["byteLength", (memfd) => memfd.byteLength],
    ["buffer", (memfd) => memfd.buffer],
    ["resize", (memfd) => memfd.resize(1)],
    ["unmap", (memfd) => memfd.unmap()],
    ["position", (memfd) => memfd.position],
    [
      "set position",
      (memfd) => {
        memfd.position = 1;
      },
    ],
    ["extents", (memfd) => memfd.extents()],
    ["seal", (memfd) => memfd.seal("grow")],
    ["seals", (memfd) => memfd.seals],
  ])("%s of a closed memfd says that it is closed", (_, use) => {
    const memfd = create(10);
    expect(memfd.buffer.byteLength).toBe(10);
    memfd.close();
    const error = thrown(() => use(memfd));
    expect(error).toBeInstanceOf(ClosedError);
    expect(error).toMatchObject({ code: "LUO_CLOSED", found: "it is closed" });
  });
});

describe("adopting", () => {
  test("an inherited descriptor keeps bytes, name, size and seals", () => {
    const memfd = keep(Memfd.create("a/b c", { size: 9 }));
    Buffer.from(memfd.buffer).write("inherited");
    memfd.seal("shrink");
    const adopted = keep(Memfd.adopt(duplicate(memfd.fd)));
    expect(Buffer.from(adopted.buffer).toString()).toBe("inherited");
    expect(adopted.name).toBe("a/b c");
    expect(adopted.seals).toContain("shrink");
  });

  test("anything but a memfd is refused with what it is, and stays open", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "memfd:"));
    const file = fs.openSync(path.join(folder, "memfd:x"), "w+");
    const shm = fs.openSync(path.join("/dev/shm", path.basename(folder)), "w+");
    const socket = listenTcp();
    const directory = fs.openSync(folder, "r");
    try {
      for (const [fd, link] of [
        [file, "memfd:x"],
        [shm, "/dev/shm/"],
        [socket, "socket:"],
        [directory, folder],
      ] as const) {
        const error = thrown(() => Memfd.adopt(fd));
        expect(error).toBeInstanceOf(NotMemfdError);
        expect(error).toMatchObject({ code: "LUO_NOT_MEMFD" });
        expect(String(error)).toMatch(`fd ${fd}: found "`);
        expect(String(error)).toContain(link);
        expect(() => fs.fstatSync(fd)).not.toThrow();
      }
    } finally {
      for (const fd of [file, shm, socket, directory]) closeDescriptor(fd);
      fs.rmSync(folder, { recursive: true });
      fs.rmSync(path.join("/dev/shm", path.basename(folder)));
    }
  });

  test("a number that is not open, or not a number of a descriptor, is refused", () => {
    const error = thrown(() => Memfd.adopt(999_999));
    expect(error).toBeInstanceOf(SystemCallError);
    expect(error).toMatchObject({ code: "EBADF", errno: 9, syscall: "fcntl" });
    expect(String(error)).toMatch(/fcntl\(fd 999999, .*\): EBADF, bad file descriptor; see/);
    for (const fd of [-1, 2.5, 2 ** 31]) expect(() => Memfd.adopt(fd)).toThrow(ArgumentError);
  });
});

test.each(["x".repeat(250), "ä".repeat(125), "a\0b"])("a name like %j is refused", (name) => {
  expect(thrown(() => Memfd.create(name))).toMatchObject({ argument: "name" });
});

test("the longest name is kept", () => {
  expect(keep(Memfd.create("x".repeat(249))).name).toBe("x".repeat(249));
});

test("a memfd cannot be made executable where Linux knows that seal", ({ skip }) => {
  if (!fs.existsSync("/proc/sys/vm/memfd_noexec")) return skip("Linux before 6.3");
  const memfd = create(1);
  expect(memfd.seals).toContain("exec");
  expect(() => fs.fchmodSync(memfd.fd, 0o777)).toThrow("EPERM");
});
