import type { Fault } from "@luo/struct";

/** A value cannot be converted. The family turns this into a `ConversionError` with the versions. */
export class Misfit extends Error {
  /** The path from the outermost field, such as `units[3].name`. */
  readonly path: string;
  readonly fault: Fault;

  constructor(path: string, fault: Fault, options?: ErrorOptions) {
    super(path, options);
    this.path = path;
    this.fault = fault;
  }

  /** Gives what a function makes for a field, whose name goes in front of the path of an error. */
  static within<T>(field: string, make: () => T): T {
    try {
      return make();
    } catch (error) {
      throw Misfit.in(field, error);
    }
  }

  /** Wraps an error thrown while converting a field, with the field in front of its path. */
  static in(field: string, cause: unknown): Misfit {
    if (cause instanceof Misfit) {
      const { path, fault } = cause;
      const dot = path === "" || path.startsWith("[") ? "" : ".";
      return new Misfit(`${field}${dot}${path}`, fault, { cause: cause.cause });
    }
    const problem = cause instanceof Error ? cause.message : String(cause);
    return new Misfit(field, { found: `cannot be made: ${problem}` }, { cause });
  }
}
