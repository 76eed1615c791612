import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseLock } from "@luo/cli";
import { Memfd, setCloseOnExec } from "@luo/linux";
import { PreservedMemory } from "@luo/memory";
import { heapBacking, ObjectStore } from "@luo/store";
import {
  BoundsError,
  bool,
  bytes,
  codecOf,
  create,
  DeclarationError,
  defineStruct,
  LuoError,
  LuoStruct,
  Memory,
  toCHeader,
  u8,
} from "@luo/struct";
import { alongside, family, negotiate, parseManifest, since } from "@luo/version";
import { describe, expect, test } from "vitest";
import { readBtf } from "../packages/btf/src/index.js";
import { type Carrier, Inbox, Predecessor } from "../packages/orchestrator/src/index.js";
import { Listener } from "../packages/socket/src/index.js";
import { BY_CODE, CLASSES } from "./error-classes.js";

@LuoStruct(0)
class LampV0 {
  @u8 level = 0;
}

@LuoStruct(1)
class LampV1 extends LampV0 {
  @since(1, 0) @u8 hue = 0;
}

@LuoStruct(0)
class Other {
  @u8 x = 0;
}

const Lamp = family(LampV1);
const flag = codecOf(defineStruct("Flag", 0, [{ name: "on", type: bool.type }]));
const store = () => ObjectStore.create(heapBacking());
const pool = () => new PreservedMemory(heapBacking()).pool("test");

/** The message that the other program sends in place of hello. */
const heard = (message: object) => {
  const inbox = new Inbox();
  inbox.push(message);
  return inbox.expect("hello", 1000);
};

/** A carrier that cannot start the successor. */
const carrier = (close: () => void): Carrier => ({
  createImage: () => ({ segments: heapBacking().segments, fd: 0, seal: () => {}, close }),
  launch: () => Promise.reject(new Error("no such program")),
});

/** A mistake that leads to each error, by code. */
const MISUSES: Readonly<Record<string, () => unknown>> = {
  EBADF: () => setCloseOnExec(999_999, true),
  LUO_ALLOCATION: () => pool().free(4096),
  LUO_ARGUMENT: () => alongside(Lamp, "none" as never),
  LUO_BAD_ADDRESS: () => new PreservedMemory(heapBacking()).locate(0, 8, "it"),
  LUO_BAD_IMAGE: () => ObjectStore.open(heapBacking()),
  LUO_BAD_OBJECT: () => {
    const lit = store();
    lit.put("lamp", new LampV1());
    lit.take("lamp", family(Other));
  },
  LUO_BOUNDS: () => new Memory(new ArrayBuffer(4)).bytes(0, 8),
  LUO_BTF_HEADER: () => readBtf(new Uint8Array(3)),
  LUO_BUSY_STORE: () => {
    const busy = store();
    const value = new LampV1();
    Object.defineProperty(value, "hue", { get: () => busy.seal() });
    busy.put("lamp", value);
  },
  LUO_CLOSED: () => {
    const memfd = Memfd.create("test");
    memfd.close();
    memfd.resize(0);
  },
  LUO_CONVERSION: () => Lamp.convert(create(LampV1, { hue: 3 }), 0),
  LUO_C_NAME: () => toCHeader(defineStruct("Size", 0, [{ name: "größe", type: u8.type }])),
  LUO_DECLARATION: () => bytes(0),
  LUO_DETACHED: () => {
    const buffer = new ArrayBuffer(8);
    const memory = new Memory(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    memory.bytes(0, 8);
  },
  LUO_FAMILY: () => Lamp.structOf(9),
  LUO_FIELD_RANGE: () => codecOf(LampV0).encode({ level: 256 }, new Memory(new ArrayBuffer(1)), 0),
  LUO_IDENTIFIER: () => store().put("", new LampV1()),
  LUO_IMAGE_EXISTS: () => {
    const backing = heapBacking();
    ObjectStore.create(backing).seal();
    ObjectStore.create(backing);
  },
  LUO_INVALID_BYTES: () => flag.decode(new Memory(Uint8Array.of(2).buffer), 0),
  LUO_LEAK: () => {
    const used = pool();
    used.allocate(8);
    used.close();
  },
  LUO_LINK_CLOSED: () => {
    const inbox = new Inbox();
    inbox.close("ended");
    return inbox.expect("hello", 1000);
  },
  LUO_LINK_TIMEOUT: () => new Inbox().expect("hello", 1),
  LUO_LOCK: () => parseLock("{"),
  LUO_MANIFEST: () => parseManifest("{"),
  LUO_MEMORY_LOCKED: () => {
    const { segments } = heapBacking(4096);
    new PreservedMemory({ segments, lock: () => false }).pool("test").allocate(8);
  },
  LUO_NOT_LISTENING: () => {
    const memfd = Memfd.create("test");
    try {
      Listener.adopt(memfd.fd);
    } finally {
      memfd.close();
    }
  },
  LUO_NO_SHARED_VERSION: () => {
    const lamp = { reads: [0], writes: [0], layouts: {} };
    const newer = { ...lamp, reads: [1] };
    negotiate({ format: 1, families: { lamp } }, { format: 1, families: { lamp: newer } });
  },
  LUO_OUT_OF_MEMORY: () => pool().allocate(2 ** 40),
  LUO_POOL_NAME: () => store().pool("luo.mine"),
  LUO_PRESERVE: () => new Predecessor([]).preserve("lamp", new LampV1()),
  LUO_PROTOCOL: () => heard({ type: "finish" }),
  LUO_REFUSED: () => heard({ type: "refused", reason: "not now" }),
  LUO_STALE_STORE: () => {
    const backing = heapBacking();
    const [first, second] = [ObjectStore.create(backing), ObjectStore.create(backing)];
    first.seal();
    second.seal();
  },
  LUO_STATE: () => {
    const predecessor = new Predecessor([]);
    predecessor.update(carrier(() => {})).catch(() => {});
    return predecessor.update(carrier(() => {}));
  },
  LUO_SUCCESSOR: () => heard({ type: "failed", reason: "not today" }),
  LUO_UNDO: () =>
    new Predecessor([]).update(
      carrier(() => {
        throw new Error("still in use");
      }),
    ),
  LUO_UNSEALED: () => {
    const changed = store();
    changed.put("lamp", new LampV1());
    changed.refresh();
  },
  LUO_UPDATE: () => new Predecessor([]).update(carrier(() => {})),
};

/** The tests of errors that need more than a line, by code. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  LUO_BTF_NAME: "packages/btf/test/fixture.test.ts",
  LUO_BTF_NESTING: "packages/btf/test/hostile.test.ts",
  LUO_BTF_REFERENCE: "packages/btf/test/hostile.test.ts",
  LUO_BTF_STRING: "packages/btf/test/hostile.test.ts",
  LUO_BTF_TRUNCATED: "packages/btf/test/hostile.test.ts",
  LUO_BTF_TYPE: "packages/btf/test/hostile.test.ts",
  LUO_BTF_UNEXPRESSIBLE: "packages/btf/test/hostile.test.ts",
  LUO_CANNOT_DETACH: "packages/linux/test/memfd.test.ts",
  LUO_DRAIN: "packages/socket/test/listener.test.ts",
  LUO_LISTENER_MISMATCH: "packages/socket/test/handler.test.ts",
  LUO_LOST_SUCCESSOR: "packages/orchestrator/test/failure.test.ts",
  LUO_MEMFD_MISMATCH: "packages/memfd/test/memfd.test.ts",
  LUO_NOTATION: "packages/struct/test/notations.test.ts",
  LUO_NOT_MEMFD: "packages/linux/test/memfd.test.ts",
  LUO_PROGRAM: "packages/orchestrator/test/program.test.ts",
  LUO_SCHEMA: "packages/struct/test/schema-layouts.test.ts",
  LUO_UNDECLARED_FAMILY: "packages/luo/test/live-update.test.ts",
  LUO_UNKNOWN_FIELD: "packages/struct/test/create.test.ts",
};

/** Codes that this test cannot cause: those of a system call, of another platform, and of a command. */
const ABSENT = ["LUO_UNSUPPORTED_PLATFORM", "LUO_USAGE", "the name in errno(3), such as ENOMEM"];

async function thrownBy(misuse: () => unknown): Promise<unknown> {
  try {
    await misuse();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("every error tells code, found, expected and what to do", () => {
  test.each(Object.entries(MISUSES))("%s", async (code, misuse) => {
    const error = await thrownBy(misuse);
    expect(error).toBeInstanceOf(LuoError);
    if (!(error instanceof LuoError)) return;
    expect(error.code).toBe(code);
    expect(error.found).not.toBe("");
    expect(error.do).not.toBe("");
    expect(error.message).toContain(error.found);
    expect(error.message).toContain(error.expected ?? "");
    const { name } = error;
    expect(CLASSES.map((known) => known.name)).toContain(name);
  });

  test.each(Object.entries(ELSEWHERE))("%s in a test of its own", (code, path) => {
    const names = (BY_CODE.get(code) ?? []).map(({ error }) => error);
    const text = readFileSync(path, "utf8");
    expect([code, ...names].some((name) => text.includes(name))).toBe(true);
  });

  test("none is left out", () => {
    const tested = [...Object.keys(MISUSES), ...Object.keys(ELSEWHERE), ...ABSENT];
    expect([...BY_CODE.keys()].filter((code) => !tested.includes(code))).toEqual([]);
  });
});

test("the message says where, what was found, what was expected, and what to do", async () => {
  expect(await thrownBy(() => parseManifest({ format: 1 }))).toMatchObject({
    message: "manifest, families: found undefined, expected an object; write it with luo manifest",
  });
});

describe("of LuoError are", () => {
  test("only errors that have its members", () => {
    const plain = new Error("no");
    const node = Object.assign(new Error("no"), { code: "ENOENT" });
    for (const other of [plain, node, { code: "LUO_X", found: "x", do: "y" }, null, "LUO_BOUNDS"]) {
      expect(other).not.toBeInstanceOf(LuoError);
    }
  });

  test("its classes, each by itself", async () => {
    const error = await thrownBy(() => bytes(0));
    expect(error).toBeInstanceOf(DeclarationError);
    expect(error).not.toBeInstanceOf(BoundsError);
    const range = await thrownBy(() => new Memory(new ArrayBuffer(0)).bytes(0, 1));
    expect(range).toBeInstanceOf(BoundsError);
    expect(range).toBeInstanceOf(RangeError);
    expect(range).not.toBeInstanceOf(DeclarationError);
  });

  test("those of the other build, ESM or CommonJS, and of packages that import none", async () => {
    const dist = (name: string, format: string) =>
      new URL(`../packages/${name}/dist/${format}/index.js`, import.meta.url);
    const require = createRequire(import.meta.url);
    const esm = await import(dist("struct", "esm").href);
    const cjs = require(dist("struct", "cjs").pathname);
    const linux = require(dist("linux", "cjs").pathname);
    expect(esm.LuoError).not.toBe(cjs.LuoError);
    const misuses = [esm, cjs].flatMap(({ bytes, Memory }) => [
      () => bytes(0),
      () => new Memory(new ArrayBuffer(0)).bytes(0, 1),
    ]);
    for (const misuse of [...misuses, () => linux.setCloseOnExec(-1, true)]) {
      const error = await thrownBy(misuse);
      expect(error).toBeInstanceOf(esm.LuoError);
      expect(error).toBeInstanceOf(cjs.LuoError);
    }
  });
});
