import { LuoError } from "@luo/struct";

/** Where in a family something is wrong. */
interface Place {
  /** The class's name. */
  readonly struct?: string;
  readonly field?: string;
}

/** A family is put together in a way that cannot work. Thrown when it is declared or first used. */
export class FamilyError extends LuoError {
  readonly family: string;
  readonly struct: string | undefined;
  readonly field: string | undefined;

  constructor(family: string, problem: string, { struct, field }: Place = {}) {
    super("LUO_FAMILY", `family ${family}: ${problem}`);
    this.family = family;
    this.struct = struct;
    this.field = field;
  }
}

/** An object cannot be turned into another version of its struct. */
export class ConversionError extends LuoError {
  readonly family: string;
  readonly from: number;
  readonly to: number;
  /** The field that is in the way, such as `units[3].name`. */
  readonly field: string | undefined;

  constructor(
    family: string,
    from: number,
    to: number,
    problem: string,
    { field, ...options }: ErrorOptions & { readonly field?: string } = {},
  ) {
    const where = field === undefined ? "" : `${field} `;
    super("LUO_CONVERSION", `${family} from version ${from} to ${to}: ${where}${problem}`, options);
    this.family = family;
    this.from = from;
    this.to = to;
    this.field = field;
  }
}

/** What should be a manifest is none. */
export class ManifestError extends LuoError {
  /** Where, as in `families.memfd.reads[0]`; empty for the whole. */
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super("LUO_MANIFEST", `manifest${path === "" ? "" : `, ${path}`}: ${problem}`, options);
    this.path = path;
  }
}
