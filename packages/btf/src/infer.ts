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
 * Infers annotations from the places of members. BTF says where members lie, not which attributes put
 * them there. For each member this tries declarations in order, and keeps the first for which the
 * layout engine gives the right place. The engine is asked each time, so no rule of the C ABI is written
 * down twice. The search runs for a plain and for a packed struct; the result with fewer annotations
 * wins.
 */

/** A member, and the place that it must get. */
export interface Wanted {
  readonly name: string;
  readonly type: FieldType;
  /** The first bit, from the start of the struct. */
  readonly bitOffset: number;
}

export interface Declaration {
  readonly fields: readonly FieldDescriptor[];
  readonly options: StructOptions;
}

/** An inferred annotation. The C source has this attribute, or another with the same effect. */
export interface Attribute {
  readonly kind: "packed" | "aligned" | "reserved";
  /** Undefined when the annotation is on the whole struct. */
  readonly field: string | undefined;
}

/** The alignments to try, in bytes: all that luo takes, from 1 to 4096. */
const ALIGNS = Array.from({ length: 13 }, (_, power) => 2 ** power);

/** The annotations of a declaration beside the types. */
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

/** The field of a struct without members, which GNU C allows and luo does not. */
const EMPTY: FieldDescriptor = {
  name: "$empty",
  type: { kind: "reserved", of: { kind: "array", of: u8.type, length: 0 }, checked: false },
};

/**
 * Finds a declaration with few annotations that gives every member its place.
 *
 * @param size the size of the struct, in bytes
 * @returns the declaration, or the reason why there is none
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
  // With equal cost, packing the whole struct is more likely than packing single members.
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
  /** Bits in use: by the fields so far, and by the largest field of an overlay. */
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

/** The first declaration that gives a member its place, with the end and alignment that result. */
function remedy(member: Wanted, end: number, packed: boolean, abi: Abi) {
  for (const fields of ways(member, end)) {
    const placed = place(fields, end, packed, abi);
    if (placed.bitOffset === member.bitOffset) return { ...placed, fields };
  }
  return undefined;
}

/** The ways to declare a member, the preferred ones first. */
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

/** Reserved fields from bit `end` to bit `to`: bits up to a whole byte, whole bytes, bits again. */
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

/** The place that the layout engine gives the last of the fields, behind `end` used bits. */
function place(fields: readonly FieldDescriptor[], end: number, packed: boolean, abi: Abi) {
  const before = filler(0, end, " ");
  const made = layoutOf(defineStruct("trial", 0, [...before, ...fields], { packed }), abi);
  const last = made.fields.at(-1);
  if (last === undefined) return { bitOffset: 0, end, align: 1 };
  const { type, offset, size, bitOffset = offset * 8 } = last;
  const width = type.kind === "bits" ? type.width : size * 8;
  return { bitOffset, end: bitOffset + width, align: made.align };
}
