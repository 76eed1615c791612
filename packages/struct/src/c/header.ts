import { INSIDE } from "../declare/declaration.js";
import { descriptorOf, type StructDescriptor } from "../declare/registry.js";
import { type Abi, DEFAULT_ABI } from "../layout/abi.js";
import { bitsOf, layoutOf } from "../layout/layout.js";
import { perKind, type StructClass } from "../types.js";
import { tagIn } from "./members.js";
import { CNames, snakeCase } from "./names.js";
import { declareStruct } from "./struct.js";

/** Options of `toCHeader`. */
export interface CHeaderOptions {
  /** The platform of the layout; by default the ABI of images, x86-64. */
  readonly abi?: Abi;
  /** The tag of a struct in C; by default the class name in snake case: `MemfdV1` is `memfd_v1`. */
  readonly name?: (struct: StructDescriptor) => string;
  /** The include guard; by default `LUO_<tag of the first struct>_H`. */
  readonly guard?: string;
}

/**
 * Writes a header for C programs that read and write the same bytes. It declares the structs, the
 * structs inside them and the structs that they refer to, and asserts the size, alignment and offsets
 * that `layoutOf` gives: a compiler with another layout rejects the header. The header is GNU C11,
 * includes only linux/types.h, and follows the style of Linux's own interface headers
 * (Documentation/process/botching-up-ioctls.rst).
 *
 * - Numbers with a declared byte order become `__le32`, `__be64` and so on. C does not swap their
 *   bytes, so the program does. If some numbers have no declared order, the header asserts the
 *   platform's.
 * - A 64-bit number that the platform aligns to 8 bytes becomes `__aligned_u64`, or carries that
 *   alignment as an attribute. So 32-bit x86 programs have the same layout.
 * - A bool becomes `__u8`, because another program's bytes may be neither 0 nor 1.
 * - The texts of an enumeration become constants: `HEADER_STATE_IDLE`. The names of a TypeScript enum
 *   are unknown at run time, so a comment lists its numbers.
 * - A bitfield has no offset in C. The assertions on the size and on the members behind it hold it in
 *   place. Bitfields with another byte order than the platform's become bytes, with a comment that
 *   lists the bits.
 * - A name that C reserves, such as `signed`, gets an underscore: `signed_`.
 *
 * gcc warns (packed-not-aligned) about a struct that is packed with `@packed` and has an alignment of
 * its own.
 *
 * @param structs a class, or several for one header; each struct is declared once
 * @throws {CNameError} when a name is no identifier of C, or two things would have one name
 * @throws {DeclarationError} when a class is no struct
 */
export function toCHeader(
  structs: StructClass | readonly StructClass[],
  { abi = DEFAULT_ABI, name: tagOf, guard }: CHeaderOptions = {},
): string {
  const tags = new CNames("give it another name with the option `name`");
  const constants = new CNames("change the text that it stands for, or the option `guard`");
  const names = new Map<StructClass, string>();
  const declared = new Set<StructClass>();
  const declarations: string[] = [];
  const nameOf = (struct: StructClass): string => {
    const known = names.get(struct);
    if (known !== undefined) return known;
    const descriptor = descriptorOf(struct);
    const tag = tagOf?.(descriptor) ?? snakeCase(descriptor.name);
    const keyword = descriptor.options.overlay ? "union" : "struct";
    const name = `${keyword} ${tags.give(tag, descriptor.name)}`;
    names.set(struct, name);
    return name;
  };
  const declare = (struct: StructClass): string => {
    const name = nameOf(struct);
    if (declared.has(struct)) return name;
    declared.add(struct);
    const scope = { abi, constants, declare, nameOf };
    // This call declares nested structs first, as C needs them in front.
    declarations.push(declareStruct(name, descriptorOf(struct), layoutOf(struct, abi), scope));
    return name;
  };
  for (const struct of typeof structs === "function" ? [structs] : structs) declare(struct);
  // Structs that are only referred to follow. Declaring one may add further names to the map.
  for (const struct of names.keys()) declare(struct);

  const [first = "struct"] = Array.from(names.values(), tagIn);
  const macro = constants.give(guard ?? `LUO_${first.toUpperCase()}_H`, "the include guard");
  const order = `__ORDER_${abi.endian.toUpperCase()}_ENDIAN__`;
  const native = [...declared].some((struct) => isNative(descriptorOf(struct), abi));
  const loose = [...declared].some((struct) => packsAligned(struct, abi));
  return [
    `/* Stamped out of annotated classes, for ${abi.name}: edit those instead. */`,
    `#ifndef ${macro}\n#define ${macro}`,
    "#include <linux/types.h>",
    ...(native ? [`_Static_assert(__BYTE_ORDER__ == ${order}, "byte order");`] : []),
    ...(loose ? [`${GCC_ONLY}\n#pragma GCC diagnostic push\n${MISALIGNED}\n#endif`] : []),
    ...declarations,
    ...(loose ? [`${GCC_ONLY}\n#pragma GCC diagnostic pop\n#endif`] : []),
    `#endif /* ${macro} */\n`,
  ].join("\n\n");
}

/** gcc warns about a packed struct whose member asks for an alignment; clang does not know the warning. */
const GCC_ONLY = "#if defined(__GNUC__) && !defined(__clang__)";
const MISALIGNED = '#pragma GCC diagnostic ignored "-Wpacked-not-aligned"';

/** True when the struct packs a struct that asks for an alignment. */
function packsAligned(struct: StructClass, abi: Abi): boolean {
  const { fields, options } = descriptorOf(struct);
  return fields
    .filter(({ packed }) => packed === true || options.packed === true)
    .some(({ type }) => perKind(INSIDE, type).some((inner) => layoutOf(inner, abi).align > 1));
}

/** True when the struct's bytes depend on the byte order of the machine. */
function isNative({ fields, options }: StructDescriptor, abi: Abi): boolean {
  return fields.some(({ type, endian }) => {
    const order = endian ?? options.endian;
    return order === undefined || (bitsOf(type) !== undefined && order === abi.endian);
  });
}
