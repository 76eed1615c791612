import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { ArrayOwner, BadAddressError, BlockList, PreservedMemory } from "@luo/memory";
import { bytes, char, create, LuoStruct, u64 } from "@luo/struct";
import { describe, expect, test } from "vitest";
import { growable } from "./fixture.js";

/** Linux's `luo_session_ser`. */
@LuoStruct(0, { family: "linux.session" })
class Session {
  @char(64) name = "";
  @u64 files = 0n;
  @u64 count = 0n;
}

const session = (n: number) =>
  create(Session, { name: `session ${n}`, files: BigInt(n * 4096), count: BigInt(n) });

test("entries lie as Linux's KHO blocks have them", () => {
  const memory = growable(8);
  const list = BlockList.alloc(memory.pool("test"), Session);
  expect([list.address, list.length, [...list]]).toEqual([0, 0, []]);
  const entries = Array.from({ length: 130 }, (_, n) => session(n));
  for (const entry of entries) list.push(entry);
  // floor(4080 / 80) entries to a block.
  expect(list.blocks).toHaveLength(3);
  const { view } = memory.at(0).memory;
  const [first = 0, second = 0, third = 0] = list.blocks;
  expect([first, view.getBigUint64(first, true), view.getBigUint64(first + 8, true)]).toEqual([
    list.address,
    BigInt(second),
    51n,
  ]);
  expect([view.getBigUint64(third, true), view.getBigUint64(third + 8, true)]).toEqual([0n, 28n]);
  expect(view.getBigUint64(second + 16 + 64, true)).toBe(51n * 4096n);
  const found = BlockList.restore(memory.pool("test"), list.address, Session);
  expect(found.length).toBe(130);
  expect([...found]).toEqual(entries);
  found.push(session(130));
  expect([...BlockList.restore(memory.pool("test"), list.address, Session)]).toHaveLength(131);
  found.free();
  memory.pool("test").close();
});

test("an entry that does not fit its struct leaves the list as it was", () => {
  const pool = growable().pool("test");
  const list = BlockList.alloc(pool, Session);
  const bad = Object.assign(session(1), { name: "x".repeat(65) });
  expect(() => list.push(bad)).toThrow(RangeError);
  pool.close();
  list.push(session(1));
  expect(() => list.push(bad)).toThrow(RangeError);
  expect([...BlockList.restore(pool, list.address, Session)]).toEqual([session(1)]);
});

test("an entry lies within a block", () => {
  @LuoStruct(0)
  class Wide {
    @bytes(4081) content = new Uint8Array(4081);
  }
  expect(() => BlockList.alloc(growable().pool("test"), Wide)).toThrow(
    /Wide, which has 4081 bytes, expected 1 to 4080/,
  );
});

/** Linux's `luo_file_ser`. */
@LuoStruct(0, { family: "linux.file" })
class File {
  @char(48) compatible = "";
  @u64 data = 0n;
  @u64 token = 0n;
}

/** Linux's `luo_ser`. */
@LuoStruct(0, { family: "linux.luo" })
class Luo {
  @char(8) compatible = "";
  @u64 liveupdateNumber = 0n;
  @u64 sessions = 0n;
  @u64 sharedFiles = 0n;
}

/** The memory that a Linux kernel preserved over a kexec, by physical address: the PT_LOADs of an ELF core. */
function dumped(): PreservedMemory {
  const elf = gunzipSync(readFileSync(new URL("linux-7.3/memory.elf.gz", import.meta.url)));
  const start = Number(elf.readBigUInt64LE(32));
  const segments = Array.from({ length: elf.readUInt16LE(56) }, (_, index) => {
    const at = start + index * elf.readUInt16LE(54);
    const [offset, address, size] = [8, 24, 32].map((field) =>
      Number(elf.readBigUInt64LE(at + field)),
    ) as [number, number, number];
    return { address, content: elf.subarray(offset, offset + size) };
  });
  const end = Math.max(...segments.map(({ address, content }) => address + content.length));
  const buffer = new ArrayBuffer(end);
  for (const { address, content } of segments) new Uint8Array(buffer).set(content, address);
  return new PreservedMemory({ segments: [buffer] }, { end });
}

test("what a real kernel preserved is read, session by session and file by file", () => {
  const text = readFileSync(new URL("linux-7.3/expected.json", import.meta.url), "utf8");
  const expected = JSON.parse(text) as { sessions: { name: string; files: unknown[] }[] };
  // As text, since tokens are all of u64.
  const tokens = Array.from(text.matchAll(/"token": (\d+)/g), ([, token = ""]) => BigInt(token));
  const memory = dumped();
  const pool = memory.pool("linux");
  const place = Buffer.from(memory.at(0).memory.buffer as ArrayBuffer).indexOf("luo-v5\0\0");
  const luo = new ArrayOwner(pool).get(Luo, place);
  const sessions = [...BlockList.restore(pool, luo.sessions, Session)];
  const files = sessions.map((entry) => [...BlockList.restore(pool, entry.files, File)]);
  expect(sessions.map(({ name }) => name)).toEqual(expected.sessions.map(({ name }) => name));
  expect(files.map(({ length }) => length)).toEqual(
    expected.sessions.map(({ files }) => files.length),
  );
  expect(files.flat().map(({ token }) => token)).toEqual(tokens);
  expect(new Set(files.flat().map(({ compatible }) => compatible))).toEqual(new Set(["memfd-v2"]));
});

describe("blocks are not trusted", () => {
  const prepared = () => {
    const memory = growable(8);
    const pool = memory.pool("test");
    const list = BlockList.alloc(pool, Session);
    for (let n = 0; n < 130; n++) list.push(session(n));
    const [first = 0, , third = 0] = list.blocks;
    const patch = (at: number, value: bigint) =>
      memory.at(0).memory.view.setBigUint64(at, value, true);
    return { first, third, patch, restore: () => BlockList.restore(pool, list.address, Session) };
  };

  test("a circle", () => {
    const { first, third, patch, restore } = prepared();
    patch(third, BigInt(first));
    expect(restore).toThrow(/run in a circle/);
  });

  test.each([52n, 2n ** 32n, 2n ** 53n - 1n])("a count of %d", (count) => {
    const { first, patch, restore } = prepared();
    patch(first + 8, count);
    expect(restore).toThrow(/entries of Session, but 51 fit/);
  });

  test.each([1n, 4096n * 1000n, 2n ** 53n - 8n])("a block at %d", (address) => {
    const { third, patch, restore } = prepared();
    patch(third, address);
    expect(restore).toThrow(BadAddressError);
  });
});
