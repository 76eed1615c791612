import { descriptorOf, type StructDescriptor } from "../declare/registry.js";
import { type Abi, DEFAULT_ABI } from "../layout/abi.js";
import { bitsOf, layoutOf } from "../layout/layout.js";
import type { StructClass } from "../types.js";
import { tagIn } from "./members.js";
import { CNames, snakeCase } from "./names.js";
import { declareStruct } from "./struct.js";

/** How a header is written. */
export interface CHeaderOptions {
  /** The platform whose layout it has; by default the one that images are written in. */
  readonly abi?: Abi;
  /** The tag of a struct in C; by default the class name in snake case: `MemfdV1` is `memfd_v1`. */
  readonly name?: (struct: StructDescriptor) => string;
  /** The include guard; by default `LUO_<tag of the first struct>_H`. */
  readonly guard?: string;
}

/**
 * A header for C programs that read and write the same bytes: the structs, those inside them and
 * those that they refer to, each asserted to have the size, alignment and offsets that `layoutOf`
 * gives. A compiler that lays them out otherwise refuses it. It is GNU C11, needs nothing but
 * linux/types.h, and is written as the headers between Linux and its programs are
 * (Documentation/process/botching-up-ioctls.rst).
 *
 * - Numbers whose byte order is declared are `__le32`, `__be64` and so on. C does not swap them, so
 *   the program does. A header with numbers of no declared order asserts that of the platform.
 * - A 64-bit number that the platform aligns to 8 bytes is `__aligned_u64`, or carries its
 *   alignment: then 32-bit x86 programs have the same layout.
 * - A bool is `__u8`, as the bytes of another program may be neither 0 nor 1.
 * - The texts of an enumeration are constants: `HEADER_STATE_IDLE`. The names of a TypeScript enum
 *   are not known at run time, so its numbers are listed.
 * - A bitfield has no offset in C: the members behind it and the size are what holds it in place.
 *   Bitfields whose byte order is not the platform's are bytes, with a comment that tells the bits.
 * - A name that C keeps to itself, such as `signed`, gets an underscore: `signed_`.
 *
 * Where a struct is packed with `@packed` and has an alignment of its own, gcc gives the warning
 * packed-not-aligned.
 *
 * @param structs a class, or several for one header; each struct is declared once
 * @throws {CNameError} when a name is no identifier of C, or two things would have the same
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
    // Those inside are declared meanwhile, and so in front of it.
    declarations.push(declareStruct(name, descriptorOf(struct), layoutOf(struct, abi), scope));
    return name;
  };
  for (const struct of typeof structs === "function" ? [structs] : structs) declare(struct);
  // What is only referred to has a name by now; declaring it may name more.
  for (const struct of names.keys()) declare(struct);

  const [first = "struct"] = Array.from(names.values(), tagIn);
  const macro = constants.give(guard ?? `LUO_${first.toUpperCase()}_H`, "the include guard");
  const order = `__ORDER_${abi.endian.toUpperCase()}_ENDIAN__`;
  const native = [...declared].some((struct) => isNative(descriptorOf(struct), abi));
  return [
    `/* Stamped out of annotated classes, for ${abi.name}: edit those instead. */`,
    `#ifndef ${macro}\n#define ${macro}`,
    "#include <linux/types.h>",
    ...(native ? [`_Static_assert(__BYTE_ORDER__ == ${order}, "byte order");`] : []),
    ...declarations,
    `#endif /* ${macro} */\n`,
  ].join("\n\n");
}

/** Whether its bytes depend on the byte order of the machine. */
function isNative({ fields, options }: StructDescriptor, abi: Abi): boolean {
  return fields.some(({ type, endian }) => {
    const order = endian ?? options.endian;
    return order === undefined || (bitsOf(type) !== undefined && order === abi.endian);
  });
}
