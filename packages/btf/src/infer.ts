import {
  type Abi,
  defineStruct,
  type FieldDescriptor,
  type FieldType,
  layoutOf,
  type StructOptions,
  u8,
} from "@luo/struct";

/**
 * BTF says where members lie, and not why. Here the why is found: annotations with which the layout
 * engine puts every member where it is. The engine itself is asked about each, so no rule of the C
 * ABI is written down a second time. Member by member the first way that leads there is taken, once
 * in a plain struct and once in a packed one, and of the two the one that needs less.
 */

/** A member, and where it must come to lie. */
export interface Wanted {
  readonly name: string;
  readonly type: FieldType;
  /** From the start of the struct. */
  readonly bitOffset: number;
}

export interface Declaration {
  readonly fields: readonly FieldDescriptor[];
  readonly options: StructOptions;
}

/** An annotation that C had, or what it had has the same effect. */
export interface Attribute {
  readonly kind: "packed" | "aligned" | "reserved";
  /** Undefined where the whole struct is annotated. */
  readonly field: string | undefined;
}

/** What C can align to, in bytes; luo takes no more than 4096. */
const ALIGNS = Array.from({ length: 13 }, (_, power) => 2 ** power);

/** The annotations of a declaration, beyond the types. */
export function attributesOf({ fields, options }: Declaration): Attribute[] {
  const found: Attribute[] = [];
  if (options.packed) found.push({ kind: "packed", field: undefined });
  if (options.align !== undefined) found.push({ kind: "aligned", field: undefined });
  for (const { name: field, type, packed, align } of fields) {
    if (packed) found.push({ kind: "packed", field });
    if (align !== undefined) found.push({ kind: "aligned", field });
    if (type.kind === "reserved" && field !== EMPTY.name) found.push({ kind: "reserved", field });
  }
  return found;
}

/** A struct without members, which GNU C allows. */
const EMPTY: FieldDescriptor = {
  name: "$empty",
  type: { kind: "reserved", of: { kind: "array", of: u8.type, length: 0 }, checked: false },
};

/**
 * A declaration with few annotations that puts every member where it is wanted.
 *
 * @param size in bytes
 * @returns why there is none, if so
 */
export function infer(
  members: readonly Wanted[],
  size: number,
  overlay: boolean,
  abi: Abi,
): Declaration | string {
  const plain = declare(members, size, { overlay }, abi);
  if (typeof plain !== "string" && cost(plain) === 0) return plain;
  const packed = declare(members, size, { overlay, packed: true }, abi);
  if (typeof packed === "string") return plain;
  // Where it makes no difference, the whole struct is the more likely one to be packed.
  return typeof plain === "string" || cost(packed) <= cost(plain) ? packed : plain;
}

function cost(declaration: Declaration): number {
  return attributesOf(declaration).length;
}

function declare(
  members: readonly Wanted[],
  size: number,
  { overlay, packed = false }: { readonly overlay: boolean; readonly packed?: boolean },
  abi: Abi,
): Declaration | string {
  const fields: FieldDescriptor[] = [];
  /** Bits in use so far, and at most. */
  let end = 0;
  let most = 0;
  let align = 1;
  for (const member of members) {
    if (overlay) end = 0;
    const found = remedy(member, end, packed, abi);
    if (found === undefined) {
      return `${member.name} lies at bit ${member.bitOffset}, where nothing puts it behind the ${end} bits before it`;
    }
    fields.push(...found.fields);
    align = Math.max(align, found.align);
    end = found.end;
    most = Math.max(most, end);
  }
  const enough = ALIGNS.find((n) => n >= align && Math.ceil(most / 8 / n) * n === size);
  if (enough === undefined) {
    if (size % align !== 0 || most > size * 8) {
      return `its size is ${size}, which cannot hold ${most} bits that are aligned to ${align}`;
    }
    fields.push(...filler(overlay ? 0 : end, size * 8, "$end"));
  }
  const options = {
    ...(overlay ? { overlay } : {}),
    ...(packed ? { packed } : {}),
    ...(enough === undefined || enough === align ? {} : { align: enough }),
  };
  return { fields: fields.length === 0 ? [EMPTY] : fields, options };
}

/** The best way to declare a member, and what the engine makes of it. */
function remedy(member: Wanted, end: number, packed: boolean, abi: Abi) {
  for (const fields of ways(member, end)) {
    const placed = place(fields, end, packed, abi);
    if (placed.bitOffset === member.bitOffset) return { ...placed, fields };
  }
  return undefined;
}

/** The ways to declare a member, those that are best first. */
function ways({ name, type, bitOffset }: Wanted, end: number): FieldDescriptor[][] {
  const field = { name, type };
  const packed = { ...field, packed: true };
  const aligns = ALIGNS.filter((align) => bitOffset % (align * 8) === 0);
  const before = filler(end, bitOffset, name);
  return [
    [field],
    [packed],
    ...aligns.map((align) => [{ ...field, align }]),
    ...aligns.map((align) => [{ ...packed, align }]),
    [...before, field],
    [...before, packed],
  ];
}

/** Space without a value between two bits: up to a whole byte, whole bytes, and bits again. */
function filler(end: number, to: number, name: string): FieldDescriptor[] {
  const first = Math.min(to, Math.ceil(end / 8) * 8);
  const last = Math.max(first, Math.floor(to / 8) * 8);
  const types: FieldType[] = [];
  if (first > end) types.push(unnamed(first - end));
  if (last > first) types.push({ kind: "bytes", length: (last - first) / 8 });
  if (to > last) types.push(unnamed(to - last));
  return types.map((of, index) => ({
    name: `${name}$gap${index}`,
    type: { kind: "reserved", of, checked: false },
  }));
}

function unnamed(width: number): FieldType {
  return { kind: "bits", of: BYTE, width };
}

const BYTE = u8.type as Extract<FieldType, { kind: "scalar" }>;

/** Where the engine puts the last of the fields, behind so many bits. */
function place(fields: readonly FieldDescriptor[], end: number, packed: boolean, abi: Abi) {
  const before = filler(0, end, " ");
  const made = layoutOf(defineStruct("trial", 0, [...before, ...fields], { packed }), abi);
  const last = made.fields.at(-1);
  if (last === undefined) return { bitOffset: 0, end, align: 1 };
  const { type, offset, size, bitOffset = offset * 8 } = last;
  const width = type.kind === "bits" ? type.width : size * 8;
  return { bitOffset, end: bitOffset + width, align: made.align };
}
