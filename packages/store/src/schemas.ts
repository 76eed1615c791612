import {
  fingerprintOf,
  type StructClass,
  type StructSchema,
  schemaOf,
  structsIn,
} from "@luo/struct";
import { BadImageError } from "./errors.js";

/** A layout as an image carries it. */
export interface ImageSchema extends StructSchema {
  /** The fingerprint of the struct and of all structs that it mentions: 16 hexadecimal digits. */
  readonly fingerprint: string;
}

/** Gives `family@version`, the name by which types refer to a schema. */
export const nameOf = ({ family, version }: Pick<StructSchema, "family" | "version">) =>
  `${family}@${version}`;

/** Gives the fingerprint of a struct as schemas have it: 16 hexadecimal digits. */
export const digitsOf = (struct: StructClass) =>
  fingerprintOf(struct).toString(16).padStart(16, "0");

/** The layouts of everything in an image, each once; directory entries refer to them by index. */
export class Schemas {
  readonly list: ImageSchema[] = [];
  readonly #byName = new Map<string, number>();
  /** The classes of those schemas that the program writes. */
  readonly #structs = new WeakMap<ImageSchema, StructClass>();

  /** Reads schemas from JSON. @throws {BadImageError} when the text is not a list of schemas */
  static parse(text: string): Schemas {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (cause) {
      throw new BadImageError({ found: "its schemas are not JSON" }, { cause });
    }
    if (!Array.isArray(parsed)) throw new BadImageError({ found: "its schemas are not a list" });
    const schemas = new Schemas();
    for (const [index, schema] of parsed.entries()) {
      const problem = problemWith(schema);
      if (problem !== undefined) throw new BadImageError({ found: `schema ${index} ${problem}` });
      schemas.#add(schema);
    }
    return schemas;
  }

  toString(): string {
    return JSON.stringify(this.list);
  }

  /** Gives the index of a `family@version`; undefined when there is none. */
  find(name: string): number | undefined {
    return this.#byName.get(name);
  }

  /**
   * Gives the index of a class. A new class is added, with all classes that it mentions.
   *
   * @throws {BadImageError} when the image has another layout of the same family and version
   */
  indexOf(struct: StructClass): number {
    const layouts = schemaOf(struct);
    const indices = structsIn(struct).map((mentioned, at) => {
      const layout = layouts[at] as StructSchema;
      const fingerprint = digitsOf(mentioned);
      const known = this.find(nameOf(layout));
      if (known === undefined) return this.#add({ ...layout, fingerprint }, mentioned);
      const listed = this.list[known];
      if (listed?.fingerprint === fingerprint) {
        // The class has the layout, so the schema's text need not be parsed.
        this.#structs.set(listed, mentioned);
        return known;
      }
      throw new BadImageError({
        found: `it holds ${nameOf(layout)} with another layout`,
        do: "a published layout must not change: undo the edit, or make it a new version",
      });
    });
    return indices[0] as number;
  }

  /** Gives the class of a schema; undefined while the program has not written one of it. */
  structOf(schema: ImageSchema): StructClass | undefined {
    return this.#structs.get(schema);
  }

  #add(schema: ImageSchema, struct?: StructClass): number {
    const index = this.list.push(schema) - 1;
    if (struct !== undefined) this.#structs.set(schema, struct);
    this.#byName.set(nameOf(schema), index);
    return index;
  }
}

const isCount = (value: unknown, most = Number.MAX_SAFE_INTEGER) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= most;
const isText = (value: unknown) => typeof value === "string";

type Check = (value: unknown) => boolean;

const SCHEMA: Readonly<Record<keyof ImageSchema, Check>> = {
  family: isText,
  version: (value) => isCount(value, 0xffff_ffff),
  size: (value) => isCount(value),
  align: (value) => isCount(value),
  fingerprint: (value) => isText(value) && /^[0-9a-f]{16}$/.test(value as string),
  fields: (value) =>
    Array.isArray(value) && value.every((field) => misfit(FIELD, field) === undefined),
};

const FIELD: Readonly<Record<"name" | "type" | "offset" | "bitOffset", Check>> = {
  name: isText,
  type: isText,
  offset: (value) => isCount(value),
  bitOffset: (value) => value === undefined || isCount(value),
};

/** Gives the name of the first invalid member; empty when the value is no object. */
function misfit(table: Readonly<Record<string, Check>>, value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return "";
  const members = value as Record<string, unknown>;
  return Object.keys(table).find((name) => table[name]?.(members[name]) !== true);
}

function problemWith(schema: unknown): string | undefined {
  const member = misfit(SCHEMA, schema);
  if (member === undefined) return undefined;
  return member === "" ? "is no object" : `has no valid ${member}`;
}
