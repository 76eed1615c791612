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
 * Layouts by schema: of schemas that came with the image as their text says, of those that the program
 * added as its classes have them. Each is made when it is first asked for.
 */
export class Layouts {
  readonly #schemas: Schemas;
  readonly #known = new WeakMap<ImageSchema, StructLayout>();
  #fromText: ((name: string) => StructLayout) | undefined;

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  /** @throws {BadImageError} when the image's schemas describe no such layout */
  get(schema: ImageSchema): StructLayout {
    const known = this.#known.get(schema);
    if (known !== undefined) return known;
    const struct = this.#schemas.structOf(schema);
    const layout = struct === undefined ? this.#read(schema) : layoutOf(struct);
    this.#known.set(schema, layout);
    return layout;
  }

  #read(schema: ImageSchema): StructLayout {
    // What the program adds meanwhile, none of these mentions.
    this.#fromText ??= textLayouts(this.#schemas.list);
    return this.#fromText(nameOf(schema));
  }
}

/**
 * Gives the layouts that schemas describe, by `family@version`.
 *
 * @throws {BadImageError} when a schema is listed twice; what is given throws it when they describe no
 *   such layout
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
