import {
  describe,
  type FieldDescriptor,
  type FieldType,
  layoutOf,
  type StructClass,
  type StructOptions,
} from "@luo/struct";
import { BtfStructs, type EnumDeclaration, type StructsOptions } from "./structs.js";
import type { Btf } from "./types.js";

export interface ImportOptions extends StructsOptions {
  /** Where the BTF came from, for the comment at the top: a kernel's release, or a file. */
  readonly origin?: string;
}

/**
 * The TypeScript source of a struct or union, and of every struct and enum inside of it: annotated
 * classes with the layout that BTF says. It compiles with `experimentalDecorators`, and imports
 * only `@luo/struct`. Names that are no identifiers, or are taken, are changed; what has no name in
 * C has one with a `$`.
 *
 *     importBtf(readBtf(readFileSync("/sys/kernel/btf/vmlinux")), "list_head")
 *
 * @param target the name of a struct, union or typedef, or an id
 * @throws {BtfError} when there is no such struct, or more than one
 * @throws {UnexpressibleError} when no annotations lead to its layout
 */
export function importBtf(btf: Btf, target: string | number, options: ImportOptions = {}): string {
  const structs = new BtfStructs(btf, options);
  const { struct, typeId, type } = structs.get(target);
  const writer = new Writer(structs);
  writer.declare(struct);
  const { origin = "BTF" } = options;
  const called = word(type.name) || "without a name";
  return [
    "/**",
    ` * ${type.kind} ${called} (type ${typeId} of ${btf.types.length}) as ${comment(origin)} has it.`,
    ` * Written by importBtf of @luo/btf, with the layout of the ABI ${structs.abi.name}.`,
    " */",
    `import { ${[...writer.used].sort().join(", ")} } from "@luo/struct";`,
    ...writer.declarations,
    "",
  ].join("\n");
}

/** A name that cannot end the comment that it stands in. */
const word = (name: string) => name.replace(/[^\w.]/g, "_");
const comment = (text: string) => text.replace(/[\r\n\u2028\u2029]+/g, " ").replaceAll("*/", "* /");

interface Text {
  /** What `array` takes. */
  readonly element: string;
  /** What stands before a property, without its `@`, unless it is the same. */
  readonly annotation?: () => string;
  readonly initial: string;
}

type TextPerKind = {
  readonly [K in FieldType["kind"]]: (
    type: Extract<FieldType, { kind: K }>,
    writer: Writer,
  ) => Text;
};

const INITIAL = { number: "0", bigint: "0n", boolean: "false" } as const;

/** Arrays of so many dimensions are annotated at once. */
const DIMENSIONS = 3;

const TEXT: TextPerKind = {
  scalar: ({ name, value }, writer) => ({ element: writer.use(name), initial: INITIAL[value] }),
  enum: (type, writer) => {
    const { name, first } = writer.declareEnum(type);
    const of = writer.text(type.of).element;
    return { element: `${writer.use("enumeration")}(${of}, ${name})`, initial: `${name}.${first}` };
  },
  bits: ({ of, width }, writer) => {
    const { element, initial } = writer.text(of);
    return { element: `${writer.use("bits")}(${element}, ${width})`, initial };
  },
  char: ({ length }, writer) => ({ element: `${writer.use("char")}(${length})`, initial: '""' }),
  bytes: ({ length }, writer) => ({
    element: `${writer.use("bytes")}(${length})`,
    initial: `new Uint8Array(${length})`,
  }),
  array: (type, writer) => {
    const lengths: number[] = [];
    let of: FieldType = type;
    for (; of.kind === "array" && lengths.length < DIMENSIONS; of = of.of) lengths.push(of.length);
    const { element, initial } = writer.text(of);
    return {
      element: `${writer.use("array")}(${[element, ...lengths].join(", ")})`,
      initial: lengths.reduceRight(elements, initial),
    };
  },
  flexible: ({ of }, writer) => {
    const { element, initial } = writer.text(of);
    return { element: `${writer.use("flexible")}(${element})`, initial: elements(initial, 0) };
  },
  struct: ({ of }, writer) => {
    const name = writer.declare(of());
    return {
      element: name,
      annotation: () => `${writer.use("struct")}(() => ${name})`,
      initial: `new ${name}()`,
    };
  },
  union: ({ kind }) => unknown(kind),
  ref: ({ kind }) => unknown(kind),
  reserved: ({ of }, writer) => ({
    element: `${writer.use("reserved")}(${writer.text(of).element})`,
    initial: "",
  }),
};

const elements = (initial: string, length: number) =>
  `Array.from({ length: ${length} }, () => ${initial})`;

const unknown = (kind: string): never => {
  throw new TypeError(`C has no ${kind}; BtfStructs makes none`);
};

/** Declares structs, those inside of others first. */
class Writer {
  readonly declarations: string[] = [];
  /** What the source imports. */
  readonly used = new Set(["LuoStruct"]);
  readonly #structs: BtfStructs;
  readonly #declared = new Set<StructClass | EnumDeclaration>();

  constructor(structs: BtfStructs) {
    this.#structs = structs;
  }

  use(name: string): string {
    this.used.add(name);
    return name;
  }

  text(type: FieldType): Text {
    return (TEXT[type.kind] as (type: FieldType, writer: Writer) => Text)(type, this);
  }

  declareEnum(type: FieldType): { name: string; first: string } {
    const declaration = this.#structs.enumOf(type);
    const [first] = declaration?.members ?? [];
    if (declaration === undefined || first === undefined) return unknown(type.kind);
    const { name, members } = declaration;
    if (!this.#declared.has(declaration)) {
      this.#declared.add(declaration);
      const lines = members.map(([member, value]) => `  ${member} = ${value},`);
      this.declarations.push("", `export enum ${name} {`, ...lines, "}");
    }
    return { name, first: first[0] };
  }

  declare(struct: StructClass): string {
    const { name, fields, options } = describe(struct);
    if (this.#declared.has(struct)) return name;
    this.#declared.add(struct);
    const properties = fields.map((field) => this.#property(field));
    const { size, overlay } = layoutOf(struct, this.#structs.abi);
    this.declarations.push(
      "",
      `/** A ${overlay ? "union" : "struct"} of ${size} ${size === 1 ? "byte" : "bytes"}. */`,
      `@LuoStruct(0${optionsOf(options)})`,
      `export class ${name} {`,
      ...properties,
      "}",
    );
    return name;
  }

  #property({ name, type, packed, align }: FieldDescriptor): string {
    const { element, annotation, initial } = this.text(type);
    const annotations = [
      ...(packed ? [this.use("packed")] : []),
      ...(align === undefined ? [] : [`${this.use("aligned")}(${align})`]),
      annotation?.() ?? element,
    ];
    const value = type.kind === "reserved" ? ": unknown" : ` = ${initial}`;
    return `  ${annotations.map((text) => `@${text}`).join(" ")} ${name}${value};`;
  }
}

function optionsOf(options: StructOptions): string {
  const said = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return said.length === 0 ? "" : `, { ${said.join(", ")} }`;
}
