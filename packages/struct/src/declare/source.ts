import { type FieldType, type PerKind, perKind, type StructClass } from "../types.js";
import type { FieldDescriptor, StructOptions } from "./registry.js";

type OfKind<K extends FieldType["kind"]> = Extract<FieldType, { readonly kind: K }>;

/** Names for the imports, structs and enums that a generated source mentions. */
export interface SourceNames {
  /** Called for each name to import; returns its name in the source. */
  use(imported: string): string;
  /** The name of a struct's class. */
  structOf(struct: StructClass): string;
  /** The declared name of an enum whose members have names. Without it, the source lists the members. */
  enumOf?(type: OfKind<"enum">): string | undefined;
}

interface Text {
  /** The type as an argument of `array`. */
  readonly element: string;
  /** The annotation without its `@`, where it differs from `element`. */
  readonly annotation?: () => string;
  /** The declared type, where TypeScript cannot infer it from the initial value. */
  readonly type?: () => string;
  readonly initial: string;
  /** A value of the type or of its elements, where it is not written as a literal. */
  readonly value?: (value: Primitive) => string | undefined;
}

const INITIAL = { number: "0", bigint: "0n", boolean: "false" } as const;

/** The most dimensions that one `@array` takes. */
const DIMENSIONS = 3;

const TEXT: PerKind<Text, SourceNames> = {
  scalar: ({ name, size, value, bounds }, names) => {
    const narrowed = value === "number" && size === 8 && bounds !== undefined;
    return { element: `${names.use(name)}${narrowed ? ".number" : ""}`, initial: INITIAL[value] };
  },
  enum: (type, names) => {
    const of = perKind(TEXT, type.of, names).element;
    const declared = names.enumOf?.(type);
    const named = [...(type.names ?? [])];
    if (declared !== undefined && named[0] !== undefined) {
      const member = ([name]: [string, number]) =>
        isIdentifier(name) ? `${declared}.${name}` : `${declared}[${literal(name)}]`;
      return {
        element: `${names.use("enumeration")}(${of}, ${declared})`,
        initial: member(named[0]),
        value: (value) => named.filter(([, number]) => number === value).map(member)[0],
      };
    }
    const members = Array.from(type.members.values(), literal);
    return {
      element: `${names.use("enumeration")}(${of}, [${members.join(", ")}])`,
      type: () => members.join(" | "),
      initial: members[0] ?? "0",
    };
  },
  bits: ({ of, width }, names) => {
    const { element, initial } = perKind(TEXT, of, names);
    return { element: `${names.use("bits")}(${element}, ${width})`, initial };
  },
  char: ({ length, terminated }, names) => ({
    element: `${names.use("char")}(${length}${terminated ? ", { terminated: true }" : ""})`,
    initial: '""',
  }),
  bytes: ({ length }, names) => ({
    element: `${names.use("bytes")}(${length})`,
    initial: `new Uint8Array(${length})`,
  }),
  array: (type, names) => {
    const lengths: number[] = [];
    let of: FieldType = type;
    for (; of.kind === "array" && lengths.length < DIMENSIONS; of = of.of) lengths.push(of.length);
    const { element, type: declared, initial, value } = perKind(TEXT, of, names);
    return {
      ...(value && { value }),
      element: `${names.use("array")}(${[element, ...lengths].join(", ")})`,
      ...(declared && { type: () => `(${declared()})${"[]".repeat(lengths.length)}` }),
      initial: lengths.reduceRight(elements, initial),
    };
  },
  flexible: ({ of, count }, names) => {
    const { element, type: declared, initial, value } = perKind(TEXT, of, names);
    const options = count === undefined ? "" : `, { count: ${literal(count)} }`;
    return {
      ...(value && { value }),
      element: `${names.use("flexible")}(${element}${options})`,
      ...(declared && { type: () => `(${declared()})[]` }),
      initial: elements(initial, 0),
    };
  },
  struct: ({ of }, names) => {
    const name = names.structOf(of());
    return {
      element: name,
      annotation: () => `${names.use("struct")}(() => ${name})`,
      initial: `new ${name}()`,
    };
  },
  union: ({ discriminator, of }, names) => {
    const members = Object.entries(of()).map(([key, struct]) => [key, names.structOf(struct)]);
    const list = members.map(([key = "", name]) => `${literal(key)}: ${name}`).join(", ");
    return {
      element: `${names.use("union")}(${literal(discriminator)}, () => ({ ${list} }))`,
      type: () => [...new Set(members.map(([, name]) => name))].join(" | "),
      initial: `new ${members[0]?.[1]}()`,
    };
  },
  ref: ({ of }, names) => {
    const name = names.structOf(of());
    return {
      element: `${names.use("ref")}(() => ${name})`,
      type: () => `${names.use("Sequence")}<${name}>`,
      initial: "[]",
    };
  },
  reserved: ({ of, checked }, names) => ({
    element: `${names.use("reserved")}(${perKind(TEXT, of, names).element}${checked ? ", { checked: true }" : ""})`,
    type: () => "unknown",
    initial: "",
  }),
};

/** The annotation of a type, without the `@`: `array(u32, 4)`. */
export function typeSource(type: FieldType, names: SourceNames): string {
  const { element, annotation } = perKind(TEXT, type, names);
  return annotation?.() ?? element;
}

const elements = (initial: string, length: number) =>
  `Array.from({ length: ${length} }, () => ${initial})`;

/**
 * The line of a class that declares a field: `@char(46) address = "";`.
 *
 * @param value the initial value to write: a primitive, or an array of at most 32 of them. Any other
 *   gives the type's default
 */
export function propertySource(
  { name, type, packed, align, endian }: FieldDescriptor,
  names: SourceNames,
  value?: unknown,
): string {
  const { type: declared, initial, value: written = literal } = perKind(TEXT, type, names);
  const annotations = [
    ...(packed ? [names.use("packed")] : []),
    ...(align === undefined ? [] : [`${names.use("aligned")}(${align})`]),
    ...(endian === undefined ? [] : [names.use(endian)]),
    typeSource(type, names),
  ];
  const text = annotations.map((annotation) => `@${annotation}`).join(" ");
  const of = declared === undefined ? "" : `: ${declared()}`;
  const property = `${text} ${nameSource(name)}${of}`;
  if (type.kind === "reserved") return `${property};`;
  return `${property} = ${valueSource(value, written) ?? initial};`;
}

/** The most elements of an initial value that are written out. */
const ELEMENTS = 32;

/** A primitive or an array of such as source; undefined for any other value, and for an empty array. */
function valueSource(
  value: unknown,
  written: (value: Primitive) => string | undefined,
): string | undefined {
  if (isPrimitive(value)) return written(value);
  if (!Array.isArray(value) || value.length === 0 || value.length > ELEMENTS) return undefined;
  const list = value.map((element: unknown) => valueSource(element, written));
  return list.includes(undefined) ? undefined : `[${list.join(", ")}]`;
}

/** The name of a property in source: in quotes unless it is an identifier. */
export function nameSource(name: string): string {
  return isIdentifier(name) ? name : literal(name);
}

function isIdentifier(name: string): boolean {
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name);
}

/** The annotation of a class: `@LuoStruct(1, { family: "memfd" })`. */
export function structSource(version: number, options: StructOptions, names: SourceNames): string {
  const said = Object.entries(options).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const list = said.length === 0 ? "" : `, { ${said.join(", ")} }`;
  return `@${names.use("LuoStruct")}(${version}${list})`;
}

type Primitive = string | number | bigint | boolean;

/** A string, number, bigint or boolean as source; undefined for any other value. */
export function literalSource(value: unknown): string | undefined {
  return isPrimitive(value) ? literal(value) : undefined;
}

function isPrimitive(value: unknown): value is Primitive {
  return ["string", "number", "bigint", "boolean"].includes(typeof value);
}

function literal(value: Primitive): string {
  if (typeof value === "bigint") return `${value}n`;
  return Object.is(value, -0)
    ? "-0"
    : typeof value === "string"
      ? JSON.stringify(value)
      : `${value}`;
}
