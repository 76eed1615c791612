import {
  descriptorOf,
  type FieldType,
  layoutOf,
  propertySource,
  type SourceNames,
  type StructClass,
  structSource,
} from "@luo/struct";
import { BtfStructs, type EnumDeclaration, type StructsOptions } from "./structs.js";
import type { Btf } from "./types.js";

export interface ImportOptions extends StructsOptions {
  /** The origin of the BTF for the comment at the top, such as a kernel's release or a file. */
  readonly origin?: string;
}

/**
 * Writes TypeScript source for a struct or union and every struct and enum inside it: annotated classes
 * with the layout that BTF says. The source compiles with `experimentalDecorators` and imports only
 * `@luo/struct`. Names that are taken or no identifiers are changed; things without a name in C get one
 * with a `$`.
 *
 *     importBtf(readBtf(readFileSync("/sys/kernel/btf/vmlinux")), "list_head")
 *
 * @param target the name of a struct, union or typedef, or an id
 * @throws {BtfError} when there is no such struct, or more than one
 * @throws {UnexpressibleError} when no annotations give it that layout
 */
export function importBtf(btf: Btf, target: string | number, options: ImportOptions = {}): string {
  const structs = new BtfStructs(btf, options);
  const { struct, typeId, type } = structs.get(target);
  const writer = new Writer(structs);
  writer.structOf(struct);
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

/** Replaces characters of a name, so that it cannot end the comment around it. */
const word = (name: string) => name.replace(/[^\w.]/g, "_");
const comment = (text: string) => text.replace(/[\r\n\u2028\u2029]+/g, " ").replaceAll("*/", "* /");

/** Writes the declarations of structs, nested ones first. */
class Writer implements SourceNames {
  readonly declarations: string[] = [];
  /** The names that the source imports. */
  readonly used = new Set<string>();
  readonly #structs: BtfStructs;
  readonly #declared = new Set<StructClass | EnumDeclaration>();

  constructor(structs: BtfStructs) {
    this.#structs = structs;
  }

  use(name: string): string {
    this.used.add(name);
    return name;
  }

  enumOf(type: FieldType): string {
    const declaration = this.#structs.enumOf(type);
    if (declaration === undefined) {
      throw new TypeError(`an ${type.kind} without a declaration; BtfStructs makes none`);
    }
    const { name, members } = declaration;
    if (!this.#declared.has(declaration)) {
      this.#declared.add(declaration);
      const lines = members.map(([member, value]) => `  ${member} = ${value},`);
      this.declarations.push("", `export enum ${name} {`, ...lines, "}");
    }
    return name;
  }

  structOf(struct: StructClass): string {
    const { name, fields, options } = descriptorOf(struct);
    if (this.#declared.has(struct)) return name;
    this.#declared.add(struct);
    const properties = fields.map((field) => `  ${propertySource(field, this)}`);
    const { size, overlay } = layoutOf(struct, this.#structs.abi);
    this.declarations.push(
      "",
      `/** A ${overlay ? "union" : "struct"} of ${size} ${size === 1 ? "byte" : "bytes"}. */`,
      structSource(0, options, this),
      `export class ${name} {`,
      ...properties,
      "}",
    );
    return name;
  }
}
