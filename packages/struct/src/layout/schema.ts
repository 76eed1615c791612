import { MENTIONED, structsOf } from "../declare/declaration.js";
import { descriptorOf } from "../declare/registry.js";
import { type FieldType, perKind, type StructClass } from "../types.js";
import { layoutOf } from "./layout.js";
import { fieldNotation } from "./notation.js";

/** The layout of one struct as JSON. Images carry it, and fingerprints are computed from it. */
export interface StructSchema {
  readonly family: string;
  readonly version: number;
  /** Size in bytes. */
  readonly size: number;
  /** Alignment in bytes. */
  readonly align: number;
  /** The fields in the order of memory. */
  readonly fields: readonly FieldSchema[];
}

export interface FieldSchema {
  readonly name: string;
  /** The notation of the type: `u32`, or `u32 be` for big-endian numbers. */
  readonly type: string;
  /** From the start of the struct, in bytes. */
  readonly offset: number;
  /** The first bit of a bitfield, from the start of the struct. */
  readonly bitOffset?: number;
}

/** The structs that a value of the type contains or refers to directly. */
export function mentionedIn(type: FieldType): readonly StructClass[] {
  return perKind(MENTIONED, type);
}

/** The struct and all structs that it contains or refers to, directly or through others; itself first. */
export function structsIn(struct: StructClass): readonly StructClass[] {
  const reached = new Set([struct]);
  for (const next of reached) {
    const { name, fields } = descriptorOf(next);
    for (const field of fields) {
      for (const mentioned of structsOf(name, field, MENTIONED)) reached.add(mentioned);
    }
  }
  return [...reached];
}

/**
 * The schemas of a struct and of all structs that it contains or refers to, its own first.
 *
 * @throws {DeclarationError} when the class is no struct or has no layout
 */
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
 * A hash of the layout: FNV-1a with 64 bits over the JSON of `schemaOf`. It guards against mistakes,
 * such as an edited published version, not against an attacker. A class that was made for a schema has
 * the fingerprint of that schema.
 *
 * @throws {DeclarationError} when the class is no struct or has no layout
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
