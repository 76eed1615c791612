/** Why a value cannot be converted, and in which field; the family makes a ConversionError of it. */
export class Misfit extends Error {
  /** From the outermost field, such as `units[3].name`. */
  readonly path: string;

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.path = path;
  }

  /** What was thrown while a field was converted, with the field in front. */
  static in(field: string, cause: unknown): Misfit {
    if (cause instanceof Misfit) {
      const { path, message } = cause;
      const dot = path === "" || path.startsWith("[") ? "" : ".";
      return new Misfit(`${field}${dot}${path}`, message, { cause: cause.cause });
    }
    const problem = cause instanceof Error ? cause.message : String(cause);
    return new Misfit(field, `cannot be made: ${problem}`, { cause });
  }
}
