import { existsSync, readFileSync } from "node:fs";
import { arch } from "node:process";
import { fileURLToPath } from "node:url";
import { ABIS, type Abi } from "@luo/struct";
import { type Btf, readBtf } from "../src/index.js";

/** The BTF that tests read. */

const fixture = (name: string) =>
  readFileSync(fileURLToPath(new URL(`./fixtures/kernel-like.${name}`, import.meta.url)));

export const ORDERS = [
  { endian: "little", file: "le.btf" },
  { endian: "big", file: "be.btf" },
] as const;

/** A copy of its own, to be damaged. */
export const fixtureBytes = (file: (typeof ORDERS)[number]["file"]): Uint8Array =>
  new Uint8Array(fixture(file));

/** Size and offsets of the members in bits, as the C compiler says, by the name of the struct. */
export function compilerLayouts(): Map<string, { size: number; offsets: number[] }> {
  const lines = /^Type: (?:struct|union) (\w+)\n {2}Size:(\d+)\n {2}FieldOffsets: \[(.*)\]>$/gm;
  return new Map(
    Array.from(
      fixture("layouts").toString().matchAll(lines),
      ([, name = "", size, offsets = ""]) => [
        name,
        { size: Number(size) / 8, offsets: offsets === "" ? [] : offsets.split(", ").map(Number) },
      ],
    ),
  );
}

const VMLINUX = "/sys/kernel/btf/vmlinux";
export const hasVmlinux = existsSync(VMLINUX);
export const readVmlinux = (): Btf => readBtf(readFileSync(VMLINUX));
/** The rules that the running kernel is laid out by. */
export const kernelAbi: Abi =
  arch === "arm64" ? ABIS.arm64 : arch === "s390x" ? ABIS.s390x : ABIS["x86-64"];
