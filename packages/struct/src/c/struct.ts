import type { StructDescriptor } from "../declare/registry.js";
import { bitsOf, type StructLayout } from "../layout/layout.js";
import {
  attribute,
  type BitMember,
  bitMember,
  comment,
  type Member,
  plainMember,
  type Surroundings,
  tagIn,
} from "./members.js";
import { CNames, snakeCase } from "./names.js";

/** The header that declares a struct. */
export interface Scope extends Pick<Surroundings, "abi" | "declare" | "nameOf"> {
  /** The names of the header's constants so far. */
  readonly constants: CNames;
}

/** The members of a struct in C. */
interface Body {
  readonly lines: readonly string[];
  /** The offsets of members that have one in C, in bytes. */
  readonly offsets: ReadonlyMap<string, number>;
  /** True when bitfields are declared as bytes, which do not align the struct as bitfields do. */
  readonly reversed: boolean;
}

/** Declares a struct by its name in C, such as `struct point`, and asserts its layout. */
export function declareStruct(
  name: string,
  descriptor: StructDescriptor,
  layout: StructLayout,
  scope: Scope,
): string {
  const { name: owner, family, version, options } = descriptor;
  const enums: string[] = [];
  const declareConstants: Surroundings["declareConstants"] = (member, texts) => {
    const constants = texts.map(([number, text]) => {
      const words = [tagIn(name), snakeCase(member), snakeCase(text).replace(/\W/g, "_")];
      const constant = scope.constants.give(words.join("_").toUpperCase(), owner, member);
      return `\t${constant} = ${number},${comment(text)}\n`;
    });
    enums.push(`enum {\n${constants.join("")}};\n\n`);
  };
  const { lines, offsets, reversed } = bodyOf(descriptor, layout, { ...scope, declareConstants });
  const align = Math.max(options.align ?? 1, reversed ? layout.align : 1);
  const attributes = [
    ...(options.packed === true ? ["packed"] : []),
    ...(align > 1 ? [`aligned(${align})`] : []),
  ];
  const order = options.endian ?? scope.abi.endian;
  const assertions = [
    [`sizeof(${name})`, layout.size, "size"],
    [`_Alignof(${name})`, layout.align, "alignment"],
    ...Array.from(offsets, ([member, offset]) => [
      `__builtin_offsetof(${name}, ${member})`,
      offset,
      `offset of ${member}`,
    ]),
  ].map(([what, is, words]) => `_Static_assert(${what} == ${is}, "${tagIn(name)}: ${words}");`);
  return [
    `${enums.join("")}${comment(`${family}, version ${version}, ${order}-endian`).trim()}`,
    `${name} {\n${lines.join("\n")}\n}${attribute(attributes)};`,
    ...assertions,
  ].join("\n");
}

function bodyOf(
  { name: owner, fields, options }: StructDescriptor,
  layout: StructLayout,
  surroundings: Surroundings,
): Body {
  const names = new CNames("rename the property");
  const lines: string[] = [];
  const offsets = new Map<string, number>();
  const reversed =
    (options.endian ?? layout.abi.endian) !== layout.abi.endian &&
    fields.some(({ type }) => bitsOf(type) !== undefined);
  /** Bitfields in the other byte order, next to each other. */
  let run: BitMember[] = [];
  const addRun = () => {
    const { name, offset, line } = bytesOf(run);
    run = [];
    if (line === undefined) return;
    offsets.set(names.give(name, owner, name), offset);
    lines.push(line);
  };
  /** The first free bit, from the start of the struct. */
  let end = 0;
  for (const [index, place] of layout.fields.entries()) {
    const { align, packed, endian } = fields[index] ?? {};
    const { type, bitOffset } = place;
    const bits = bitsOf(type);
    const unnamed = bits !== undefined && type.kind === "reserved";
    const member: Member = {
      ...place,
      name: unnamed ? place.name : names.give(place.name, owner, place.name),
      align,
      packed: options.packed ? "struct" : packed ? "itself" : undefined,
      order: endian ?? options.endian,
    };
    if (layout.overlay) end = 0;
    if (layout.overlay || bits === undefined) addRun();
    if (bits === undefined || bitOffset === undefined) {
      lines.push(plainMember(member, surroundings));
      offsets.set(member.name, place.offset);
      end = (place.offset + place.size) * 8;
    } else {
      const bitfield = { ...member, bits, bitOffset, end };
      if (reversed) run.push(bitfield);
      else lines.push(bitMember(bitfield, surroundings));
      end = bitOffset + bits.width;
    }
  }
  addRun();
  return { lines, offsets, reversed };
}

/**
 * Declares a run of bitfields as an array of bytes. C fills bitfields in the machine's bit order only,
 * so bitfields of the other order cannot be declared as such.
 */
function bytesOf(run: readonly BitMember[]) {
  const [first, last] = [run[0], run.at(-1)];
  if (first === undefined || last === undefined) return { name: "", offset: 0 };
  const offset = Math.ceil(first.end / 8);
  const size = Math.ceil((last.bitOffset + last.bits.width) / 8) - offset;
  if (size === 0) return { name: "", offset };
  const name = `${first.name}_bits`;
  const each = run
    .filter(({ bits: { width }, type }) => width > 0 && type.kind === "bits")
    .map(
      ({ name, bits: { width }, bitOffset }) => `${name} : ${width} at ${bitOffset - offset * 8}`,
    );
  const zero = first.endian === "big" ? "most" : "least";
  const note = `from the ${zero} significant bit of the first byte: ${each.join(", ")}`;
  return { name, offset, line: `\t__u8 ${name}[${size}];${comment(note)}` };
}
