import { type Fault, LuoError } from "@luo/struct";

/** The class and field that an error is about. */
interface Place {
  /** The class's name. */
  readonly struct?: string;
  readonly field?: string;
}

/** The versions of a family do not fit together. Thrown at its declaration or first use. */
export class FamilyError extends LuoError {
  static override readonly codes = {
    LUO_FAMILY: {
      when: "a family is put together in a way that cannot work; at its declaration or first use",
      do: "correct the annotations; published versions stay as they are",
    },
  };
  readonly family: string;
  readonly struct: string | undefined;
  readonly field: string | undefined;

  constructor(family: string, fault: Fault, { struct, field }: Place = {}) {
    super("LUO_FAMILY", `family ${family}`, fault);
    this.family = family;
    this.struct = struct;
    this.field = field;
  }
}

/** An object cannot be converted into another version of its struct. */
export class ConversionError extends LuoError {
  static override readonly codes = {
    LUO_CONVERSION: {
      when: "an object cannot be turned into another version of its struct",
      do: "change the value, or say in the newer class how the field passes",
    },
  };
  readonly family: string;
  readonly from: number;
  readonly to: number;
  /** The field that cannot be converted, such as `units[3].name`. */
  readonly field: string | undefined;

  constructor(
    family: string,
    from: number,
    to: number,
    fault: Fault,
    { field, ...options }: ErrorOptions & { readonly field?: string } = {},
  ) {
    const where = `${family} from version ${from} to ${to}${field === undefined ? "" : `, ${field}`}`;
    super("LUO_CONVERSION", where, fault, options);
    this.family = family;
    this.from = from;
    this.to = to;
    this.field = field;
  }
}

/** The input is no manifest. */
export class ManifestError extends LuoError {
  static override readonly codes = {
    LUO_MANIFEST: {
      when: "something that should be a manifest is none",
      do: "write it with luo manifest",
    },
  };
  /** The place of the mismatch, such as `families.memfd.reads[0]`; empty for the whole input. */
  readonly path: string;

  constructor(path: string, fault: Fault, options?: ErrorOptions) {
    super("LUO_MANIFEST", `manifest${path === "" ? "" : `, ${path}`}`, fault, options);
    this.path = path;
  }
}
