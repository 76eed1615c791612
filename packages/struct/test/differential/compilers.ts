import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { ABIS } from "@luo/struct";
import type { Dialect } from "./c.js";
import { type Elf, readElf } from "./elf.js";

/** A C compiler for one machine; what it makes is read and never run. */
export interface Compiler extends Dialect {
  readonly name: string;
  readonly command: string;
  readonly target: readonly string[];
  readonly abi: keyof typeof ABIS;
  /** ELF's number of the machine. */
  readonly machine: number;
}

const X86_64 = { abi: "x86-64", machine: 62, endian: "little" } as const;
const I386 = { abi: "i386", machine: 3, endian: "little" } as const;
const ARM64 = { abi: "arm64", machine: 183, endian: "little" } as const;
const S390X = { abi: "s390x", machine: 22, endian: "big" } as const;

const gcc = { storageOrder: true } as const;
const clang = (target: string) =>
  ({ command: "clang", target: [`--target=${target}-linux-gnu`], storageOrder: false }) as const;

/** Whoever judges. Those that are not installed, or not for the machine, are skipped. */
export const COMPILERS: readonly Compiler[] = [
  { name: "gcc x86-64", ...gcc, command: "gcc", target: ["-m64"], ...X86_64 },
  { name: "clang x86-64", ...clang("x86_64"), ...X86_64 },
  { name: "gcc i386", ...gcc, command: "gcc", target: ["-m32"], ...I386 },
  { name: "clang i386", ...clang("i386"), ...I386 },
  { name: "gcc arm64", ...gcc, command: "aarch64-linux-gnu-gcc", target: [], ...ARM64 },
  { name: "clang arm64", ...clang("aarch64"), ...ARM64 },
  { name: "gcc s390x", ...gcc, command: "s390x-linux-gnu-gcc", target: [], ...S390X },
  { name: "clang s390x", ...clang("s390x"), ...S390X },
];

const OPTIONS = ["-std=gnu11", "-ffreestanding", "-w", "-O0", "-c"];

let folder: string | undefined;
let files = 0;

function paths() {
  folder ??= mkdtempSync(join(tmpdir(), "luo-differential-"));
  const base = join(folder, `${files++}`);
  return { source: `${base}.c`, object: `${base}.o` };
}

/** Removes what the compilers wrote. */
export function cleanUp(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true });
  folder = undefined;
}

/** Whether the compiler is installed and makes objects for the machine. */
export function isPresent({ command, target, machine }: Compiler): boolean {
  const { source, object } = paths();
  writeFileSync(source, "const int probe = 1;\n");
  const { status } = spawnSync(command, [...target, ...OPTIONS, source, "-o", object]);
  return status === 0 && readElf(readFileSync(object)).machine === machine;
}

/** The object that the compiler makes of the source. */
export async function compileC({ command, target }: Compiler, text: string): Promise<Elf> {
  const { source, object } = paths();
  writeFileSync(source, text);
  await promisify(execFile)(command, [...target, ...OPTIONS, source, "-o", object]);
  const elf = readElf(readFileSync(object));
  rmSync(source);
  rmSync(object);
  return elf;
}
