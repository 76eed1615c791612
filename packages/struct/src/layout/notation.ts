import { descriptorOf } from "../declare/registry.js";
import {
  type FieldType,
  type OfKind,
  SCALARS,
  type ScalarType,
  type StructClass,
} from "../types.js";
import type { Endian } from "./abi.js";
import { TextReader } from "./text-reader.js";

/** Writes types as text and reads them back; see "Types" in docs/FORMAT.md. */

/** Returns the class of the struct that a notation mentions as `family@version`. */
export type StructNamed = (name: string) => StructClass;

/** The writer and the reader for types of one kind. */
type Kind<K extends FieldType["kind"]> = { readonly write: (type: OfKind<K>) => string } & (
  | {
      /** Reads a type. Takes nothing and returns undefined when another kind comes next. */
      readonly read: (text: TextReader, structNamed: StructNamed) => FieldType | undefined;
    }
  | {
      /** Reads what follows the type `of`, such as lengths; returns `of` itself when nothing does. */
      readonly readBehind: (text: TextReader, of: FieldType) => FieldType;
    }
);

/** The most dimensions of one array. */
const MAX_LENGTHS = 63;

/** A word as it is, any other text as JSON. */
const word = (text: string) => (/^[\p{L}\p{N}_$.-]+$/u.test(text) ? text : JSON.stringify(text));

/** The same, with JSON also for a word that could be read as a number. */
const name = (text: string) => (/^-?\d/.test(text) ? JSON.stringify(text) : word(text));

const byName = (types: readonly ScalarType[]) => new Map(types.map((type) => [type.name, type]));
const ALL: readonly ScalarType[] = Object.values(SCALARS);
/** Scalars by name. Integers of 8 bytes are bigints here. */
const SCALAR = byName(
  ALL.filter((type) => type !== SCALARS.u64Number && type !== SCALARS.i64Number),
);
/** The integers that an enum can have. Those of 8 bytes are numbers here. */
const ENUMERABLE = byName(ALL.filter(({ value, bounds }) => value === "number" && bounds));

/** By kind, in the order in which reading tries them. Kinds that follow another type come last. */
const KINDS: { readonly [K in FieldType["kind"]]: Kind<K> } = {
  reserved: {
    write: ({ of }) => `reserved ${notation(of)}`,
    read: (text, structNamed) => {
      if (!text.take("reserved ")) return undefined;
      const start = text.position;
      const expected = "a type that has a size";
      // Checked before reading, so that nesting cannot recurse without bound.
      if (text.take("reserved ")) text.fail(expected, start);
      const of = readType(text, structNamed);
      if (of.kind === "flexible") text.fail(expected, start);
      return { kind: "reserved", of, checked: false };
    },
  },
  ref: {
    write: ({ of }) => `&${versioned(of())}`,
    read: (text, structNamed) => {
      if (!text.take("&")) return undefined;
      const struct = readStruct(text, structNamed) ?? text.fail("a struct, as family@version");
      return { kind: "ref", of: () => struct };
    },
  },
  struct: {
    write: ({ of }) => versioned(of()),
    read: (text, structNamed) => {
      const struct = readStruct(text, structNamed);
      return struct && { kind: "struct", of: () => struct };
    },
  },
  union: {
    write: ({ of, discriminator }) => {
      const structs = Object.entries(of()).map(
        ([value, struct]) => `${word(value)}=${versioned(struct)}`,
      );
      return `${word(discriminator)}(${structs.join(",")})`;
    },
    read: (text, structNamed) => {
      const quoted = text.string();
      if (quoted !== undefined) text.insist("(");
      const discriminator = quoted ?? text.before("(");
      if (discriminator === undefined) return undefined;
      const structs = new Map<string, StructClass>();
      readList(text, ")", () => {
        const start = text.position;
        const value = text.word();
        if (structs.has(value)) text.fail("a value that is not listed yet", start);
        text.insist("=");
        structs.set(
          value,
          readStruct(text, structNamed) ?? text.fail("a struct, as family@version"),
        );
      });
      const of = Object.fromEntries(structs);
      return { kind: "union", discriminator, of: () => of };
    },
  },
  enum: {
    write: ({ of, members }) => {
      const list = Array.from(members, ([number, member]) => {
        return `${number}=${typeof member === "string" ? name(member) : member}`;
      });
      return `${of.name}{${list.join(",")}}`;
    },
    read: (text) => {
      const start = text.position;
      const scalar = text.before("{");
      if (scalar === undefined) return undefined;
      const of = ENUMERABLE.get(scalar) ?? text.fail("an integer type", start);
      const [low = 0, high = 0] = of.bounds?.map(Number) ?? [];
      const members = new Map<number, number | string>();
      const names = new Set<string>();
      readList(text, "}", () => {
        const at = text.position;
        const number = text.integer(low, high);
        text.insist("=");
        const { MIN_SAFE_INTEGER: least, MAX_SAFE_INTEGER: most } = Number;
        const member = text.atInteger ? text.integer(least, most) : text.name();
        if (members.has(number) || names.has(`${member}`)) {
          text.fail("a number and a member that are not listed yet", at);
        }
        members.set(number, member);
        names.add(`${member}`);
      });
      return { kind: "enum", of, members };
    },
  },
  bits: {
    write: ({ of, width }) => `${of.name}:${width}`,
    read: (text) => {
      const start = text.position;
      const scalar = text.before(":");
      if (scalar === undefined) return undefined;
      const of = SCALAR.get(scalar);
      if (of === undefined || (of.bounds === undefined && of.value !== "boolean")) {
        return text.fail("an integer type or bool", start);
      }
      return { kind: "bits", of, width: text.integer(0, of.value === "boolean" ? 1 : of.size * 8) };
    },
  },
  char: {
    write: ({ length, terminated }) => `char[${length}]${terminated ? "z" : ""}`,
    read: (text) =>
      readOwnLength(text, "char", (length, at) => {
        const terminated = text.take("z");
        if (terminated && length === 0) text.fail("a length of at least 1", at);
        return { kind: "char", length, terminated };
      }),
  },
  bytes: {
    write: ({ length }) => `byte[${length}]`,
    read: (text) => readOwnLength(text, "byte", (length) => ({ kind: "bytes", length })),
  },
  scalar: {
    write: (type) => type.name,
    read: (text) => text.among(SCALAR),
  },
  array: {
    write: (type) => {
      let [of, lengths]: [FieldType, string] = [type, ""];
      for (; of.kind === "array"; of = of.of) lengths += `[${of.length}]`;
      const inner = notation(of);
      // Only char and byte have a length of their own, which stays behind the array's.
      return of.kind === "char" || of.kind === "bytes"
        ? inner.replace("[", `${lengths}[`)
        : `${inner}${lengths}`;
    },
    readBehind: (text, of) => {
      // `readOwnLength` has read the array's lengths already.
      if (of.kind === "char" || of.kind === "bytes" || of.kind === "array") return of;
      const start = text.position;
      const lengths = readLengths(text);
      if (lengths.length > 0) insistOnElements(text, of, start);
      return arrayOf(of, lengths);
    },
  },
  flexible: {
    write: ({ of, count }) => `${notation(of)}[${count === undefined ? "" : name(count)}]`,
    readBehind: (text, of) => {
      const start = text.position;
      if (!text.take("[")) return of;
      insistOnElements(text, of, start);
      const count = text.take("]") ? undefined : text.name();
      if (count !== undefined) text.insist("]");
      return { kind: "flexible", of, count };
    },
  },
};

/** Writes a type from left to right: `u64`, `char[64]`, `u32[4][3]`, `&Extent@1`. */
export function notation(type: FieldType): string {
  return (KINDS[type.kind].write as (type: FieldType) => string)(type);
}

/** A type, and the byte order of its numbers. */
interface OrderedType {
  readonly type: FieldType;
  readonly endian: Endian;
}

/** The notation of a field's type, followed by ` be` for big-endian numbers. */
export function fieldNotation({ type, endian }: OrderedType): string {
  return endian === "little" ? notation(type) : `${notation(type)} be`;
}

/**
 * Reads the text that `fieldNotation` writes, in time proportional to its length. Integers of 8 bytes
 * become bigints, those of enums numbers. Reserved space is never checked, because the text does not
 * say so.
 *
 * @throws {NotationError} for any other text, with the position of the mismatch
 * @throws the error of `structNamed` for a struct that does not exist
 */
export function parseNotation(notation: string, structNamed: StructNamed): OrderedType {
  const text = new TextReader(notation);
  const type = readType(text, structNamed);
  if (type.kind === "bits" && type.width === 0) text.fail("a width of at least 1", 0);
  const endian = text.take(" be") ? "big" : "little";
  if (!text.atEnd) text.fail("the end of the type");
  return { type, endian };
}

function readType(text: TextReader, structNamed: StructNamed): FieldType {
  let type: FieldType | undefined;
  for (const kind of Object.values(KINDS)) {
    if ("read" in kind) type ??= kind.read(text, structNamed);
    else if (type !== undefined) type = kind.readBehind(text, type);
  }
  return type ?? text.fail("a type, such as u32, char[16], byte[6], family@1 or &family@1");
}

/** The name of a struct in a notation: `family@version`. */
function versioned(struct: StructClass): string {
  const { family, version } = descriptorOf(struct);
  return `${family}@${version}`;
}

function readStruct(text: TextReader, structNamed: StructNamed): StructClass | undefined {
  const family = text.family();
  return family === undefined
    ? undefined
    : structNamed(`${family}@${text.integer(0, 0xffff_ffff)}`);
}

/** Reads at least one item, with commas between items, and the end of the list. */
function readList(text: TextReader, end: string, readItem: () => void): void {
  do readItem();
  while (text.take(","));
  text.insist(end);
}

function readLengths(text: TextReader): readonly number[] {
  const lengths: number[] = [];
  for (;;) {
    const start = text.position;
    const length = text.length();
    if (length === undefined) return lengths;
    if (lengths.push(length) > MAX_LENGTHS) text.fail(`at most ${MAX_LENGTHS} lengths`, start);
  }
}

/** Reads a type with a length of its own, which follows the lengths of the arrays around it. */
function readOwnLength(
  text: TextReader,
  word: string,
  make: (length: number, at: number) => FieldType,
): FieldType | undefined {
  if (!text.takeBefore(word, "[")) return undefined;
  const at = text.position;
  const lengths = readLengths(text);
  const own = lengths.at(-1) ?? text.fail("the length");
  return arrayOf(make(own, at), lengths.slice(0, -1));
}

/** Nests arrays; the first length is the outermost. */
function arrayOf(of: FieldType, lengths: readonly number[]): FieldType {
  return lengths.reduceRight<FieldType>((of, length) => ({ kind: "array", of, length }), of);
}

const NO_ELEMENTS: ReadonlySet<FieldType["kind"]> = new Set(["bits", "union", "reserved"]);

function insistOnElements(text: TextReader, of: FieldType, at: number): void {
  if (NO_ELEMENTS.has(of.kind)) {
    text.fail("the end, as there is no array of bitfields, unions or reserved space", at);
  }
}
