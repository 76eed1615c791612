import { INSIDE } from "../declare/declaration.js";
import { descriptorOf } from "../declare/registry.js";
import { type PerKind, perKind, type StructClass } from "../types.js";
import { layoutOf } from "./layout.js";
import { fieldNotation } from "./notation.js";

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
  /** As `fieldNotation` writes it: `u32`, or `u32 be` where its numbers are big-endian. */
  readonly type: string;
  /** In bytes. */
  readonly offset: number;
  /** Of a bitfield, its first bit from the start of the struct. */
  readonly bitOffset?: number;
}

/** Every struct that a value of the type lies next to or refers to. */
const MENTIONED: PerKind<readonly StructClass[]> = {
  ...INSIDE,
  array: ({ of }) => perKind(MENTIONED, of),
  flexible: ({ of }) => perKind(MENTIONED, of),
  ref: ({ of }) => [of()],
};

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
        type: fieldNotation({ type, endian }),
        offset,
        ...(bitOffset === undefined ? {} : { bitOffset }),
      })),
    };
  });
}

/**
 * 64 bits that differ when the layouts differ: FNV-1a of the schemas' JSON. It guards against
 * mistakes, such as a published version that was edited, and not against an attacker. That of a class
 * which was made for a schema is what the schema says.
 */
export function fingerprintOf(struct: StructClass): bigint {
  const known = fingerprints.get(struct) ?? descriptorOf(struct).places?.fingerprint;
  if (known !== undefined) return known;
  let hash = 0xcbf2_9ce4_8422_2325n;
  for (const byte of new TextEncoder().encode(JSON.stringify(schemaOf(struct)))) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100_0000_01b3n);
  }
  fingerprints.set(struct, hash);
  return hash;
}

const fingerprints = new WeakMap<StructClass, bigint>();
