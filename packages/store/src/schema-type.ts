import { BadImageError } from "./errors.js";

/** A field's type as an image describes it, as far as it matters to where references are. */
export type SchemaType =
  /** Everything that refers to nothing. */
  | { readonly kind: "plain" }
  /** The u64 address of an array of structs, in the byte order of its field. */
  | { readonly kind: "ref"; readonly struct: string; readonly big: boolean }
  | { readonly kind: "struct"; readonly struct: string }
  /** `length` elements in all dimensions together. */
  | { readonly kind: "array"; readonly of: SchemaType; readonly length: number }
  /** As many elements as the field `count` says, or else as fit until the object ends. */
  | { readonly kind: "flexible"; readonly of: SchemaType; readonly count: string | undefined }
  /** By the discriminator's value, the struct that holds. */
  | {
      readonly kind: "union";
      readonly discriminator: string;
      readonly structs: ReadonlyMap<string, string>;
    };

const PLAIN: SchemaType = { kind: "plain" };

const WORD = String.raw`(?:[\p{L}\p{N}_$.-]+|"(?:[^"\\]|\\.)*")`;
const STRUCT = String.raw`[\p{L}\p{N}_$./-]+@\d+`;
const NAMED = new RegExp(`^(&?)(${STRUCT})((?:\\[${WORD}?\\])*)( be)?$`, "u");
const UNION = new RegExp(`^(${WORD})\\((.*)\\)( be)?$`, "su");
const DIMENSION = new RegExp(`\\[(${WORD}?)\\]`, "gu");
// Sticky, as each begins where the last ended: looking for one anywhere is quadratic.
const UNION_MEMBER = new RegExp(`(${WORD})=(${STRUCT})(?:,|$)`, "guy");
const ENUM_MEMBER = new RegExp(`(-?\\d+)=(${WORD})(?:,|$)`, "guy");
const INTEGER = /^(?:([ui])(8|16|32|64)|(address)|(bool))(?::(\d+))?(?:\{(.*)\})?( be)?$/su;

/** A word as it is, or what it stands for as JSON. */
const unword = (word: string): string => (word.startsWith('"') ? String(JSON.parse(word)) : word);

/**
 * What a notation says of references; see "Types" in docs/FORMAT.md. `&memfd.extent@0`, `point@0[3][2]`
 * and `kind(0=circle@0,1=box@0)` may lead to some; scalars and all that consists of them are plain.
 *
 * @throws {BadImageError} when there is no such type
 */
export function parseSchemaType(notation: string): SchemaType {
  if (notation.startsWith("reserved ")) return PLAIN;
  const union = UNION.exec(notation);
  if (union !== null) {
    const [, discriminator = "", members = ""] = union;
    const structs = Array.from(members.matchAll(UNION_MEMBER), ([, value = "", struct = ""]) => {
      return [unword(value), struct] as const;
    });
    return { kind: "union", discriminator: unword(discriminator), structs: new Map(structs) };
  }
  const named = NAMED.exec(notation);
  if (named === null) return PLAIN;
  const [, reference, struct = "", dimensions = "", big] = named;
  const base: SchemaType = reference
    ? { kind: "ref", struct, big: big !== undefined }
    : { kind: "struct", struct };
  if (dimensions === "") return base;
  const lengths = Array.from(dimensions.matchAll(DIMENSION), ([, length = ""]) => length);
  const varying = lengths.findIndex((length) => !/^\d+$/.test(length));
  const fixed = lengths.filter((_, index) => index !== varying);
  const length = fixed.reduce((product, dimension) => product * Number(dimension), 1);
  if (length === 0) return PLAIN;
  if (!Number.isSafeInteger(length)) {
    throw new BadImageError(`its schemas have the type ${JSON.stringify(notation)}, without end`);
  }
  const array: SchemaType = fixed.length > 0 ? { kind: "array", of: base, length } : base;
  if (varying < 0) return array;
  const count = unword(lengths[varying] as string);
  return { kind: "flexible", of: array, count: count || undefined };
}

/** An integer in a struct that tells what lies behind it. */
export interface SchemaInteger {
  readonly signed: boolean;
  /** In bits. */
  readonly width: number;
  readonly big: boolean;
  /** What values are called; others are themselves. */
  readonly members: ReadonlyMap<string, string>;
}

/** An integer's type; undefined when the notation is of none. */
export function parseInteger(notation: string): SchemaInteger | undefined {
  const [whole, sign, bits = "64", , bool, width, members = "", big] = INTEGER.exec(notation) ?? [];
  if (whole === undefined) return undefined;
  const most = bool ? 8 : Number(bits);
  if (Number(width ?? most) > most) return undefined;
  const names = Array.from(members.matchAll(ENUM_MEMBER), ([, number = "", member = ""]) => {
    return [number, unword(member)] as const;
  });
  return {
    signed: sign === "i",
    width: Number(width ?? most),
    big: big !== undefined,
    members: new Map(names),
  };
}
