import type { Abi, Endian } from "../layout/abi.js";
import { alignOf, type FieldLayout } from "../layout/layout.js";
import {
  type BitsType,
  isSigned,
  type PerKind,
  perKind,
  type ScalarType,
  type StructClass,
} from "../types.js";

/** A field with its place and the annotations that C needs. */
export interface Member extends FieldLayout {
  /** The name in C. A bitfield without a name in C keeps the property's. */
  readonly name: string;
  /** At least this alignment, in bytes. */
  readonly align: number | undefined;
  /** `itself` for `@packed` on the field, `struct` when the whole struct is packed. */
  readonly packed: "itself" | "struct" | undefined;
  /** The declared byte order, if any. */
  readonly order: Endian | undefined;
}

/** The header around a struct's members. */
export interface Surroundings {
  readonly abi: Abi;
  /** The name of a struct in C, such as `struct point`. */
  nameOf(struct: StructClass): string;
  /** The same, after declaring the struct in front. */
  declare(struct: StructClass): string;
  /** Declares constants for the texts of a member's enumeration. */
  declareConstants(member: string, texts: readonly (readonly [number, string])[]): void;
}

/** A value as C declares it: `<type> <name><dimensions>`. */
interface Declared {
  readonly type: string;
  readonly dimensions?: string;
  /** True for 64-bit numbers and arrays of them, which 32-bit x86 programs align to 4 bytes. */
  readonly wide?: boolean;
  /** A comment with the facts that the C type does not express. */
  readonly note?: string;
}

const NATIVE: Readonly<Record<ScalarType["array"], string>> = {
  u8: "__u8",
  u16: "__u16",
  u32: "__u32",
  u64: "__u64",
  i8: "__s8",
  i16: "__s16",
  i32: "__s32",
  i64: "__s64",
  f32: "float",
  f64: "double",
};

const NOTES: Readonly<Record<string, string>> = { bool: "0 or 1", address: "an address or 0" };

const join = (...notes: (string | undefined)[]) => ({
  note: notes.filter((note) => note !== undefined && note !== "").join("; "),
});
const stated = (order: Endian, size: number) => `__${order === "big" ? "be" : "le"}${size * 8}`;

const DECLARED: PerKind<Declared, Member & Surroundings> = {
  scalar: ({ name, size, array }, { order }) => {
    const wide = size === 8;
    if (order === undefined || size === 1)
      return { type: NATIVE[array], wide, ...join(NOTES[name]) };
    // linux/types.h has no signed types or floats with a byte order, so the bits are declared unsigned.
    const bits = array.startsWith("u") ? undefined : `the bits of a ${NATIVE[array]}`;
    return { type: stated(order, size), wide, ...join(NOTES[name], bits) };
  },
  enum: ({ of, members }, member) => {
    const declared = perKind(DECLARED, of, member);
    const texts = [...members].flatMap(([number, text]) =>
      typeof text === "string" ? [[number, text] as const] : [],
    );
    if (texts.length > 0) member.declareConstants(member.name, texts);
    return { ...declared, ...join(`one of ${[...members.keys()].join(", ")}`, declared.note) };
  },
  bits: ({ of }) => ({ type: NATIVE[of.array], ...join(NOTES[of.name]) }),
  char: ({ length, terminated }) => ({
    type: "char",
    dimensions: `[${length}]`,
    note: terminated ? "UTF-8, ends with NUL" : "UTF-8, padded with NUL",
  }),
  bytes: ({ length }) => ({ type: "__u8", dimensions: `[${length}]` }),
  array: ({ of, length }, member) => {
    const { dimensions = "", ...inner } = perKind(DECLARED, of, member);
    return { ...inner, dimensions: `[${length}]${dimensions}` };
  },
  flexible: ({ of, count }, member) => {
    const { dimensions = "", note, ...inner } = perKind(DECLARED, of, member);
    const says = count === undefined ? undefined : `as many as ${count} says`;
    return { ...inner, dimensions: `[]${dimensions}`, ...join(says, note) };
  },
  struct: ({ of }, { declare }) => ({ type: declare(of()) }),
  union: ({ discriminator, of }, { declare }) => {
    const names = Object.entries(of()).map(([value, struct]) => [value, declare(struct)] as const);
    const members = new Set(names.map(([, name]) => `\t\t${name} ${tagIn(name)};\n`));
    const told = names.map(([value, name]) => `${value} ${tagIn(name)}`).join(", ");
    return { type: `union {\n${[...members].join("")}\t}`, note: `by ${discriminator}: ${told}` };
  },
  ref: ({ of }, { order, nameOf }) => ({
    type: order === undefined ? NATIVE.u64 : stated(order, 8),
    wide: true,
    note: `the address of ${nameOf(of())}[], or 0`,
  }),
  reserved: ({ of }, member) => ({ ...perKind(DECLARED, of, member), note: "reserved, 0" }),
};

/** `point` in `struct point`. */
export function tagIn(name: string): string {
  return name.replace(/^\w+ /, "");
}

/**
 * Declares a member that is no bitfield. A 64-bit number carries its alignment, as in the headers of
 * Linux, so that 32-bit x86 programs have the same layout.
 */
export function plainMember(member: Member, surroundings: Surroundings): string {
  const context = { ...member, ...surroundings };
  const { type, dimensions = "", wide = false, note } = perKind(DECLARED, member.type, context);
  const align = alignOf(member.type, surroundings.abi);
  const packed = member.packed !== undefined;
  const explicit = wide && align === 8 && !packed;
  const least = Math.max(member.align ?? 1, explicit ? 8 : 1);
  const aligned = explicit || least > (packed ? 1 : align);
  const named = aligned && least === 8 && /^__(u|le|be)64$/.test(type);
  const attributes = [
    // Compilers warn about `packed` on a member that has no alignment to lose.
    ...(member.packed === "itself" && align > least ? ["packed"] : []),
    ...(aligned && !named ? [`aligned(${least})`] : []),
  ];
  const declarator = `${named ? type.replace("__", "__aligned_") : type} ${member.name}${dimensions}`;
  return `\t${declarator}${attribute(attributes)};${comment(note)}`;
}

/** A bitfield; `end` is the first free bit in front of it, from the start of the struct. */
export interface BitMember extends Member {
  readonly bits: BitsType;
  readonly bitOffset: number;
  readonly end: number;
}

/**
 * Declares a bitfield; a reserved one has no name in C. A bitfield that begins the next unit of its
 * type gets `: 0` in front, because gcc and clang disagree on when a bitfield moves that is aligned to
 * less than its type.
 */
export function bitMember(member: BitMember, surroundings: Surroundings): string {
  const { bits, bitOffset, end } = member;
  const { of, width } = bits;
  const align = alignOf(of, surroundings.abi);
  const packed = member.packed !== undefined && width > 0;
  const least = member.align ?? 1;
  const moves = bitOffset > end && width > 0;
  const opens = moves && !packed && least <= align && bitOffset % (align * 8) === 0;
  // clang warns about packed bitfields of a one-byte type, which old compilers did not pack. One that
  // spans two bytes is declared with a two-byte type instead.
  const straddles = of.size === 1 && (bitOffset % 8) + width > 8;
  const wider = isSigned(of) ? NATIVE.i16 : NATIVE.u16;
  const { type, note } = perKind(DECLARED, bits, { ...member, ...surroundings });
  const attributes = [
    ...(packed && member.packed === "itself" && (align > 1 || straddles) ? ["packed"] : []),
    ...(least > (packed ? 1 : align) || (moves && !opens) ? [`aligned(${least})`] : []),
  ];
  const unnamed = member.type.kind === "reserved";
  const declarator = `${packed && straddles ? wider : type} ${unnamed ? "" : `${member.name} `}`;
  return [
    ...(opens ? [`\t${type} : 0;`] : []),
    `\t${declarator}: ${width}${attribute(attributes)};${unnamed ? "" : comment(note)}`,
  ].join("\n");
}

/** The attributes behind a declaration, or nothing for an empty list. */
export function attribute(list: readonly string[]): string {
  return list.length === 0 ? "" : ` __attribute__((${list.join(", ")}))`;
}

/** A comment with the text. No text can end it early or make a compiler warn. */
export function comment(text = ""): string {
  const plain = text.replace(/[\p{C}\s]+/gu, " ").replace(/\*(?=\/)|\/(?=\*)/g, "$& ");
  return plain === "" ? "" : ` /* ${plain} */`;
}
