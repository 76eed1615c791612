import {
  codecOf,
  DeclarationError,
  descriptorOf,
  layoutOf,
  type StructClass,
  type StructCodec,
  type StructLayout,
  schemaOf,
} from "@luo/struct";
import type { Family } from "@luo/version";
import { textLayouts } from "./layouts.js";
import { digitsOf, nameOf, type Schemas } from "./schemas.js";

/**
 * One version of a family as an image has it: the class with its codec and its index among the
 * schemas.
 */
export interface Form {
  readonly struct: StructClass;
  readonly version: number;
  /** Index of its layout among the schemas. */
  readonly schema: number;
  readonly codec: StructCodec<object>;
  readonly layout: StructLayout;
}

/** The forms that families write to an image and read from it, computed once for each family. */
export class Forms {
  readonly #schemas: Schemas;
  readonly #newest = new Map<Family, readonly [Form]>();
  readonly #readable = new Map<Family, readonly (Form | undefined)[]>();

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  /**
   * Gives the newest version that the family writes and those alongside, the newest first.
   *
   * @throws {FamilyError} when the family has no such version
   * @throws {DeclarationError} when a version has no bytes
   * @throws {BadImageError} when the image has another layout of a version, or a layout exceeds a
   *   limit of the format, such as 63 levels of structs in structs
   */
  written(family: Family, alongside: Iterable<number> | undefined): readonly Form[] {
    let newest = this.#newest.get(family);
    if (newest === undefined) {
      newest = [this.#form(family.newest)];
      this.#newest.set(family, newest);
    }
    if (alongside === undefined) return newest;
    const others = new Set(alongside);
    others.delete(newest[0].version);
    const forms = Array.from(others, (version) => this.#form(family.structOf(version)));
    return [...newest, ...forms].sort((a, b) => b.version - a.version);
  }

  /**
   * Gives, by the index of a schema, the form in which the family reads it; undefined where it
   * cannot.
   */
  readable(family: Family): readonly (Form | undefined)[] {
    const known = this.#readable.get(family);
    if (known?.length === this.#schemas.list.length) return known;
    const forms = this.#schemas.list.map(({ family: name, version, fingerprint }, schema) => {
      if (name !== family.name || !family.versions.includes(version)) return undefined;
      const struct = family.structOf(version);
      return digitsOf(struct) === fingerprint ? formOf(struct, schema) : undefined;
    });
    this.#readable.set(family, forms);
    return forms;
  }

  #form(struct: StructClass): Form {
    const { family, version } = descriptorOf(struct);
    const name = nameOf({ family, version });
    if (layoutOf(struct).size === 0) {
      const found = "has no bytes, so it cannot be an object of its own";
      throw new DeclarationError(struct.name, undefined, {
        found,
        do: "give it a field with a size",
      });
    }
    // Refuses a struct that no reader of the image could decode, before it is among the schemas.
    if (this.#schemas.find(name) === undefined) textLayouts(schemaOf(struct))(name);
    return formOf(struct, this.#schemas.indexOf(struct));
  }
}

function formOf(struct: StructClass, schema: number): Form {
  const { version } = descriptorOf(struct);
  return { struct, version, schema, codec: codecOf(struct), layout: layoutOf(struct) };
}
