import {
  layoutOf,
  SchemaError,
  SchemaLayouts,
  type StructLayout,
  type StructSchema,
} from "@luo/struct";
import { BadImageError } from "./errors.js";
import { type ImageSchema, nameOf, type Schemas } from "./schemas.js";

/**
 * Layouts by schema. The layout of a schema that came with the image is read from its text; that of
 * a schema whose class the program writes is the layout of the class. Each is made when it is first
 * needed.
 */
export class Layouts {
  readonly #schemas: Schemas;
  readonly #known = new WeakMap<ImageSchema, StructLayout>();
  #fromText: ((name: string) => StructLayout) | undefined;

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  /**
   * Gives a schema's layout.
   *
   * @throws {BadImageError} when the image's schemas do not describe one
   */
  get(schema: ImageSchema): StructLayout {
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    const struct = this.#schemas.structOf(schema);
    const layout = struct === undefined ? this.#read(schema) : layoutOf(struct);
    this.#known.set(schema, layout);
    return layout;
  }

  #read(schema: ImageSchema): StructLayout {
    // Schemas that the program adds later can be left out: no schema of the image mentions them.
    this.#fromText ??= textLayouts(this.#schemas.list);
    return this.#fromText(nameOf(schema));
  }
}

/**
 * Makes a function that gives the layout of a `family@version` by the schemas.
 *
 * @throws {BadImageError} when a schema is listed twice; the function throws it when the schemas do
 *   not describe the layout
 */
export function textLayouts(schemas: readonly StructSchema[]): (name: string) => StructLayout {
  const layouts = readable(() => new SchemaLayouts(schemas));
  return (name) => readable(() => layouts.get(name));
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof SchemaError)) throw cause;
    throw new BadImageError(cause.message, { cause });
  }
}
