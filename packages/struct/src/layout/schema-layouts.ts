import { faultsOf, INSIDE, isAlignment } from "../declare/declaration.js";
import { FAMILY } from "../declare/luo-struct.js";
import { addStruct, type Places } from "../declare/registry.js";
import { NotationError, SchemaError, show } from "../errors.js";
import { perKind, type StructClass } from "../types.js";
import { type FieldLayout, layoutOf, type StructLayout, sizeOf } from "./layout.js";
import { parseNotation, type StructNamed } from "./notation.js";
import type { FieldSchema, StructSchema } from "./schema.js";
import { measure, problemOfSize, type Size, targetOf } from "./struct-bounds.js";

/** A schema, with its fingerprint if its source has one. */
type PublishedSchema = StructSchema & { readonly fingerprint?: string };

type Sizes = Pick<WeakMap<StructClass, Size>, "get">;

/** A schema whose layout is not complete yet. */
interface Draft {
  readonly schema: PublishedSchema;
  readonly name: string;
  readonly struct: StructClass;
  readonly fields: FieldLayout[];
  /** Nested structs without a layout yet. */
  readonly awaited: Set<StructClass>;
}

/**
 * The layouts of the structs that a list of schemas describes. Each struct gets a class of its own, with
 * its fields in the places that the schema gives. So `codecOf(layout.struct)` reads and writes bytes of
 * a program whose classes are not available. Integers of 8 bytes are bigints. `fingerprintOf` returns
 * the fingerprint of the schema, if it has one. `layoutOf` and `codecOf` accept such a class in the ABI
 * of images only.
 *
 * The list is not trusted. A schema is checked when its struct, or one that mentions it, is first asked
 * for. Time and memory are proportional to the text, including those of compiled codecs. A struct with
 * overlapping fields is an `overlay`, like a union of C: it can only be reserved space, and has no codec.
 */
export class SchemaLayouts {
  readonly #schemas = new Map<string, PublishedSchema>();
  readonly #structs = new Map<string, StructClass>();
  readonly #sizes = new WeakMap<StructClass, Size>();

  /** @throws {SchemaError} when a struct is listed twice */
  constructor(schemas: readonly PublishedSchema[]) {
    for (const schema of schemas) {
      const name = `${schema.family}@${schema.version}`;
      if (this.#schemas.has(name)) throw new SchemaError(name, undefined, "is listed twice");
      this.#schemas.set(name, schema);
    }
  }

  /**
   * The layout of a struct.
   *
   * @param name `family@version`
   * @throws {SchemaError} when the struct, or one that it mentions,
   *   - is not listed, or contains itself, or nests structs or arrays more than 63 levels deep;
   *   - has a field outside of its bytes, or overlapping fields where it must have a value;
   *   - has a field whose type is no notation;
   *   - has a flexible array that is not last, or whose count is no integer field above it;
   *   - has a union whose discriminator is no integer or enum field above it;
   *   - refers to an array of structs without a value or without bytes;
   *   - has more fields, or more values for its size, than the bounds of a codec allow
   */
  get(name: string): StructLayout {
    const known = this.#structs.get(name);
    if (known !== undefined) return layoutOf(known);
    const drafts = this.#drafts(name);
    this.#complete([...drafts.values()]);
    for (const { name, struct } of drafts.values()) this.#structs.set(name, struct);
    return layoutOf((drafts.get(name) as Draft).struct);
  }

  /** Drafts of the struct and of all structs that it mentions, except for those with a layout. */
  #drafts(name: string): ReadonlyMap<string, Draft> {
    const found = new Map([[name, this.#begin(name)]]);
    for (const draft of found.values()) {
      const names = new Set<string>();
      for (const field of draft.schema.fields) {
        if (names.size === names.add(field.name).size) {
          throw new SchemaError(draft.name, field.name, "is listed twice");
        }
        const mentioned = (name: string): StructClass => {
          const known = this.#structs.get(name) ?? found.get(name)?.struct;
          if (known !== undefined) return known;
          const begun = this.#begin(name, draft.name, field.name);
          found.set(name, begun);
          return begun.struct;
        };
        draft.fields.push(typed(draft.name, field, mentioned));
      }
    }
    return found;
  }

  #begin(name: string, by = name, field?: string): Draft {
    const schema = this.#schemas.get(name);
    if (schema === undefined) {
      throw new SchemaError(by, field, `mentions ${show(name)}, which is not listed`);
    }
    checkStruct(name, schema);
    const struct = classFor(name, schema.fields);
    return { schema, name, struct, fields: [], awaited: new Set() };
  }

  /**
   * Registers all drafts as structs, nested ones first. A draft that never becomes ready contains
   * itself.
   */
  #complete(drafts: readonly Draft[]): void {
    const outsides = new Map<StructClass, Draft[]>();
    const ready: Draft[] = [];
    for (const draft of drafts) {
      for (const inner of draft.fields.flatMap(({ type }) => perKind(INSIDE, type))) {
        if (this.#sizes.has(inner) || draft.awaited.has(inner)) continue;
        draft.awaited.add(inner);
        const around = outsides.get(inner);
        if (around === undefined) outsides.set(inner, [draft]);
        else around.push(draft);
      }
      if (draft.awaited.size === 0) ready.push(draft);
    }
    for (const draft of ready) {
      this.#sizes.set(draft.struct, complete(draft, this.#sizes));
      for (const outer of outsides.get(draft.struct) ?? []) {
        outer.awaited.delete(draft.struct);
        if (outer.awaited.size === 0) ready.push(outer);
      }
    }
    for (const { name, awaited } of drafts) {
      if (awaited.size > 0) throw new SchemaError(name, undefined, "contains itself");
    }
    for (const { name, fields } of ready) {
      for (const field of fields) {
        const problem = problemOfTarget(targetOf(field.type), this.#sizes);
        if (problem !== undefined) throw new SchemaError(name, field.name, problem);
      }
    }
  }
}

/** The reason why a `@ref` cannot refer to an array of the struct; undefined when it can. */
function problemOfTarget(target: StructClass | undefined, sizes: Sizes): string | undefined {
  if (target === undefined) return undefined;
  const { name, size, flexible } = layoutOf(target);
  if (size === 0) return `refers to an array of ${name}, which has no bytes`;
  if (flexible) return `refers to an array of ${name}, which ends with a flexible array`;
  if (sizes.get(target)?.valued) return undefined;
  return `refers to an array of ${name}, which has fields over each other and so no value`;
}

/** Checks everything of a schema but its fields. */
function checkStruct(name: string, schema: PublishedSchema): void {
  const { family, version, size, align, fingerprint = NO_FINGERPRINT } = schema;
  const fail = (problem: string): never => {
    throw new SchemaError(name, undefined, problem);
  };
  if (!FAMILY.test(family)) fail("has a family that is not letters, digits and any of _ $ . / -");
  if (!(isCount(version) && version <= 0xffff_ffff)) fail("has no version from 0 to 4294967295");
  if (!isCount(size)) fail(`has ${show(size)} bytes, expected a safe integer from 0 up`);
  if (!isAlignment(align)) fail(`has the align ${show(align)}, expected a power of two to 4096`);
  if (size % align !== 0) fail(`has ${size} bytes, expected a multiple of its align, ${align}`);
  if (!/^[0-9a-f]{16}$/.test(fingerprint)) fail("has no fingerprint of 16 hexadecimal digits");
}

const NO_FINGERPRINT = "0".repeat(16);

const isCount = (value: number) => Number.isSafeInteger(value) && value >= 0;

/** Makes the class of the objects that a decoder returns. */
function classFor(name: string, fields: readonly FieldSchema[]): StructClass {
  if (!fields.some((field) => field.name === "__proto__")) {
    return { [name]: class {} }[name] as StructClass;
  }
  // Assigning `__proto__` changes the prototype, unless the object has an own property of that name.
  const own = { value: undefined, writable: true, enumerable: true, configurable: true };
  const guarded = class {
    constructor() {
      Object.defineProperty(this, "__proto__", own);
    }
  };
  return { [name]: class extends guarded {} }[name] as StructClass;
}

/** Reads a field's type. Its size follows later, when the sizes of all nested structs are known. */
function typed(struct: string, field: FieldSchema, structNamed: StructNamed): FieldLayout {
  const { name, offset, bitOffset } = field;
  const fail = (problem: string): never => {
    throw new SchemaError(struct, name, problem);
  };
  if (!isCount(offset)) fail(`lies at ${show(offset)}, expected a safe integer from 0 up`);
  try {
    const { type, endian } = parseNotation(field.type, structNamed);
    const bits = type.kind === "reserved" ? type.of : type;
    if (bits.kind !== "bits") {
      if (bitOffset !== undefined) fail("is no bitfield, but has a bitOffset");
      return { name, type, offset, endian, size: 0 };
    }
    if (bitOffset === undefined || !isCount(bitOffset) || Math.floor(bitOffset / 8) !== offset) {
      return fail(`is a bitfield at ${offset}, but has no bitOffset in the byte there`);
    }
    const size = Math.ceil((bitOffset + bits.width) / 8) - offset;
    return { name, type, offset, endian, size, bitOffset };
  } catch (cause) {
    if (!(cause instanceof NotationError)) throw cause;
    const { position, found, expected } = cause;
    const fault = { found: `${found} at ${position} of its type`, expected };
    throw new SchemaError(struct, name, fault, { cause });
  }
}

/** Registers a draft as a struct, once its nested structs are registered. */
function complete(draft: Draft, sizes: Sizes): Size {
  const { schema, name, struct } = draft;
  const [fault] = faultsOf(draft.fields);
  if (fault !== undefined) throw new SchemaError(name, ...fault);
  const fields = draft.fields.map((field) => {
    const flexible = perKind(INSIDE, field.type).find((inner) => layoutOf(inner).flexible);
    if (flexible !== undefined) {
      const problem = `contains ${flexible.name}, which ends with a flexible array`;
      throw new SchemaError(name, field.name, `${problem} and so cannot lie inside of anything`);
    }
    return field.bitOffset === undefined ? { ...field, size: sizeOf(field.type) } : field;
  });
  const overlay = liesOver(fields);
  for (const { name: field, offset, size } of fields) {
    if (offset + size <= schema.size) continue;
    const problem = `has ${size} bytes at ${offset} and ends outside of its ${schema.size} bytes`;
    throw new SchemaError(name, field, problem);
  }
  const sizeOfStruct = (inner: StructClass) => sizes.get(inner) as Size;
  const size = measure(fields, overlay, sizeOfStruct);
  const tooLarge = problemOfSize(size, schema.size, fields, sizeOfStruct);
  if (tooLarge !== undefined) throw new SchemaError(name, undefined, tooLarge);
  const places: Places = {
    size: schema.size,
    align: schema.align,
    fields: fields.map(({ offset, size, bitOffset }) => ({
      offset,
      size,
      ...(bitOffset === undefined ? {} : { bitOffset }),
    })),
    ...(schema.fingerprint === undefined ? {} : { fingerprint: BigInt(`0x${schema.fingerprint}`) }),
  };
  const { family, version } = schema;
  const options = { family, overlay };
  const described = fields.map(({ name, type, endian }) => ({ name, type, endian }));
  const transient = new Set<string>();
  addStruct({ struct, name, version, family, fields: described, transient, options, places });
  return size;
}

/** True when fields overlap, or are not in the order of memory. */
function liesOver(fields: readonly FieldLayout[]): boolean {
  let end = 0;
  let last: FieldLayout | undefined;
  for (const field of fields) {
    const { offset, size, bitOffset, endian } = field;
    const inBits = bitOffset !== undefined && last?.bitOffset !== undefined;
    // Bitfields of different byte order count their bits from different ends of a byte.
    const start = inBits && endian === last?.endian ? bitOffset : offset * 8;
    if (start < end) return true;
    const bits = field.type.kind === "reserved" ? field.type.of : field.type;
    end = bits.kind === "bits" ? (bitOffset ?? 0) + bits.width : (offset + size) * 8;
    last = field;
  }
  return false;
}
