import { DeclarationError } from "./errors.js";
import { describe } from "./registry.js";
import { type FieldType, type PerKind, perKind, type StructClass } from "./types.js";

/** A field with its place. */
export interface FieldLayout {
  readonly name: string;
  readonly type: FieldType;
  /** From the start of the struct, in bytes. */
  readonly offset: number;
  /** In bytes. */
  readonly size: number;
}

/** A run of bytes that belong to no field. */
export interface Gap {
  readonly offset: number;
  readonly size: number;
}

/** Where everything in a struct lies, as the System V ABI lays it out. */
export interface StructLayout {
  readonly name: string;
  readonly version: number;
  readonly struct: StructClass;
  /** In bytes, a multiple of `align`. */
  readonly size: number;
  /** In bytes, a power of two. */
  readonly align: number;
  readonly fields: readonly FieldLayout[];
  /** Padding between the fields and at the end. */
  readonly padding: readonly Gap[];
  /** Whether it, or a struct inside it, refers to arrays elsewhere. */
  readonly references: boolean;
}

interface Extent {
  readonly size: number;
  readonly align: number;
}

const EXTENT: PerKind<Extent> = {
  scalar: ({ size }) => ({ size, align: size }),
  char: ({ length }) => ({ size: length, align: 1 }),
  bytes: ({ length }) => ({ size: length, align: 1 }),
  array: ({ of, length }) => {
    const { size, align } = perKind(EXTENT, of);
    return { size: size * length, align };
  },
  struct: ({ of }) => layoutOf(of()),
  ref: () => ({ size: 8, align: 8 }),
};

const REFERENCES: PerKind<boolean> = {
  scalar: () => false,
  char: () => false,
  bytes: () => false,
  array: ({ of }) => perKind(REFERENCES, of),
  struct: ({ of }) => layoutOf(of()).references,
  ref: () => true,
};

/** Size of a value of the type, in bytes. */
export function sizeOf(type: FieldType): number {
  return perKind(EXTENT, type).size;
}

const layouts = new WeakMap<StructClass, StructLayout>();
const underway = new Set<StructClass>();

/**
 * The layout of a struct: offsets, sizes, alignment and padding by the rules of the C ABI (System V
 * x86-64 psABI, 3.1.2). Computed once per class.
 *
 * @throws {DeclarationError} when the class is no struct, or contains itself
 */
export function layoutOf(struct: StructClass): StructLayout {
  const known = layouts.get(struct);
  if (known !== undefined) return known;
  const { name, version, fields } = describe(struct);
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
    const layout: StructLayout = { name, version, struct, ...place(fields) };
    layouts.set(struct, layout);
    return layout;
  } finally {
    underway.delete(struct);
  }
}

function place(fields: readonly { name: string; type: FieldType }[]) {
  const placed: FieldLayout[] = [];
  const padding: Gap[] = [];
  let end = 0;
  let align = 1;
  const advance = (boundary: number) => {
    const offset = Math.ceil(end / boundary) * boundary;
    if (offset > end) padding.push({ offset: end, size: offset - end });
    return offset;
  };
  for (const { name, type } of fields) {
    const extent = perKind(EXTENT, type);
    const offset = advance(extent.align);
    placed.push({ name, type, offset, size: extent.size });
    end = offset + extent.size;
    align = Math.max(align, extent.align);
  }
  const references = fields.some(({ type }) => perKind(REFERENCES, type));
  return { size: advance(align), align, fields: placed, padding, references };
}
