import {
  ArgumentError,
  codecOf,
  DeclarationError,
  descriptorOf,
  layoutOf,
  type StructClass,
  type StructCodec,
  type StructLayout,
  schemaOf,
  show,
} from "@luo/struct";
import { checkFamily, type Family } from "@luo/version";
import { textLayouts } from "./layouts.js";
import { digitsOf, nameOf, type Schemas } from "./schemas.js";

/** Writes and reads objects of one version of a family. */
export interface VersionCodec {
  readonly struct: StructClass;
  readonly version: number;
  /** The index of its layout among the schemas. */
  readonly schema: number;
  readonly codec: StructCodec<object>;
  readonly layout: StructLayout;
}

/**
 * The codecs of each family's versions: those that it writes to an image and those that it reads from it.
 * They are found once for each family.
 */
export class FamilyCodecs {
  readonly #schemas: Schemas;
  readonly #newest = new Map<Family, readonly [VersionCodec]>();
  readonly #readable = new Map<Family, readonly (VersionCodec | undefined)[]>();

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  /**
   * Gives the newest version that the family writes and those alongside, the newest first.
   *
   * @throws {FamilyError} when the family has no such version
   * @throws {ArgumentError} when it is no family, or `alongside` no list of versions
   * @throws {DeclarationError} when a version has no bytes
   * @throws {BadImageError} when the image has another layout of a version, or a layout exceeds a
   *   limit of the format, such as 63 levels of structs in structs
   */
  written(family: Family, alongside: Iterable<number> | undefined): readonly VersionCodec[] {
    let newest = this.#newest.get(family);
    if (newest === undefined) {
      checkFamily(family);
      newest = [this.#codec(family.newest)];
      this.#newest.set(family, newest);
    }
    if (alongside === undefined) return newest;
    if (typeof alongside !== "object") {
      const expected = "versions, such as [0] or family.writes";
      throw new ArgumentError("alongside", { found: show(alongside), expected });
    }
    const others = new Set(alongside);
    others.delete(newest[0].version);
    const codecs = Array.from(others, (version) => this.#codec(family.structOf(version)));
    return [...newest, ...codecs].sort((a, b) => b.version - a.version);
  }

  /** Gives, for each schema of the image, the codec by which the family reads it; undefined when it cannot. */
  readable(family: Family): readonly (VersionCodec | undefined)[] {
    const known = this.#readable.get(family);
    if (known?.length === this.#schemas.list.length) return known;
    checkFamily(family);
    const codecs = this.#schemas.list.map(({ family: name, version, fingerprint }, schema) => {
      if (name !== family.name || !family.versions.includes(version)) return undefined;
      const struct = family.structOf(version);
      return digitsOf(struct) === fingerprint ? versionCodec(struct, schema) : undefined;
    });
    this.#readable.set(family, codecs);
    return codecs;
  }

  #codec(struct: StructClass): VersionCodec {
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
    return versionCodec(struct, this.#schemas.indexOf(struct));
  }
}

function versionCodec(struct: StructClass, schema: number): VersionCodec {
  const { version } = descriptorOf(struct);
  return { struct, version, schema, codec: codecOf(struct), layout: layoutOf(struct) };
}
