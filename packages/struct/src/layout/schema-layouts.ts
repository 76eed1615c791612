import { faultsOf, INSIDE, isAlignment } from "../declare/declaration.js";
import { FAMILY } from "../declare/luo-struct.js";
import { addStruct, type Places } from "../declare/registry.js";
import { NotationError, SchemaError, show } from "../errors.js";
import { perKind, type StructClass } from "../types.js";
import { type FieldLayout, layoutOf, type StructLayout, sizeOf } from "./layout.js";
import { parseNotation, type StructNamed } from "./notation.js";
import type { FieldSchema, StructSchema } from "./schema.js";
import { measure, problemOfSize, type Size, targetOf } from "./struct-bounds.js";

/** A schema, with its fingerprint where it came with one. */
type PublishedSchema = StructSchema & { readonly fingerprint?: string };

type Sizes = Pick<WeakMap<StructClass, Size>, "get">;

/** A schema on its way to a layout. */
interface Draft {
  readonly schema: PublishedSchema;
  readonly name: string;
  readonly struct: StructClass;
  readonly fields: FieldLayout[];
  /** Structs that lie inside it and have no layout yet. */
  readonly awaited: Set<StructClass>;
}

/**
 * Layouts of the structs that a list of schemas describes: with the places that they say, each for a
 * class that is made for it. So `codecOf(layout.struct)` reads and writes what a program of other classes
 * wrote. Integers of 8 bytes are bigints. `fingerprintOf` of such a class is that of its schema, if it
 * came with one; `layoutOf` and `codecOf` know it in the ABI of images alone.
 *
 * The list need not be trusted. A schema is looked at when its struct, or one that mentions it, is first
 * asked for; time and memory are in proportion to the text, also those of what codecs are compiled to. A
 * struct whose fields lie over each other is an `overlay`, as C's unions are: it may be reserved space,
 * and has no codec.
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
   * @throws {SchemaError} when it, or a struct that it mentions, is not listed; contains itself, or lies
   *   in others over more than 63 levels; has fields outside of it, or over each other where it must have
   *   a value, a type that is none, a flexible array that is not last, or a count or discriminator that
   *   is no integer above; refers to arrays of what has no value or no bytes; or has more fields or more
   *   values than a codec of its size can
   */
  get(name: string): StructLayout {
    const known = this.#structs.get(name);
    if (known !== undefined) return layoutOf(known);
    const drafts = this.#drafts(name);
    this.#complete([...drafts.values()]);
    for (const { name, struct } of drafts.values()) this.#structs.set(name, struct);
    return layoutOf((drafts.get(name) as Draft).struct);
  }

  /** The struct and all that it mentions, except for those that are there already. */
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

  /** Makes all of them structs: those that contain none come first, and what is left contains itself. */
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

/** What keeps a struct from being the element of an array that a field refers to. */
function problemOfTarget(target: StructClass | undefined, sizes: Sizes): string | undefined {
  if (target === undefined) return undefined;
  const { name, size, flexible } = layoutOf(target);
  if (size === 0) return `refers to an array of ${name}, which has no bytes`;
  if (flexible) return `refers to an array of ${name}, which ends with a flexible array`;
  if (sizes.get(target)?.valued) return undefined;
  return `refers to an array of ${name}, which has fields over each other and so no value`;
}

/** Checks all but the fields. */
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

/** A class that a decoder makes objects of. */
function classFor(name: string, fields: readonly FieldSchema[]): StructClass {
  if (!fields.some((field) => field.name === "__proto__")) {
    return { [name]: class {} }[name] as StructClass;
  }
  // Assigning it would change the prototype, unless the object has such a property of its own.
  const own = { value: undefined, writable: true, enumerable: true, configurable: true };
  const guarded = class {
    constructor() {
      Object.defineProperty(this, "__proto__", own);
    }
  };
  return { [name]: class extends guarded {} }[name] as StructClass;
}

/** A field with its type; its size follows when those of all structs inside are known. */
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

/** Makes a struct of a draft all of whose insides are structs already. */
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

/** Whether fields lie over each other, or not in the order of memory. */
function liesOver(fields: readonly FieldLayout[]): boolean {
  let end = 0;
  let last: FieldLayout | undefined;
  for (const field of fields) {
    const { offset, size, bitOffset, endian } = field;
    const inBits = bitOffset !== undefined && last?.bitOffset !== undefined;
    // Bits of different order count from different ends of a byte.
    const start = inBits && endian === last?.endian ? bitOffset : offset * 8;
    if (start < end) return true;
    const bits = field.type.kind === "reserved" ? field.type.of : field.type;
    end = bits.kind === "bits" ? (bitOffset ?? 0) + bits.width : (offset + size) * 8;
    last = field;
  }
  return false;
}
