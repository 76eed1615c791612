import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { ABIS, type Abi, codecOf, fingerprintOf, Memory, type StructClass } from "@luo/struct";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Btf, BtfStructs, importBtf, readBtf } from "../src/index.js";
import { BtfBuilder } from "./builder.js";
import {
  compilerLayouts,
  fixtureBytes,
  hasVmlinux,
  kernelAbi,
  ORDERS,
  readVmlinux,
} from "./files.js";
import { Judge } from "./judge.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Sources, compiled as a user's own would be: by tsc, against what @luo/struct publishes. */
class Project {
  readonly #folder = mkdtempSync(join(tmpdir(), "luo-btf-"));

  write(name: string, source: string): void {
    mkdirSync(join(this.#folder, "src"), { recursive: true });
    writeFileSync(join(this.#folder, "src", `${name}.ts`), source);
  }

  /** The complaints of tsc. */
  compile(): string {
    symlinkSync(join(root, "packages/btf/node_modules"), join(this.#folder, "node_modules"));
    writeFileSync(join(this.#folder, "package.json"), JSON.stringify({ type: "module" }));
    const compilerOptions = {
      ...{ rootDir: "src", outDir: "js", lib: ["ES2023", "ESNext.Decorators", "DOM"] },
      ...{ composite: false, declaration: false, emitDeclarationOnly: false },
    };
    const config = { extends: join(root, "tsconfig.base.json"), compilerOptions, include: ["src"] };
    writeFileSync(join(this.#folder, "tsconfig.json"), JSON.stringify(config));
    try {
      return execFileSync(join(root, "node_modules/.bin/tsc"), ["--project", this.#folder], {
        encoding: "utf8",
      });
    } catch (error) {
      return String((error as { stdout?: string }).stdout ?? error);
    }
  }

  /** The class that a compiled source exports. */
  async load(name: string, exported: string): Promise<StructClass> {
    const path = join(this.#folder, "js", `${name}.js`);
    const module = await import(/* @vite-ignore */ pathToFileURL(path).href);
    return module[exported];
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }
}

const project = new Project();
afterAll(() => project.remove());

interface Case {
  readonly title: string;
  readonly file: string;
  readonly btf: Btf;
  readonly abi: Abi;
  readonly target: string | number;
}

/** Structs that a kernel is known to have, and some of all the rest. */
const KERNEL = [
  ...["task_struct", "inode", "page", "tcphdr", "iphdr", "sk_buff", "mm_struct", "file", "dentry"],
  ...["super_block", "net_device", "list_head", "spinlock_t", "bpf_prog", "sock", "module"],
];
const EVERY = 150;

function cases(): Case[] {
  const found: Case[] = ORDERS.flatMap(({ endian, file }) => {
    const btf = readBtf(fixtureBytes(file));
    const abi = endian === "big" ? ABIS.s390x : ABIS["x86-64"];
    return [...compilerLayouts().keys()].map((target) => ({
      ...{ title: `${target}, ${endian}-endian`, file: `${endian}_${target}`, btf, abi, target },
    }));
  });
  if (!hasVmlinux) return found;
  const btf = readVmlinux();
  const named = new Set<string | number>(
    KERNEL.filter((name) => btf.types.some((type) => type.name === name && type.kind !== "fwd")),
  );
  const composite = [...btf.types.entries()].filter(([, { kind }]) => /struct|union/.test(kind));
  for (const [index, [id]] of composite.entries()) if (index % EVERY === 0) named.add(id);
  for (const target of named) {
    const title = `vmlinux: ${target}`;
    found.push({ title, file: `vmlinux_${target}`, btf, abi: kernelAbi, target });
  }
  return found;
}

const all = cases();

describe("what importBtf writes compiles, and has the layout that BTF says", () => {
  let complaints = "not compiled";

  beforeAll(() => {
    for (const { file, btf, abi, target } of all) {
      project.write(file, importBtf(btf, target, { abi, origin: "a test" }));
    }
    complaints = project.compile();
  }, 60_000);

  test("tsc has no complaints, with the strictness of this repository", () => {
    expect(complaints).toBe("");
  });

  test.each(all)("$title", async ({ file, btf, abi, target }) => {
    const { typeId, struct } = new BtfStructs(btf, { abi }).get(target);
    const imported = await project.load(file, struct.name);
    expect(new imported()).toBeInstanceOf(imported);
    const judge = new Judge(btf, abi);
    judge.judge(typeId, imported);
    expect(judge.differences).toEqual([]);
    // Not only the places are the same: so are names and types.
    expect(fingerprintOf(imported)).toBe(fingerprintOf(struct));
  });

  test.skipIf(!hasVmlinux)("structs of the running kernel are among them", () => {
    expect(all.filter(({ title }) => title.startsWith("vmlinux")).length).toBeGreaterThan(50);
  });
});

test("the source reads like one that was written by hand", () => {
  const btf = readBtf(fixtureBytes("le.btf"));
  const { typeId } = new BtfStructs(btf).get("pointers");
  expect(importBtf(btf, "pointers", { origin: "kernel-like.c" })).toBe(`/**
 * struct pointers (type ${typeId} of ${btf.types.length}) as kernel-like.c has it.
 * Written by importBtf of @luo/btf, with the layout of the ABI x86-64.
 */
import { LuoStruct, address, array, bool, bytes, i8, struct, u32, u8 } from "@luo/struct";

/** A struct of 16 bytes. */
@LuoStruct(0)
export class list_head {
  @address next = 0n;
  @address prev = 0n;
}

/** A struct of 4 bytes. */
@LuoStruct(0)
export class spinlock_t {
  @u32 slock = 0;
}

/** A struct of 168 bytes. */
@LuoStruct(0)
export class pointers {
  @u8 a = 0;
  @struct(() => list_head) list = new list_head();
  @address call = 0n;
  @address name = 0n;
  @address unseen = 0n;
  @struct(() => spinlock_t) lock = new spinlock_t();
  @bytes(16) comm = new Uint8Array(16);
  @array(u32, 2, 3) grid = Array.from({ length: 2 }, () => Array.from({ length: 3 }, () => 0));
  @array(i8, 3) levels = Array.from({ length: 3 }, () => 0);
  @array(list_head, 4) buckets = Array.from({ length: 4 }, () => new list_head());
  @array(bool, 2) set = Array.from({ length: 2 }, () => false);
}
`);
});

test("a struct that is read can be written, also with arrays of no elements", () => {
  const structs = new BtfStructs(readBtf(fixtureBytes("le.btf")));
  const { struct } = structs.get("holds_nothing");
  const codec = codecOf(struct);
  const memory = new Memory(new Uint8Array(16).fill(0xee));
  const value = { a: 7, b: {}, none: [], c: 0x0102_0304 };
  codec.encode(value, memory, 0);
  expect([...memory.u8]).toEqual([...[7, 0, 0, 0, 0, 0, 0, 0], ...[4, 3, 2, 1, 0, 0, 0, 0]]);
  expect(codec.decode(memory, 0)).toMatchObject(value);
});

test("no name in BTF gets more into the source than a name", () => {
  const builder = new BtfBuilder();
  const evil = '*/ } globalThis.broken = 1; /* "\u2028\n`';
  const of = builder.int(evil, 4);
  const color = builder.type(6, evil, 4, { count: 2 }, [
    ...[builder.name(evil), 1],
    ...[builder.name(evil), 2],
  ]);
  const wide = builder.int(evil, 16);
  const inner = builder.struct("", 16, [[evil, wide, 0]]);
  const typedef = builder.type(8, evil, inner);
  builder.struct("1st", 32, [
    [evil, of, 0],
    [evil, color, 32],
    ["", typedef, 128],
  ]);
  const source = importBtf(readBtf(builder.bytes()), "1st", { origin: evil });
  const code = source
    .replace(/^\/\*\*.*?\*\//s, "")
    .replace(/^\/\*\* A \w+ of \d+ bytes?\. \*\/$/gm, "");
  expect(source.slice(0, source.indexOf("import {"))).toMatch(/^\/\*\*\n(?: \*.*\n){2} \*\/\n$/);
  expect(code).not.toMatch(/globalThis\.|["`]\$|\u2028|\*\//);
  expect(code).toContain("export class _1st {");
});
