import { BtfError } from "./errors.js";
import { bitfield, sizeOfType, typeAt, unmodified } from "./resolve.js";
import { type Btf, type BtfMember, type PerKind, perKind } from "./types.js";

/**
 * The most types inside each other, arrays and typedefs included. It bounds every recursion over types.
 * The kernel itself resolves no more than 32 (MAX_RESOLVE_DEPTH in kernel/bpf/btf.c).
 */
const MAX_DEPTH = 64;
/** The largest size of an array in bytes, as in the kernel. */
const MAX_SIZE = 0xffff_ffff;

const none = () => [];
const referred = ({ of }: { readonly of: number }) => [of];

/** The ids of all types that a type refers to. */
const REFERENCES: PerKind<readonly number[], void> = {
  void: none,
  int: none,
  ptr: referred,
  array: ({ of, index }) => [of, index],
  struct: ({ members }) => members.map(({ of }) => of),
  union: ({ members }) => members.map(({ of }) => of),
  enum: none,
  fwd: none,
  typedef: referred,
  volatile: referred,
  const: referred,
  restrict: referred,
  func: referred,
  func_proto: ({ returns, parameters }) => [returns, ...parameters.map(({ of }) => of)],
  var: referred,
  datasec: ({ variables }) => variables.map(({ of }) => of),
  float: none,
  decl_tag: referred,
  type_tag: referred,
  enum64: none,
};

/** The ids of the types inside a type. The target of a pointer is not inside. */
const INSIDE: PerKind<readonly number[], void> = {
  ...REFERENCES,
  ptr: none,
  array: referred,
  func: none,
  func_proto: none,
  var: none,
  datasec: none,
  decl_tag: none,
};

const fine = () => undefined;

type Problem = readonly [found: string, expected: string] | undefined;

const whole =
  (sizes: readonly number[]) =>
  ({ size }: { readonly size: number }): Problem =>
    sizes.includes(size) ? undefined : [`a size of ${size}`, `one of ${sizes.join(", ")}`];

const composite = (
  { size, members }: { readonly size: number; readonly members: readonly BtfMember[] },
  btf: Btf,
): Problem => {
  for (const member of members) {
    const { type } = unmodified(btf, member.of);
    const bytes = sizeOfType(btf, member.of);
    const bits = bitfield(btf, member);
    const { bitOffset } = bits ?? member;
    const what = member.name || "a member without a name";
    if (bytes === undefined) return [`${what}, which is ${type.kind}`, "a type with a size"];
    const integer = type.kind === "int" || type.kind === "enum" || type.kind === "enum64";
    if (bits !== undefined && !(integer && bits.width <= bytes * 8)) {
      return [`${what}, ${bits.width} bits of ${type.kind}`, "at most the bits of an integer"];
    }
    if (bits === undefined && bitOffset % 8 !== 0) {
      return [`${what} at bit ${bitOffset}`, "a whole byte, as it is no bitfield"];
    }
    const end = bitOffset + (bits?.width ?? bytes * 8);
    if (end > size * 8) return [`${what} up to bit ${end}`, `at most the ${size} bytes around it`];
  }
  return undefined;
};

/** The properties of a type that no C type has. */
const PROBLEM: PerKind<Problem, Btf> = {
  void: fine,
  int: (type) => {
    const { size, bits, bitOffset } = type;
    if (bits >= 1 && bits + bitOffset <= size * 8) return whole([1, 2, 4, 8, 16])(type);
    return [`${bits} bits from ${bitOffset}`, `1 to ${size * 8}, within the size`];
  },
  ptr: fine,
  array: ({ of, length }, btf) => {
    const size = sizeOfType(btf, of);
    if (size === undefined) return ["elements without a size", "a type with values"];
    if (size * length <= MAX_SIZE) return undefined;
    return [`${length} elements of ${size} bytes`, `at most ${MAX_SIZE} bytes`];
  },
  struct: composite,
  union: composite,
  enum: whole([1, 2, 4, 8]),
  fwd: fine,
  typedef: fine,
  volatile: fine,
  const: fine,
  restrict: fine,
  func: fine,
  func_proto: fine,
  var: fine,
  datasec: fine,
  float: whole([2, 4, 8, 10, 12, 16]),
  decl_tag: fine,
  type_tag: fine,
  enum64: whole([1, 2, 4, 8]),
};

/**
 * Checks that every reference leads to a type, no type contains itself, and members lie within their
 * structs. Takes time proportional to the bytes.
 *
 * @throws {BtfError} naming the first type that fails
 */
export function checkTypes(btf: Btf): void {
  for (const [typeId, type] of btf.types.entries()) {
    for (const id of perKind(REFERENCES, type, undefined)) {
      if (id < btf.types.length) continue;
      const expected = `0 to ${btf.types.length - 1}`;
      const advice = "the bytes are damaged, or of a kernel module and build upon vmlinux";
      const found = `a reference to type ${id}`;
      throw new BtfError("LUO_BTF_REFERENCE", { typeId }, found, expected, advice);
    }
  }
  const heights = new Heights(btf);
  for (const [typeId, type] of btf.types.entries()) {
    heights.of(typeId, 0);
    const problem = perKind(PROBLEM, type, btf);
    if (problem === undefined) continue;
    const [found, expected] = problem;
    const what = `${type.kind} ${type.name || "without a name"}: ${found}`;
    throw new BtfError("LUO_BTF_TYPE", { typeId }, what, expected, "the bytes are damaged");
  }
}

/** The number of types inside each other, by id, the type itself included. */
class Heights {
  readonly #btf: Btf;
  /** By id: 0 for an unknown height, -1 while it is computed. */
  readonly #known: Int8Array;

  constructor(btf: Btf) {
    this.#btf = btf;
    this.#known = new Int8Array(btf.types.length);
  }

  of(typeId: number, depth: number): number {
    const known = this.#known[typeId] ?? 0;
    if (known > 0) return known;
    const { kind, name } = typeAt(this.#btf, typeId);
    const what = `${kind} ${name || "without a name"}`;
    if (known < 0) {
      const found = `${what}, which contains itself`;
      const expected = "types that end";
      throw new BtfError("LUO_BTF_NESTING", { typeId }, found, expected, "the bytes are damaged");
    }
    this.#known[typeId] = -1;
    let height = 1;
    if (depth < MAX_DEPTH) {
      for (const inside of perKind(INSIDE, typeAt(this.#btf, typeId), undefined)) {
        height = Math.max(height, this.of(inside, depth + 1) + 1);
      }
    }
    if (depth >= MAX_DEPTH || height > MAX_DEPTH) {
      const found = `${what}, more than ${MAX_DEPTH} deep`;
      const expected = `at most ${MAX_DEPTH} types inside each other`;
      throw new BtfError("LUO_BTF_NESTING", { typeId }, found, expected, "the bytes are damaged");
    }
    this.#known[typeId] = height;
    return height;
  }
}
