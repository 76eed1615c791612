import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COMPILERS, type Compiler } from "./differential/compilers.js";

/** What C compilers say of a source that includes headers of Linux. */

/** The compiler of programs that are run. */
export const GCC = COMPILERS[0] as Compiler;

const { stdout: triplet } = spawnSync(GCC.command, ["-print-multiarch"], { encoding: "utf8" });

/** The compiler, with the headers of Linux: both kinds of x86 have the same, in one folder. */
export function withHeaders(compiler: Compiler): Compiler {
  if (compiler.abi !== "i386" || !triplet?.startsWith("x86_64")) return compiler;
  const target = [...compiler.target, "-idirafter", `/usr/include/${triplet.trim()}`];
  return { ...compiler, target };
}

/** What the compiler says against the source: nothing, if it takes it without a warning. */
export function complaints(compiler: Compiler, source: string, flags: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "luo-complaints-"));
  writeFileSync(join(folder, "source.c"), source);
  const { command, target } = withHeaders(compiler);
  const strict = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", ...flags];
  const { error, stderr } = spawnSync(
    command,
    [...target, ...strict, "-fsyntax-only", "source.c"],
    { cwd: folder, encoding: "utf8" },
  );
  rmSync(folder, { recursive: true });
  return error === undefined ? stderr : String(error);
}

const PROBE = "#include <linux/types.h>\n__u64 probe;\n";

/** Those that are not installed, or have no headers of Linux. */
export const ABSENT: ReadonlySet<Compiler> = new Set(
  COMPILERS.filter((compiler) => complaints(compiler, PROBE) !== ""),
);
