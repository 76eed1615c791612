import {
  type CHeaderOptions,
  CNameError,
  defineStruct,
  type StructClass,
  toCHeader,
  u32,
} from "@luo/struct";
import { describe, expect, test } from "vitest";
import { ABSENT, complaints, GCC } from "./complaints.js";

describe("a name that C cannot take is an error", () => {
  const named = (name: string, ...fields: string[]) =>
    defineStruct(
      name,
      0,
      fields.map((name) => ({ name, type: u32.type })),
    );
  const state = (...texts: string[]) => {
    const members = new Map(texts.map((text, index) => [index, text]));
    return defineStruct("Task", 0, [
      { name: "state", type: { kind: "enum", of: u32.type, members } as never },
    ]);
  };
  const rows: [string, StructClass[], CHeaderOptions, Partial<CNameError>][] = [
    ["of a property", [named("Size", "größe")], {}, { struct: "Size", field: "größe" }],
    ["that begins with a digit", [named("Size", "2nd")], {}, { struct: "Size", field: "2nd" }],
    ["of a class", [named("Größe", "x")], {}, { struct: "Größe", field: undefined }],
    ["that is given", [named("Size", "x")], { name: () => "a b" }, { found: '"a b"' }],
    ["of a guard", [named("Size", "x")], { guard: "a-b" }, { found: '"a-b"' }],
    [
      "of two classes",
      [named("SizeV1", "x"), named("SizeV1", "x")],
      {},
      { found: '"size_v1", which SizeV1 is already' },
    ],
    ["that another escapes to", [named("Size", "int_", "int")], {}, { field: "int" }],
    ["of two texts", [state("in use", "in-use")], {}, { struct: "Task", field: "state" }],
  ];
  test.each(rows)("%s", (_, structs, options, fields) => {
    const attempt = () => toCHeader(structs, options);
    expect(attempt).toThrow(CNameError);
    expect(attempt).toThrow(expect.objectContaining({ code: "LUO_C_NAME", ...fields }));
  });

  test("that says what to do", () => {
    expect(() => toCHeader(named("Size", "größe"))).toThrow(
      'Size.größe: found "größe", expected an identifier of C, which has letters, digits and underscores; rename the property',
    );
    expect(() => toCHeader([named("A", "x"), named("a", "x")])).toThrow(
      'a: found "a", which A is already, expected a name in C that nothing else has; give it another name with the option `name`',
    );
  });

  test.skipIf(ABSENT.has(GCC))("unless an underscore helps", () => {
    const words = ["int", "signed", "typeof", "linux", "bool", "_Bool", "x"];
    const header = toCHeader(named("Register", ...words), {
      name: ({ name }) => name.toLowerCase(),
    });
    expect(header.match(/__u32 \w+/g)).toEqual(
      words.map((word) => (word === "x" ? "__u32 x" : `__u32 ${word}_`)),
    );
    expect(header).toContain("struct register_ {");
    expect(complaints(GCC, header)).toBe("");
  });

  test.skipIf(ABSENT.has(GCC))("and no text gets out of a comment", () => {
    const fields = [{ name: "x", type: u32.type }];
    const task = defineStruct("Task", 0, fields, { family: "//a/b//" });
    expect(complaints(GCC, toCHeader(task))).toBe("");
    expect(complaints(GCC, toCHeader(state("*/ int", "/*/", "\\", "??/\n")))).toBe("");
  });
});
