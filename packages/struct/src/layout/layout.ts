import { checkUnionKeys, INSIDE, structsOf } from "../declare/declaration.js";
import {
  descriptorOf,
  type FieldDescriptor,
  type Places,
  type StructOptions,
} from "../declare/registry.js";
import { DeclarationError } from "../errors.js";
import {
  type BitsType,
  type FieldType,
  type PerKind,
  perKind,
  type StructClass,
} from "../types.js";
import { type Abi, DEFAULT_ABI, type Endian } from "./abi.js";
import { shownAsTable } from "./layout-table.js";

/** A field with its place. */
export interface FieldLayout {
  readonly name: string;
  readonly type: FieldType;
  /** From the start of the struct, in bytes. For a bitfield, the byte that holds its first bit. */
  readonly offset: number;
  /** Size in bytes. For a bitfield, the number of bytes that it touches; for a flexible array, 0. */
  readonly size: number;
  /**
   * The first bit of a bitfield, from the start of the struct. Bit 0 is the least significant bit of
   * the first byte for little-endian numbers, and the most significant for big-endian ones.
   */
  readonly bitOffset?: number;
  /** The byte order of its numbers. */
  readonly endian: Endian;
}

/** A run of bytes that belong to no field. */
export interface Gap {
  readonly offset: number;
  readonly size: number;
}

/** The layout of a struct: its size and alignment, and the place of every field. */
export interface StructLayout {
  readonly name: string;
  readonly version: number;
  readonly struct: StructClass;
  readonly abi: Abi;
  /** Size in bytes, a multiple of `align`. */
  readonly size: number;
  /** Alignment in bytes, a power of two. */
  readonly align: number;
  readonly fields: readonly FieldLayout[];
  /** Padding bytes between the fields and at the end. Unused bits between bitfields are not listed. */
  readonly padding: readonly Gap[];
  /** True when the struct, or a struct inside it, has a `@ref` field. */
  readonly references: boolean;
  /** True when the struct ends with a flexible array. */
  readonly flexible: boolean;
  /** True when all fields lie in the same place. */
  readonly overlay: boolean;
}

/** Size and alignment of a value, in bytes. */
interface Extent {
  readonly size: number;
  readonly align: number;
}

const EXTENT: PerKind<Extent, Abi> = {
  scalar: ({ size }, { wideAlign }) => ({ size, align: size === 8 ? wideAlign : size }),
  enum: ({ of }, abi) => perKind(EXTENT, of, abi),
  bits: ({ of }, abi) => perKind(EXTENT, of, abi),
  char: ({ length }) => ({ size: length, align: 1 }),
  bytes: ({ length }) => ({ size: length, align: 1 }),
  array: ({ of, length }, abi) => {
    const { size, align } = perKind(EXTENT, of, abi);
    return { size: size * length, align };
  },
  flexible: ({ of }, abi) => ({ size: 0, align: perKind(EXTENT, of, abi).align }),
  struct: ({ of }, abi) => fixedSize(of(), abi),
  union: ({ of }, abi) => {
    let [size, align] = [0, 1];
    for (const struct of Object.values(of())) {
      const variant = fixedSize(struct, abi);
      size = Math.max(size, variant.size);
      align = Math.max(align, variant.align);
    }
    return { size: roundUp(size, align), align };
  },
  ref: (_, { wideAlign }) => ({ size: 8, align: wideAlign }),
  reserved: ({ of }, abi) => perKind(EXTENT, of, abi),
};

function fixedSize(struct: StructClass, abi: Abi): StructLayout {
  const layout = layoutOf(struct, abi);
  if (layout.flexible) {
    const problem =
      "ends with a flexible array, so it cannot lie inside another struct or an array";
    throw new DeclarationError(layout.name, undefined, problem);
  }
  return layout;
}

const REFERENCES: PerKind<boolean, Abi> = {
  scalar: () => false,
  enum: () => false,
  bits: () => false,
  char: () => false,
  bytes: () => false,
  array: ({ of }, abi) => perKind(REFERENCES, of, abi),
  flexible: ({ of }, abi) => perKind(REFERENCES, of, abi),
  struct: ({ of }, abi) => layoutOf(of(), abi).references,
  union: ({ of }, abi) => Object.values(of()).some((struct) => layoutOf(struct, abi).references),
  ref: () => true,
  reserved: () => false,
};

/** The size of a value of the type, in bytes; 0 for a flexible array. */
export function sizeOf(type: FieldType, abi: Abi = DEFAULT_ABI): number {
  return perKind(EXTENT, type, abi).size;
}

/** The alignment of a value of the type inside a struct, in bytes. */
export function alignOf(type: FieldType, abi: Abi): number {
  return perKind(EXTENT, type, abi).align;
}

const layouts = new WeakMap<StructClass, Map<Abi, StructLayout>>();
const underway = new Set<StructClass>();

/**
 * The layout of a struct: offsets, sizes, alignment and padding by the rules of the C ABI. For a class
 * that was made for a schema, the layout is the schema's. Computed once per class and ABI.
 *
 * @throws {DeclarationError} when the class is no struct or contains itself, or when it was made for a
 *   schema and `abi` is not that of images
 */
export function layoutOf(struct: StructClass, abi: Abi = DEFAULT_ABI): StructLayout {
  const known = layouts.get(struct)?.get(abi);
  if (known !== undefined) return known;
  const { name, version, fields, options, places } = descriptorOf(struct);
  if (places !== undefined && abi !== DEFAULT_ABI) {
    const problem = `lies as its schema says, which is for ${DEFAULT_ABI.name}, not for ${abi.name}`;
    throw new DeclarationError(name, undefined, problem);
  }
  if (underway.has(struct)) {
    const cycle = [...underway, struct].map((link) => link.name).join(" > ");
    throw new DeclarationError(
      name,
      undefined,
      `contains itself (${cycle}); use @ref for one of them`,
    );
  }
  underway.add(struct);
  try {
    for (const field of fields) structsOf(name, field, INSIDE);
    if (places === undefined) checkUnionKeys(name, fields);
    const placed = places ?? place(fields, options, abi);
    if (places === undefined && !(placed.size <= MOST_BYTES)) {
      throw new DeclarationError(name, undefined, {
        found: `a size of ${placed.size} bytes`,
        expected: `at most ${MOST_BYTES}, up to which places are exact`,
      });
    }
    const layout: StructLayout = shownAsTable({
      name,
      version,
      struct,
      abi,
      size: placed.size,
      align: placed.align,
      fields: fields.map((field, index) => ({
        name: field.name,
        type: field.type,
        endian: field.endian ?? options.endian ?? abi.endian,
        ...(placed.fields[index] as Place),
      })),
      padding: gaps(placed.fields, placed.size),
      references: fields.some(({ type }) => perKind(REFERENCES, type, abi)),
      flexible: fields.at(-1)?.type.kind === "flexible",
      overlay: options.overlay === true,
    });
    const perAbi = layouts.get(struct) ?? new Map();
    layouts.set(struct, perAbi.set(abi, layout));
    return layout;
  } finally {
    underway.delete(struct);
  }
}

/** The most bytes whose bits a number counts exactly. */
const MOST_BYTES = 2 ** 50;

type Place = Pick<FieldLayout, "offset" | "size" | "bitOffset">;

function place(fields: readonly FieldDescriptor[], options: StructOptions, abi: Abi): Places {
  const placed: Place[] = [];
  const overlay = options.overlay === true;
  let align = options.align ?? 1;
  /** Bits in use: by the fields so far, and by the largest field of an overlay. */
  let end = 0;
  let most = 0;
  for (const field of fields) {
    if (overlay) end = 0;
    const packed = field.packed === true || options.packed === true;
    const at = placeField(field, packed, end, abi);
    placed.push(at.layout);
    align = Math.max(align, at.align);
    end = at.end;
    most = Math.max(most, end);
  }
  return { size: roundUp(Math.ceil(most / 8), align), align, fields: placed };
}

interface Placed {
  readonly layout: Place;
  /** The alignment that the field asks of the struct, in bytes. */
  readonly align: number;
  /** The first bit after it. */
  readonly end: number;
}

function placeField(
  { type, align: least }: FieldDescriptor,
  packed: boolean,
  end: number,
  abi: Abi,
): Placed {
  const bits = bitsOf(type);
  if (bits !== undefined) {
    return placeBits(bits, type.kind === "reserved", packed, least, end, abi);
  }
  const extent = perKind(EXTENT, type, abi);
  const align = Math.max(packed ? 1 : extent.align, least ?? 1);
  const offset = roundUp(Math.ceil(end / 8), align);
  return { layout: { offset, size: extent.size }, align, end: (offset + extent.size) * 8 };
}

/** The bitfield in a type, reserved or not; undefined for any other type. */
export function bitsOf(type: FieldType): BitsType | undefined {
  if (type.kind === "bits") return type;
  return type.kind === "reserved" && type.of.kind === "bits" ? type.of : undefined;
}

/**
 * Places a bitfield at the next bit. If it would there span more units of its type's alignment than a
 * value of its type, it goes to the next such unit.
 */
function placeBits(
  { of, width }: BitsType,
  unnamed: boolean,
  packed: boolean,
  least: number | undefined,
  end: number,
  abi: Abi,
): Placed {
  const extent = perKind(EXTENT, of, abi);
  // A bitfield of width 0 ends its unit in packed structs too.
  const natural = packed && width > 0 ? 1 : extent.align;
  const unit = extent.align * 8;
  // An alignment counts bytes, so with an alignment of 1 the bitfield begins at the next byte.
  let bitOffset = roundUp(end, least === undefined ? 1 : least * 8);
  if (width === 0) bitOffset = roundUp(bitOffset, unit);
  else if (!packed && Math.ceil(((bitOffset % unit) + width) / unit) > extent.size / extent.align) {
    bitOffset = roundUp(bitOffset, unit);
  }
  const offset = Math.floor(bitOffset / 8);
  // AAPCS64 10.1.8 lets bitfields align the struct "without exception for zero-sized or anonymous"
  // ones. Elsewhere a bitfield without a name never aligns it, whatever its other annotations.
  const aligns = !unnamed || abi.unnamedBitsAlign;
  return {
    layout: { offset, size: Math.ceil((bitOffset + width) / 8) - offset, bitOffset },
    align: aligns ? Math.max(natural, least ?? 1) : 1,
    end: bitOffset + width,
  };
}

/**
 * The offset of a field from the start of its struct, in bytes: C's offsetof.
 *
 * @throws {DeclarationError} when the struct has no such field
 */
export function offsetOf<T extends object>(
  struct: StructClass<T>,
  field: keyof T & string,
): number {
  const found = layoutOf(struct).fields.find(({ name }) => name === field);
  if (found !== undefined) return found.offset;
  throw new DeclarationError(descriptorOf(struct).name, field, "is no field of the struct");
}

/** The runs of bytes that no field touches. */
function gaps(fields: readonly Place[], size: number): Gap[] {
  const found: Gap[] = [];
  let end = 0;
  for (const { offset, size: length } of fields) {
    if (offset > end) found.push({ offset: end, size: offset - end });
    end = Math.max(end, offset + length);
  }
  if (size > end) found.push({ offset: end, size: size - end });
  return found;
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
