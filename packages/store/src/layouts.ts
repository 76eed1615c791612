import { layoutOf, SchemaError, SchemaLayouts, type StructLayout } from "@luo/struct";
import { BadImageError } from "./errors.js";
import { type ImageSchema, nameOf, type Schemas } from "./schemas.js";

/**
 * Layouts by schema: of schemas that came with the image as their text says, of those that the program
 * added as its classes have them. Each is made when it is first asked for.
 */
export class Layouts {
  readonly #schemas: Schemas;
  readonly #known = new WeakMap<ImageSchema, StructLayout>();
  #fromText: SchemaLayouts | undefined;

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
    try {
      // What the program adds meanwhile, none of these mentions.
      this.#fromText ??= new SchemaLayouts(this.#schemas.list);
      return this.#fromText.get(nameOf(schema));
    } catch (cause) {
      if (!(cause instanceof SchemaError)) throw cause;
      throw new BadImageError(cause.message, { cause });
    }
  }
}
