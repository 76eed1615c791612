import type { Fault } from "@luo/struct";

/** Why a value cannot be converted, and in which field; the family makes a ConversionError of it. */
export class Misfit extends Error {
  /** From the outermost field, such as `units[3].name`. */
  readonly path: string;
  readonly fault: Fault;

  constructor(path: string, fault: Fault, options?: ErrorOptions) {
    super(path, options);
    this.path = path;
    this.fault = fault;
  }

  /** What was thrown while a field was converted, with the field in front. */
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
