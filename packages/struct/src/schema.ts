import { INSIDE } from "./declaration.js";
import { layoutOf } from "./layout.js";
import { descriptorOf } from "./registry.js";
import { type FieldType, type PerKind, perKind, type StructClass } from "./types.js";

/** The layout of one struct as JSON: what an image carries, and what a fingerprint is taken of. */
export interface StructSchema {
  readonly family: string;
  readonly version: number;
  /** In bytes. */
  readonly size: number;
  /** In bytes. */
  readonly align: number;
  /** In the order of memory. */
  readonly fields: readonly FieldSchema[];
}

export interface FieldSchema {
  readonly name: string;
  /** As `notation` writes it; `u32 be` where its numbers are big-endian. */
  readonly type: string;
  /** In bytes. */
  readonly offset: number;
  /** Of a bitfield, its first bit from the start of the struct. */
  readonly bitOffset?: number;
}

/** Text as it is where it is a word, else as JSON, so that a notation can be read back. */
const word = (text: string) => (/^[\p{L}\p{N}_$.-]+$/u.test(text) ? text : JSON.stringify(text));

/** A word that cannot be taken for a number. */
const name = (text: string) => (/^-?\d/.test(text) ? JSON.stringify(text) : word(text));

const NOTATION: PerKind<string> = {
  scalar: ({ name }) => name,
  enum: ({ of, members }) => {
    const list = Array.from(members, ([number, member]) => {
      return `${number}=${typeof member === "string" ? name(member) : member}`;
    });
    return `${of.name}{${list.join(",")}}`;
  },
  bits: ({ of, width }) => `${of.name}:${width}`,
  char: ({ length, terminated }) => `char[${length}]${terminated ? "z" : ""}`,
  bytes: ({ length }) => `byte[${length}]`,
  array: (type) => {
    let [of, lengths]: [FieldType, string] = [type, ""];
    for (; of.kind === "array"; of = of.of) lengths += `[${of.length}]`;
    const inner = perKind(NOTATION, of);
    // Only these have a length of their own, which stays behind all others.
    return of.kind === "char" || of.kind === "bytes"
      ? inner.replace("[", `${lengths}[`)
      : `${inner}${lengths}`;
  },
  flexible: ({ of, count }) =>
    `${perKind(NOTATION, of)}[${count === undefined ? "" : name(count)}]`,
  struct: ({ of }) => versioned(of()),
  union: ({ of, discriminator }) =>
    `${word(discriminator)}(${Object.entries(of())
      .map(([value, struct]) => `${word(value)}=${versioned(struct)}`)
      .join(",")})`,
  ref: ({ of }) => `&${versioned(of())}`,
  reserved: ({ of }) => `reserved ${perKind(NOTATION, of)}`,
};

function versioned(struct: StructClass): string {
  const { family, version } = descriptorOf(struct);
  return `${family}@${version}`;
}

/** Every struct that a value of the type lies next to or refers to. */
const MENTIONED: PerKind<readonly StructClass[]> = {
  ...INSIDE,
  array: ({ of }) => perKind(MENTIONED, of),
  flexible: ({ of }) => perKind(MENTIONED, of),
  ref: ({ of }) => [of()],
};

/** The type as C has it read from left to right: `u64`, `char[64]`, `u32[4][3]`, `&Extent@1`. */
export function notation(type: FieldType): string {
  return perKind(NOTATION, type);
}

/** The struct and every one that it mentions, directly or by way of others; itself first. */
export function structsIn(struct: StructClass): readonly StructClass[] {
  const reached = new Set([struct]);
  for (const next of reached) {
    for (const { type } of descriptorOf(next).fields) {
      for (const mentioned of perKind(MENTIONED, type)) reached.add(mentioned);
    }
  }
  return [...reached];
}

/** The schemas of a struct and of every struct that it mentions, itself first. */
export function schemaOf(struct: StructClass): readonly StructSchema[] {
  return structsIn(struct).map((next) => {
    const { size, align, fields } = layoutOf(next);
    const { family, version } = descriptorOf(next);
    return {
      family,
      version,
      size,
      align,
      fields: fields.map(({ name, type, offset, bitOffset, endian }) => ({
        name,
        type: endian === "little" ? notation(type) : `${notation(type)} be`,
        offset,
        ...(bitOffset === undefined ? {} : { bitOffset }),
      })),
    };
  });
}

/**
 * 64 bits that differ when the layouts differ: FNV-1a of the schemas' JSON. It guards against
 * mistakes, such as a published version that was edited, and not against an attacker.
 */
export function fingerprintOf(struct: StructClass): bigint {
  const known = fingerprints.get(struct);
  if (known !== undefined) return known;
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(JSON.stringify(schemaOf(struct)))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n);
  }
  fingerprints.set(struct, hash);
  return hash;
}

const fingerprints = new WeakMap<StructClass, bigint>();
