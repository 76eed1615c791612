import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ABIS,
  array,
  bits,
  codecOf,
  create,
  defineStruct,
  type FieldDescriptor,
  i8,
  layoutOf,
  Memory,
  reserved,
  type StructClass,
  toCHeader,
  u8,
  u32,
  u64,
} from "@luo/struct";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import * as toolchains from "../../../test/toolchains/fixtures/structs.js";
import { isStruct } from "../src/declare/registry.js";
import { ABSENT, complaints, GCC, withHeaders } from "./complaints.js";
import { COMPILERS, type Compiler, cleanUp, compileC } from "./differential/compilers.js";
import { define } from "./differential/luo.js";
import { cases } from "./differential/specs.js";
import * as fixtures from "./fixtures.js";

const { EverythingV3, Header, Packet } = fixtures;

/** The structs that a module exports. */
const structsOf = (module: object) =>
  Object.values(module).filter(
    (item): item is StructClass => typeof item === "function" && isStruct(item),
  );

/** Headers of their own, as they have structs of the same name. */
const MODULES = { fixtures, toolchains };
const RANDOM = fc.sample(cases, { seed: 20, numRuns: 300 }).map(({ struct }) => define(struct));

const folder = mkdtempSync(join(tmpdir(), "luo-c-header-"));
const file = (name: string) => join(folder, name);
afterAll(() => {
  rmSync(folder, { recursive: true });
  cleanUp();
});

const fieldsOf = (...types: readonly Pick<FieldDescriptor, "type" | "align">[]) =>
  types.map(({ type, align }, index) => ({ name: `f${index}`, type, ...(align && { align }) }));
/** gcc and clang differ on bitfields that are aligned to less than their type: judge.ts tells. */
const DISPUTED = [
  fieldsOf(bits(u32, 1), { ...bits(u32, 25), align: 1 }),
  fieldsOf(bits(u32, 4), { ...bits(u32, 20), align: 2 }),
  fieldsOf(u32, u8, { ...bits(u64, 64), align: 4 }),
  fieldsOf(u32, u32, { ...bits(u64, 64), align: 1 }),
].map((fields, index) => defineStruct(`Disputed${index}`, 0, fields));

describe.each(COMPILERS)("$name", (compiler) => {
  const abi = ABIS[compiler.abi];

  test.skipIf(ABSENT.has(compiler)).each(Object.entries(MODULES))(
    "takes the header of every struct in %s, without a warning",
    (_, module) => {
      expect(structsOf(module)).not.toHaveLength(0);
      expect(complaints(compiler, toCHeader(structsOf(module), { abi }))).toBe("");
    },
  );

  test.skipIf(ABSENT.has(compiler))("takes the header of 300 random structs", () => {
    // gcc warns of structs that are packed and have an alignment; it does not of those above.
    const flags = compiler.command === "clang" ? [] : ["-Wno-packed-not-aligned"];
    expect(complaints(compiler, toCHeader(RANDOM, { abi }), flags)).toBe("");
  });

  test.skipIf(ABSENT.has(compiler))("lays bitfields where luo does", async () => {
    const structs = [...structsOf(fixtures), ...DISPUTED, ...RANDOM];
    const places = structs.flatMap((struct) => {
      const { name: tag, overlay, fields } = layoutOf(struct, abi);
      return fields.flatMap(({ name, type, bitOffset, endian }) =>
        type.kind === "bits" && endian === abi.endian
          ? [
              {
                of: `${overlay ? "union" : "struct"} ${tag}`,
                name,
                place: `${bitOffset}:${type.width}`,
              },
            ]
          : [],
      );
    });
    const symbols = places.map(({ of, name }, index) => {
      return `const ${of} b${index} = { .${name === "signed" ? "signed_" : name} = -1 };\n`;
    });
    const header = toCHeader(structs, { abi, name: ({ name }) => name });
    const elf = await compileC(withHeaders(compiler), header + symbols.join(""));
    const found = places.map((place, index) => {
      return { ...place, place: bitsSet(elf.symbol(`b${index}`), abi.endian === "big") };
    });
    expect(found).toEqual(places);
    expect(places.length).toBeGreaterThan(100);
  });
});

/** The first bit that is set, and how many are. */
function bitsSet(bytes: Uint8Array, big: boolean): string {
  const bits = [...bytes].flatMap((byte) =>
    Array.from({ length: 8 }, (_, bit) => (byte >> (big ? 7 - bit : bit)) & 1),
  );
  return `${bits.indexOf(1)}:${bits.filter((bit) => bit === 1).length}`;
}

describe("a header that is wrong is refused", () => {
  const header = toCHeader(Header);
  const assertions = [...header.matchAll(/^_Static_assert\((\w+)\((.*)\) == (\d+)/gm)];

  test.skipIf(ABSENT.has(GCC))("size, alignment and each offset are asserted", () => {
    const { fields, size, align } = layoutOf(Header);
    const plain = fields.filter(({ bitOffset }) => bitOffset === undefined);
    expect(assertions.map(([, , , number]) => Number(number)).slice(-plain.length - 2)).toEqual([
      size,
      align,
      ...plain.map(({ offset }) => offset),
    ]);
    for (const [assertion = "", , , number = ""] of assertions) {
      const wrong = assertion.replace(/\d+$/, `${Number(number) + 1}`);
      expect(complaints(GCC, header.replace(assertion, wrong))).toMatch("static assertion failed");
    }
  });

  test.skipIf(ABSENT.has(GCC))("so is a member of another size", () => {
    expect(complaints(GCC, header.replace("__u16 state", "__u64 state"))).toMatch(
      'static assertion failed: "header: offset of name"',
    );
  });

  const s390x = COMPILERS.find(({ name }) => name === "clang s390x") as Compiler;
  test.skipIf(ABSENT.has(s390x))("so is a machine of the other byte order", () => {
    expect(complaints(s390x, header)).toMatch("byte order");
    const portable = defineStruct("P", 0, [{ name: "x", type: u32.type }], { endian: "little" });
    expect(toCHeader(portable)).toMatch("__le32 x;");
    expect(complaints(s390x, toCHeader(portable))).toBe("");
    const bitfield = defineStruct("B", 0, fieldsOf(bits(u32, 3)), { endian: "little" });
    expect(complaints(s390x, toCHeader(bitfield))).toMatch("byte order");
  });

  for (const compiler of COMPILERS.filter(({ abi }) => abi === "i386")) {
    test.skipIf(ABSENT.has(compiler))(
      `but 32-bit programs may include it: ${compiler.name}`,
      () => {
        for (const module of Object.values(MODULES)) {
          expect(complaints(compiler, toCHeader(structsOf(module)))).toBe("");
        }
      },
    );
  }
});

/** Compiles a program that includes the header of a struct as `struct.h`; gives what runs it. */
function program(struct: StructClass, main: string) {
  writeFileSync(file("struct.h"), toCHeader(struct));
  const includes = ["stdio.h", "stdint.h", "stdbool.h", "string.h", "endian.h", "stdlib.h"];
  const source = `${includes.map((name) => `#include <${name}>\n`).join("")}
    #include "struct.h"
    int main(void) { ${main} }`;
  writeFileSync(file("program.c"), source);
  const flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-O1"];
  execFileSync(GCC.command, [...GCC.target, ...flags, "program.c", "-o", "program"], {
    cwd: folder,
  });
  return (input: Uint8Array = new Uint8Array()) => execFileSync(file("program"), { input });
}

function encoded<T extends object>(struct: StructClass<T>, value: T): Uint8Array {
  const memory = new Memory(new Uint8Array(codecOf(struct).sizeOf(value)));
  codecOf(struct).encode(value, memory, 0);
  return memory.u8;
}

describe("a C program that includes the header", () => {
  test.skipIf(ABSENT.has(GCC))("writes the bytes that the codec writes", () => {
    const everything = program(
      EverythingV3,
      `struct everything_v3 s; memset(&s, 0, sizeof s); ${fixtures.EVERYTHING_C_VALUES}
      fwrite(&s, sizeof s, 1, stdout);`,
    );
    expect(Uint8Array.from(everything())).toEqual(encoded(EverythingV3, fixtures.everything()));
    const header = program(
      Header,
      `struct header h; memset(&h, 0, sizeof h);
      h.color = 5; h.state = HEADER_STATE_BUSY; h.low = 5; h.high = (1 << 29) - 1;
      h.pfn = (1ULL << 52) - 2; h.flags = 0xabc; h.signed_ = -16; h.dirty = 1; h.far = -(1LL << 39);
      strcpy(h.name, "seventy"); h.port = htobe32(0x01020304);
      h.ports[0] = htobe16(0x0102); h.ports[1] = htobe16(0xfffe); h.loose = (1ULL << 63) + 1;
      h.kind = 7; h.shape.box.width = 1ULL << 40; h.shape.box.height = 9;
      for (int k = 0; k < 6; k++) h.grid[k / 3][k % 3] = k + 1;
      fwrite(&h, sizeof h, 1, stdout);`,
    );
    expect(Uint8Array.from(header())).toEqual(encoded(Header, fixtures.header()));
  });

  test.skipIf(ABSENT.has(GCC))("reads the values that the codec wrote", () => {
    const header = program(
      Header,
      `struct header h; if (fread(&h, sizeof h, 1, stdin) != 1) return 1;
      printf("%d %d %d %d %llx %x %d %d %lld ", h.color, h.state == HEADER_STATE_BUSY, h.low, h.high,
        (unsigned long long)h.pfn, (int)h.flags, h.signed_, h.dirty, (long long)h.far);
      printf("%s %x %x %x %llx %d %llx %d %d", h.name, be32toh(h.port), be16toh(h.ports[0]),
        be16toh(h.ports[1]), (unsigned long long)h.loose, h.kind, h.shape.box.width,
        h.shape.box.height, h.grid[1][2]);`,
    );
    expect(`${header(encoded(Header, fixtures.header()))}`).toBe(
      "5 1 5 536870911 ffffffffffffe abc -16 1 -549755813888 " +
        "seventy 1020304 102 fffe 8000000000000001 7 10000000000 9 6",
    );
    const packet = program(
      Packet,
      `struct packet *p = malloc(sizeof *p + 3 * sizeof p->circles[0]);
      if (fread(p, 1, 16, stdin) != 16) return 1;
      for (int k = 0; k < p->count; k++) printf("%u ", p->circles[k].radius);`,
    );
    const circles = [7, 8, 4_294_967_295].map(fixtures.circle);
    const value = create(Packet, { count: 3, circles });
    expect(`${packet(encoded(Packet, value))}`).toBe("7 8 4294967295 ");
  });
});

test("bitfields in the other byte order are bytes, and their bits are told", () => {
  const fields = fieldsOf(u8, bits(u8, 5), bits(u32, 19), u8);
  const bytes = "f1 : 5 at 0, f2 : 19 at 5";
  for (const [abi, endian, end] of [
    [ABIS["x86-64"], "big", "most"],
    [ABIS.s390x, "little", "least"],
  ] as const) {
    const reversed = (overlay: boolean) =>
      toCHeader(defineStruct("Reversed", 0, fields, { endian, overlay }), { abi });
    const from = `from the ${end} significant bit of the first byte`;
    expect(reversed(false)).toContain(`\t__u8 f1_bits[3]; /* ${from}: ${bytes} */\n`);
    expect(reversed(true)).toContain(`\t__u8 f1_bits[1]; /* ${from}: f1 : 5 at 0 */\n`);
    expect(reversed(true)).toContain(`\t__u8 f2_bits[3]; /* ${from}: f2 : 19 at 0 */\n`);
  }
  const none = defineStruct("None", 0, fieldsOf(u8, reserved(bits(u8, 0)), u8), { endian: "big" });
  expect(toCHeader(none)).not.toContain("_bits");
  const plain = defineStruct("Plain", 0, fieldsOf(u32), { endian: "big" });
  expect(toCHeader(plain)).not.toContain("aligned");
});

test("a packed bitfield of one byte that lies in two keeps its sign", () => {
  const struct = defineStruct("S", 0, fieldsOf(bits(u8, 5), bits(i8, 6), bits(u8, 7)), {
    packed: true,
  });
  expect(toCHeader(struct)).toMatch(/__u8 f0 : 5;\n\t__s16 f1 : 6;\n\t__u16 f2 : 7;/);
});

test("each struct is declared once, in front of those that hold it", () => {
  const header = toCHeader([EverythingV3, fixtures.Point, EverythingV3]);
  expect(header.match(/^struct \w+ \{/gm)).toEqual(["struct point {", "struct everything_v3 {"]);
  const inner = defineStruct("Inner", 0, [{ name: "x", type: u32.type }]);
  const cycle: { inner: StructClass } = { inner };
  const outer = defineStruct("Outer", 0, [
    { name: "back", type: { kind: "ref", of: () => cycle.inner } },
    { name: "inner", type: { kind: "struct", of: () => inner } },
  ]);
  cycle.inner = defineStruct("Owner", 0, [{ name: "own", type: array(outer, 2).type }]);
  expect(toCHeader(outer).match(/^struct \w+ \{/gm)).toEqual([
    "struct inner {",
    "struct outer {",
    "struct owner {",
  ]);
});

test("a class that is no struct is refused", () => {
  expect(() => toCHeader(class Plain {})).toThrow("Plain: is not a struct");
});
