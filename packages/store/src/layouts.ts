import { BadImageError } from "./errors.js";
import {
  parseInteger,
  parseSchemaType,
  type SchemaInteger,
  type SchemaType,
} from "./schema-type.js";
import { type ImageSchema, nameOf, type Schemas } from "./schemas.js";

/** Bytes of a reference. */
const ADDRESS = 8;

/** A field that may lead to a reference. */
interface LeadingField {
  readonly offset: number;
  readonly type: SchemaType;
}

/** A struct, as far as it matters to where references are. */
export interface Layout {
  readonly schema: ImageSchema;
  readonly name: string;
  /** Those that are references or hold some, in the order of memory. */
  fields: readonly LeadingField[];
  /** Whether it refers to anything, itself or by the structs inside. */
  refers: boolean;
  /** Levels of structs that lead to a reference, its own included. */
  depth: number;
  /** Whether its fields are known to lie where they may. */
  checked: boolean;
  /** Integers that tell what lies behind them, by name; undefined what is none. */
  readonly integers: Map<string, PlacedInteger | undefined>;
}

/** An integer, and its first bit from the start of the struct. */
export interface PlacedInteger extends SchemaInteger {
  readonly first: number;
}

/** Levels of structs in structs: as many as C promises (C11, 5.2.4.1). Each costs time by element. */
const MAX_DEPTH = 63;

/**
 * The layouts of an image, held against what no struct can be that is gone along: a reference that
 * lies outside of its struct or over another, a struct that contains itself. So there is an end to it.
 */
export class Layouts {
  readonly #schemas: Schemas;
  #byName = new Map<string, Layout>();

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  /** @throws {BadImageError} when the layouts cannot be, or do not have this one */
  get(name: string): Layout {
    if (this.#byName.size !== this.#schemas.list.length) this.#prepare();
    const layout = this.#byName.get(name);
    if (layout === undefined)
      throw new BadImageError(`its schemas lack ${name}, which they mention`);
    return layout;
  }

  #prepare(): void {
    const layouts = this.#schemas.list.map((schema): Layout => {
      const fields = schema.fields
        .map(({ type, offset }) => ({ type: parseSchemaType(type), offset }))
        .filter(({ type }) => type.kind !== "plain");
      const name = nameOf(schema);
      return { schema, name, fields, refers: false, depth: 0, checked: false, integers: new Map() };
    });
    this.#byName = new Map(layouts.map((layout) => [layout.name, layout]));
    if (this.#byName.size < layouts.length) throw new BadImageError("its schemas have one twice");
    // Those that contain none come first; whatever is then left contains itself.
    const insides = new Map(layouts.map((layout) => [layout, this.#inside(layout)]));
    const outsides = new Map<Layout, Layout[]>();
    for (const [around, inner] of insides) {
      for (const layout of inner) {
        const outer = outsides.get(layout);
        if (outer === undefined) outsides.set(layout, [around]);
        else outer.push(around);
      }
    }
    const done = layouts.filter((layout) => insides.get(layout)?.size === 0);
    for (const layout of done) {
      layout.fields = layout.fields.filter(({ type }) => this.#leadsOn(type));
      layout.refers = layout.fields.length > 0;
      if (layout.refers && ++layout.depth > MAX_DEPTH) {
        throw new BadImageError(
          `its schema ${layout.name} has structs in structs over more than ${MAX_DEPTH} levels`,
        );
      }
      if (layout.refers && layout.schema.size < ADDRESS) {
        throw new BadImageError(`its schema ${layout.name} is too short for what it refers to`);
      }
      for (const outer of outsides.get(layout) ?? []) {
        const left = insides.get(outer);
        outer.depth = Math.max(outer.depth, layout.depth);
        if (left?.delete(layout) && left.size === 0) done.push(outer);
      }
    }
    const circular = layouts.find((layout) => (insides.get(layout)?.size ?? 0) > 0);
    if (circular) throw new BadImageError(`its schema ${circular.name} contains itself`);
  }

  /**
   * Insists that what refers to something lies inside of its struct and not over anything else that
   * does. Of C's unions, which only reserved space mentions, nobody asks that.
   *
   * @throws {BadImageError} when it is otherwise
   */
  checkPlaces(layout: Layout): void {
    if (layout.checked) return;
    const { name, schema, fields } = layout;
    let end = 0;
    for (const [index, { offset, type }] of fields.entries()) {
      const inner = structsIn(type).find((struct) => this.get(struct).fields.some(isFlexible));
      if (inner !== undefined || (type.kind === "flexible" && index < fields.length - 1)) {
        throw new BadImageError(
          `its schema ${name} has a flexible array that something lies behind; it is the last of an object`,
        );
      }
      const size = this.sizeOf(type);
      if (offset < end || (type.kind !== "flexible" && offset + size > schema.size)) {
        throw new BadImageError(`its schema ${name} has fields over each other, or outside of it`);
      }
      end = offset + size;
    }
    layout.checked = true;
  }

  /** An integer field that tells what lies behind it. @throws {BadImageError} when there is none */
  integer({ name, schema, integers }: Layout, called: string): PlacedInteger {
    if (!integers.has(called)) {
      const field = schema.fields.find((candidate) => candidate.name === called);
      const type = field && parseInteger(field.type);
      const first = field?.bitOffset ?? (field?.offset ?? 0) * 8;
      integers.set(called, type && { ...type, first });
    }
    const integer = integers.get(called);
    if (integer !== undefined) return integer;
    throw new BadImageError(`its schema ${name} needs an integer ${called}, which it has not`);
  }

  /** Bytes of a field; a flexible array has none. */
  sizeOf(type: SchemaType): number {
    switch (type.kind) {
      case "plain":
      case "flexible":
        return 0;
      case "ref":
        return ADDRESS;
      case "struct":
        return this.get(type.struct).schema.size;
      case "array":
        return type.length * this.sizeOf(type.of);
      case "union":
        return Array.from(type.structs.values()).reduce(
          (most, name) => Math.max(most, this.get(name).schema.size),
          0,
        );
    }
  }

  #inside({ fields }: Layout): Set<Layout> {
    return new Set(fields.flatMap(({ type }) => structsIn(type)).map((name) => this.get(name)));
  }

  #leadsOn(type: SchemaType): boolean {
    if (type.kind === "array" || type.kind === "flexible") return this.#leadsOn(type.of);
    return type.kind === "ref" || structsIn(type).some((name) => this.get(name).refers);
  }
}

const isFlexible = ({ type }: LeadingField) => type.kind === "flexible";

/** The structs that lie within a value of the type. */
function structsIn(type: SchemaType): readonly string[] {
  switch (type.kind) {
    case "plain":
    case "ref":
      return [];
    case "struct":
      return [type.struct];
    case "array":
    case "flexible":
      return structsIn(type.of);
    case "union":
      return [...type.structs.values()];
  }
}
