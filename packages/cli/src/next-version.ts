import {
  descriptorOf,
  enumNamesOf,
  type FieldDescriptor,
  type FieldType,
  isStruct,
  literalSource,
  nameSource,
  type PerKind,
  perKind,
  propertySource,
  type SourceNames,
  type StructClass,
  type StructOptions,
  structSource,
} from "@luo/struct";
import { enumNameIn } from "./sources.js";

/** Names that `@luo/version` exports; all others come from `@luo/struct`. */
const OF_VERSION = new Set(["family", "follows", "since"]);
/** Names that are imported as types. */
const TYPES = new Set(["Sequence"]);

/** `MemfdV1` is followed by `MemfdV2`, and `Counter` of version 0 by `CounterV1`. */
export function nextName(struct: StructClass): string {
  return `${stem(struct)}V${descriptorOf(struct).version + 1}`;
}

const stem = ({ name }: StructClass) => name.replace(/V\d+$/, "");

/** The name of a class as a file name: `memfd-v2` for `MemfdV2`. */
export function fileNameOf(name: string): string {
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase();
}

/** The next version of a class, and the source that it was added to. */
export interface Added {
  readonly text: string;
  readonly declaration: string;
  /** Members of the class that the copy lacks: their source is not known here. */
  readonly notCopied: readonly string[];
}

/**
 * Gives a source with the next version of a class added at its end, and with the imports for it.
 *
 * @param full copies the fields; otherwise the new class extends the one before
 */
export function addClass(source: string, struct: StructClass, full: boolean): Added {
  const { name, version } = descriptorOf(struct);
  const used = new Set<string>();
  const names: SourceNames = {
    use: (name) => {
      used.add(name);
      return name;
    },
    structOf: ({ name }) => name,
  };
  const { lines, notCopied } = full ? copy(source, struct, names) : NOTHING;
  const copied =
    notCopied.length === 0 ? [] : [`  // Not copied from ${name}: ${notCopied.join(", ")}`];
  const declaration = [
    structSource(version + 1, optionsOf(struct), names),
    ...(full ? [`@${names.use("follows")}(${name})`] : []),
    `export class ${nextName(struct)}${full ? "" : ` extends ${name}`} {`,
    ...lines,
    ...copied,
    ...hint(source, version + 1),
    "}",
    "",
  ].join("\n");
  const imports = importsOf(source, used)
    .map((line) => `${line}\n`)
    .join("");
  return { text: `${imports}${source.trimEnd()}\n\n${declaration}`, declaration, notCopied };
}

const NOTHING = { lines: [], notCopied: [] };

/** How a field is added, with the imports that it takes and the source lacks. */
function hint(source: string, version: number): readonly string[] {
  const imports = importsOf(source, new Set(["since", "u32"]));
  return [
    `  // What is new: @since(${version}, 0) @u32 name = 0;`,
    ...imports.map((line) => `  // It takes: ${line}`),
  ];
}

/** The fields and the `@transient` properties of a class, with its initial values. */
function copy(source: string, struct: StructClass, names: SourceNames) {
  const { fields, transient } = descriptorOf(struct);
  const initial = new Map(Object.entries(new struct()));
  const classes = chainOf(struct);
  const notCopied: string[] = [];
  const lines = fields.map((field) => {
    const named = enumNamesOf(field.type) !== undefined;
    const name = named ? enumNameIn(source, classes, field.name) : undefined;
    if (named && name === undefined) notCopied.push(`the enum of ${field.name}`);
    const enumOf = () => name;
    return `  ${propertySource(field, { ...names, enumOf }, initial.get(field.name))}`;
  });
  for (const name of transient) {
    const value = typeof name === "string" ? literalSource(initial.get(name)) : undefined;
    if (typeof name === "symbol" || value === undefined)
      notCopied.push(`@transient ${String(name)}`);
    else lines.push(`  @${names.use("transient")} ${nameSource(name)} = ${value};`);
  }
  return { lines, notCopied: [...notCopied, ...methodsOf(struct)] };
}

/** The names of a class and of the structs that it extends. */
function chainOf(struct: StructClass): readonly string[] {
  const base: StructClass = Object.getPrototypeOf(struct);
  return [struct.name, ...(isStruct(base) ? chainOf(base) : [])];
}

/** The methods and accessors of a class and of the structs that it extends. */
function methodsOf(struct: StructClass): readonly string[] {
  const base: StructClass = Object.getPrototypeOf(struct);
  const own = Reflect.ownKeys(struct.prototype).filter((name) => name !== "constructor");
  return [...new Set([...own.map(String), ...(isStruct(base) ? methodsOf(base) : [])])];
}

/** The options of the next class. They name the family when the name of that class does not. */
function optionsOf(struct: StructClass): StructOptions {
  const { family, options } = descriptorOf(struct);
  const { family: _, ...others } = options;
  return stem(struct) === family ? others : { family, ...others };
}

/** The imports that a source lacks, each a line. */
function importsOf(source: string, used: ReadonlySet<string>): readonly string[] {
  const known = new Set(
    Array.from(source.matchAll(/import\s+(?:type\s+)?\{([^}]*)\}/g), ([, list = ""]) =>
      list.split(",").map((name) => name.replace(/^\s*type\s+/, "").trim()),
    ).flat(),
  );
  const missing = [...used].filter((name) => !known.has(name)).sort();
  const packages = new Map<string, string[]>();
  for (const name of missing) {
    const from = packageOf(name, source);
    packages.set(from, [...(packages.get(from) ?? []), TYPES.has(name) ? `type ${name}` : name]);
  }
  return Array.from(packages, ([from, names]) => `import { ${names.join(", ")} } from "${from}";`);
}

function packageOf(name: string, source: string): string {
  if (/from\s+["']luo["']/.test(source)) return "luo";
  return OF_VERSION.has(name) ? "@luo/version" : "@luo/struct";
}

interface TestOptions {
  /** The path by which the test imports the classes. */
  readonly from: string;
  readonly runner: string;
}

/** Gives a test of the step from a class to its next version. It passes whatever fields are added there. */
export function testSource(
  struct: StructClass,
  source: string,
  { from, runner }: TestOptions,
): string {
  const { name } = struct;
  const { version } = descriptorOf(struct);
  const next = nextName(struct);
  const values = samples(descriptorOf(struct).fields).join(", ");
  const isDefault = new RegExp(`\\bexport\\s+default\\s+class\\s+${name}(?![\\w$])`).test(source);
  const imported = isDefault ? `${name}, { ${next} }` : `{ ${name}, ${next} }`;
  return `import assert from "node:assert/strict";
import { family } from "${packageOf("family", source)}";
import { test } from "${runner}";
import ${imported} from "${from}";

const versions = family(${next});
const older = () => family(${name}).create({${values === "" ? "" : ` ${values} `}});

test("${next} holds what ${name} held, and gives it back", () => {
  const newer = versions.convert(older(), ${version + 1});
  assert.ok(newer instanceof ${next});
  assert.deepEqual(versions.convert(newer, ${version}), older());
});

test("a program that reads version ${version} alone is not left behind", () => {
  assert.ok(versions.writes.includes(${version}));
});
`;
}

/** A value other than the initial one, for each type that has one by itself. */
const SAMPLE: PerKind<string | undefined> = {
  scalar: ({ value }) => ({ number: "1", bigint: "1n", boolean: "true" })[value],
  bits: ({ of }) => perKind(SAMPLE, of),
  char: () => '"a"',
  enum: () => undefined,
  bytes: () => undefined,
  array: () => undefined,
  flexible: () => undefined,
  struct: () => undefined,
  union: () => undefined,
  ref: () => undefined,
  reserved: () => undefined,
};

function samples(fields: readonly FieldDescriptor[]): readonly string[] {
  const told = new Set(fields.flatMap(({ type }) => governing(type)));
  return fields.flatMap(({ name, type }) => {
    const value = told.has(name) ? undefined : perKind(SAMPLE, type);
    return value === undefined ? [] : [`${nameSource(name)}: ${value}`];
  });
}

/** The field that a union or a flexible array depends on. A test cannot change it alone. */
function governing(type: FieldType): readonly string[] {
  if (type.kind === "union") return [type.discriminator];
  return type.kind === "flexible" && type.count !== undefined ? [type.count] : [];
}
