import { describe, expect, test } from "vitest";
import { BtfError, BtfStructs, importBtf, readBtf, UnexpressibleError } from "../src/index.js";
import { BtfBuilder, KIND } from "./builder.js";
import { fixtureBytes, ORDERS } from "./files.js";

/** Does all that can be done with the bytes; whatever is wrong with them must have been said. */
function exhaust(bytes: Uint8Array): string {
  let outcome = "whole";
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof BtfError || error instanceof UnexpressibleError)) throw error;
      outcome = error.code;
    }
  };
  attempt(() => {
    const btf = readBtf(bytes);
    const structs = new BtfStructs(btf);
    for (const [id, { kind }] of btf.types.entries()) {
      if (kind !== "struct" && kind !== "union") continue;
      attempt(() => structs.get(id));
      attempt(() => importBtf(btf, id));
    }
  });
  return outcome;
}

describe.each(ORDERS)(
  "bytes that clang wrote and something damaged, $endian-endian",
  ({ file }) => {
    const whole = fixtureBytes(file);

    test("cut off anywhere, they are refused", () => {
      for (let length = 0; length < whole.length; length++) {
        const outcome = exhaust(whole.subarray(0, length));
        expect({ length, outcome }).toEqual({ length, outcome: "LUO_BTF_HEADER" });
      }
    });

    test("with the type section cut off anywhere, they are refused or whole", {
      timeout: 60_000,
    }, () => {
      const little = file === "le.btf";
      const view = new DataView(whole.buffer, whole.byteOffset, whole.length);
      const types = view.getUint32(12, little);
      const outcomes = new Set<string>();
      for (let length = 0; length < types; length += 20) {
        const bytes = whole.slice();
        new DataView(bytes.buffer).setUint32(12, length, little);
        outcomes.add(exhaust(bytes));
      }
      expect(outcomes).toContain("LUO_BTF_TRUNCATED");
      expect(outcomes).toContain("LUO_BTF_REFERENCE");
    });

    test("with a bit turned over, they are refused or understood", { timeout: 60_000 }, () => {
      const outcomes = new Set<string>();
      // A step that shares no factor with the length in bits: every part is hit, in every bit.
      for (let bit = 0; bit < whole.length * 8; bit += 61) {
        const bytes = whole.slice();
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        outcomes.add(exhaust(bytes));
      }
      expect([...outcomes]).toEqual(
        expect.arrayContaining([
          ...["LUO_BTF_HEADER", "LUO_BTF_REFERENCE", "LUO_BTF_STRING", "LUO_BTF_TYPE", "whole"],
        ]),
      );
    });

    test("with a word of ones anywhere, they are refused or understood", {
      timeout: 60_000,
    }, () => {
      for (let offset = 0; offset + 4 <= whole.length; offset += 20) {
        const bytes = whole.slice();
        bytes.fill(0xff, offset, offset + 4);
        expect(exhaust(bytes)).toMatch(/^(?:LUO_BTF_\w+|whole)$/);
      }
    });
  },
);

/** The result of reading the bytes that a test made. */
const reading = (make: (builder: BtfBuilder) => void) => () => {
  const builder = new BtfBuilder();
  make(builder);
  return readBtf(builder.bytes());
};

describe("types that no C program has", () => {
  test.each<[string, string, string, (builder: BtfBuilder) => void]>([
    [
      "a typedef of itself",
      "LUO_BTF_NESTING",
      "BTF type 1: found typedef loop, which contains itself, expected types that end",
      (builder) => builder.type(KIND.typedef, "loop", 1),
    ],
    [
      "a circle of typedefs and qualifiers",
      "LUO_BTF_NESTING",
      "which contains itself",
      (builder) => {
        builder.type(KIND.typedef, "a", 2);
        builder.type(KIND.const, "", 1);
      },
    ],
    [
      "an array of itself",
      "LUO_BTF_NESTING",
      "which contains itself",
      (builder) => builder.array(1, 0),
    ],
    [
      "a struct inside itself",
      "LUO_BTF_NESTING",
      "struct outer, which contains itself",
      (builder) => {
        builder.struct("outer", 4, [["again", 2, 0]]);
        builder.array(1, 1);
      },
    ],
    [
      "a million typedefs of each other",
      "LUO_BTF_NESTING",
      "more than 64 deep",
      (builder) => {
        for (let id = 1; id < 1_000_000; id++) builder.type(KIND.typedef, "t", id + 1);
        builder.int("int", 4);
      },
    ],
    [
      "more elements than memory",
      "LUO_BTF_TYPE",
      "found array without a name: 65536 elements of 65536 bytes, expected at most 4294967295 bytes",
      (builder) => {
        builder.array(2, 65_536);
        builder.array(3, 65_536);
        builder.int("char", 1);
      },
    ],
    [
      "more members than bytes",
      "LUO_BTF_TRUNCATED",
      "found 0 bytes left in the type section, expected 786420",
      (builder) => builder.type(KIND.struct, "huge", 4, { count: 65_535 }),
    ],
    [
      "a kind that is none",
      "LUO_BTF_TYPE",
      "BTF type 1 at offset 24: found kind 20, expected 1 to 19",
      (builder) => builder.type(20, "", 0),
    ],
    [
      "a reference to a type that is not there",
      "LUO_BTF_REFERENCE",
      "BTF type 1: found a reference to type 7, expected 0 to 1",
      (builder) => builder.type(KIND.ptr, "", 7),
    ],
    [
      "a member behind the end of its struct",
      "LUO_BTF_TYPE",
      "found struct small: last up to bit 104, expected at most the 12 bytes around it",
      (builder) => builder.struct("small", 12, [["last", builder.int("int", 4), 72]]),
    ],
    [
      "a member that begins within a byte",
      "LUO_BTF_TYPE",
      "found struct s: x at bit 3, expected a whole byte, as it is no bitfield",
      (builder) => builder.struct("s", 12, [["x", builder.int("int", 4), 3]]),
    ],
    [
      "a bitfield wider than its type",
      "LUO_BTF_TYPE",
      "found struct s: x, 33 bits of int, expected at most the bits of an integer",
      (builder) => {
        const int = builder.int("int", 4);
        const member = [builder.name("x"), int, 33 * 2 ** 24];
        builder.type(KIND.struct, "s", 12, { flag: true, count: 1 }, member);
      },
    ],
    [
      "a bitfield of a float",
      "LUO_BTF_TYPE",
      "found struct s: x, 3 bits of float, expected at most the bits of an integer",
      (builder) => {
        const float = builder.type(KIND.float, "float", 4);
        const member = [builder.name("x"), float, 3 * 2 ** 24];
        builder.type(KIND.struct, "s", 12, { flag: true, count: 1 }, member);
      },
    ],
    [
      "a member that is only declared",
      "LUO_BTF_TYPE",
      "found struct s: x, which is fwd, expected a type with a size",
      (builder) => builder.struct("s", 4, [["x", builder.type(KIND.fwd, "f", 0), 0]]),
    ],
    [
      "an array of functions",
      "LUO_BTF_TYPE",
      "elements without a size",
      (builder) => builder.array(builder.type(KIND.func_proto, "", 0), 2),
    ],
    [
      "an integer of three bytes",
      "LUO_BTF_TYPE",
      "int odd: a size of 3, expected one of 1, 2, 4, 8, 16",
      (builder) => builder.int("odd", 3),
    ],
  ])("%s", (_, code, message, make) => {
    const started = performance.now();
    expect(reading(make)).toThrow(expect.objectContaining({ name: "BtfError", code }));
    expect(reading(make)).toThrow(message);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("a pointer closes no circle", () => {
    const btf = reading((builder) => {
      builder.struct("node", 8, [["next", 2, 0]]);
      builder.type(KIND.ptr, "", 1);
    })();
    expect(new BtfStructs(btf).get("node").attributes).toEqual([]);
  });

  test("structs that each hold two of the one before take no time", () => {
    const btf = reading((builder) => {
      let id = builder.int("char", 1);
      for (let level = 0; level < 28; level++) {
        const bits = 8 * 2 ** level;
        const halves = [["a", id, 0] as const, ["b", id, bits] as const];
        id = builder.struct(`level${level}`, 2 ** (level + 1), halves);
      }
    })();
    const started = performance.now();
    expect(importBtf(btf, "level27")).toContain("export class level27 {");
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test("a header shorter than the fields that are read is refused", () => {
    const bytes = new BtfBuilder().bytes();
    new DataView(bytes.buffer).setUint32(4, 8, true);
    expect(() => readBtf(bytes)).toThrow("BTF at offset 4: found a header of 8 bytes");
  });

  test("a name that goes on behind the string section is refused", () => {
    const builder = new BtfBuilder();
    builder.int("int", 4);
    const bytes = builder.bytes();
    new DataView(bytes.buffer).setUint32(20, "\0int".length, true);
    expect(() => readBtf(bytes)).toThrow("found a name at 1 of the string section");
  });

  test("what is no BTF says what it is", () => {
    expect(() => readBtf(Buffer.from("\x7fELF and so on, up to a whole header"))).toThrow(
      "BTF at offset 0: found 0x457f, expected the magic 0xeb9f; of an object file, give the section .BTF and not the file",
    );
  });
});

describe("structs that annotations do not reach are named, with the reason", () => {
  const refusal = (make: (builder: BtfBuilder) => number) => () => {
    const builder = new BtfBuilder();
    const id = make(builder);
    return new BtfStructs(readBtf(builder.bytes())).get(id);
  };

  test.each<[string, string, (builder: BtfBuilder) => number]>([
    [
      "members in another order",
      "turned (type 2): b lies at bit 0, where nothing puts it behind the 64 bits before it",
      (builder) => {
        const int = builder.int("int", 4);
        return builder.struct("turned", 8, [
          ["a", int, 32],
          ["b", int, 0],
        ]);
      },
    ],
    [
      "a struct inside that is so",
      "outer (type 3): it contains inner: b lies at bit 0",
      (builder) => {
        const int = builder.int("int", 4);
        const members = [
          ["a", int, 0],
          ["b", int, 0],
        ] as const;
        return builder.struct("outer", 8, [["x", builder.struct("inner", 8, members), 0]]);
      },
    ],
    [
      "more members than are reasonable",
      "wide (type 2): it has 65535 members, expected at most 4096",
      (builder) => {
        const byte = builder.int("char", 1);
        const members = Array.from({ length: 65_535 }, (_, at) => ["", byte, at * 8] as const);
        return builder.struct("wide", 65_535, members);
      },
    ],
  ])("%s", (_, message, make) => {
    expect(refusal(make)).toThrow(UnexpressibleError);
    expect(refusal(make)).toThrow(message);
  });
});
