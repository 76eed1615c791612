import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { codecOf, layoutOf, Memory } from "@luo/struct";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { EVERYTHING_C, EVERYTHING_C_VALUES, EverythingV3, everything } from "./fixtures.js";

const C_NAME: Record<string, string> = { signed: "signed_" };

describe.each(["gcc", "clang"])("judged by %s", (compiler) => {
  const absent = spawnSync(compiler, ["--version"]).error !== undefined;
  let folder = "";
  let judged: { size: number; align: number; offsets: number[]; bytes: Uint8Array };
  const layout = layoutOf(EverythingV3);

  beforeAll(() => {
    if (absent) return;
    folder = mkdtempSync(join(tmpdir(), "luo-c-"));
    const offsets = layout.fields
      .map(({ name }) => `printf("%zu ", offsetof(struct everything, ${C_NAME[name] ?? name}));`)
      .join("\n");
    const program = `#include <stdio.h>\n#include <stddef.h>\n#include <string.h>\n${EVERYTHING_C}
      int main(void) {
        printf("%zu %zu ", sizeof(struct everything), _Alignof(struct everything));
        ${offsets}
        struct everything s; memset(&s, 0, sizeof s);
        ${EVERYTHING_C_VALUES}
        for (size_t k = 0; k < sizeof s; k++) printf("%02x", ((unsigned char *)&s)[k]);
      }`;
    writeFileSync(join(folder, "judge.c"), program);
    execFileSync(compiler, ["-std=c11", "-Wall", "-Werror", "judge.c", "-o", "judge"], {
      cwd: folder,
    });
    const words = execFileSync(join(folder, "judge"), { encoding: "utf8" }).split(" ");
    const bytes = Uint8Array.from(Buffer.from(words.pop() ?? "", "hex"));
    const [size = 0, align = 0, ...rest] = words.map(Number);
    judged = { size, align, offsets: rest, bytes };
  });
  afterAll(() => folder && rmSync(folder, { recursive: true }));

  test.skipIf(absent)("size, alignment and every offset are what the compiler gives", () => {
    expect(layout.fields.map(({ offset }) => offset)).toEqual(judged.offsets);
    expect([layout.size, layout.align]).toEqual([judged.size, judged.align]);
  });

  test.skipIf(absent)("a C program's bytes are read as its values", () => {
    expect(codecOf(EverythingV3).decode(new Memory(judged.bytes), 0)).toEqual(everything());
  });

  test.skipIf(absent)("values are written as the C program's bytes, padding included", () => {
    for (const shift of [0, 1, 8]) {
      const dirty = new Uint8Array(layout.size + 16).fill(0xaa);
      codecOf(EverythingV3).encode(everything(), new Memory(dirty), shift);
      expect(dirty.subarray(shift, shift + layout.size)).toEqual(judged.bytes);
      expect(dirty.subarray(0, shift).every((byte) => byte === 0xaa)).toBe(true);
      expect(dirty.subarray(shift + layout.size).every((byte) => byte === 0xaa)).toBe(true);
    }
  });
});
