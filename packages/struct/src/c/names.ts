import { show } from "../errors.js";
import { LuoError } from "../luo-error.js";

/** The name of a struct or property is no identifier of C, or is taken in the header. */
export class CNameError extends LuoError {
  static override readonly codes = {
    LUO_C_NAME: {
      when: "a C header would have a name that is no identifier of C, or one name twice",
      do: "give the struct or property another name",
    },
  };
  readonly struct: string;
  /** Undefined when the error is about the struct's own name. */
  readonly field: string | undefined;

  constructor(
    struct: string,
    field: string | undefined,
    fault: { readonly found: string; readonly expected: string; readonly do: string },
  ) {
    super("LUO_C_NAME", field === undefined ? struct : `${struct}.${field}`, fault);
    this.struct = struct;
    this.field = field;
  }
}

/**
 * Names that a C compiler reserves: the keywords of C11 (6.4.1), C23 and GNU C, and the macros without
 * an underscore that GNU C predefines.
 */
const TAKEN = new Set(
  `auto break case char const continue default do double else enum extern float for goto if inline
  int long register restrict return short signed sizeof static struct switch typedef union unsigned
  void volatile while _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn
  _Static_assert _Thread_local alignas alignof bool constexpr false nullptr static_assert
  thread_local true typeof typeof_unqual _BitInt _Decimal128 _Decimal32 _Decimal64 asm linux unix
  i386`.split(/\s+/),
);

/** A C name space, such as tags, the members of a struct, or constants: it gives each name once. */
export class CNames {
  readonly #owners = new Map<string, string>();
  readonly #remedy: string;

  /** @param remedy the advice of the error for a name that cannot be given */
  constructor(remedy: string) {
    this.#remedy = remedy;
  }

  /**
   * Gives a name to a struct or field. A name that C reserves gets an underscore at its end.
   *
   * @throws {CNameError} when the name is no identifier of C, or is given already
   */
  give(wanted: string, struct: string, field?: string): string {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(wanted)) {
      throw new CNameError(struct, field, {
        found: show(wanted),
        expected: "an identifier of C, which has letters, digits and underscores",
        do: this.#remedy,
      });
    }
    const name = TAKEN.has(wanted) ? `${wanted}_` : wanted;
    const owner = this.#owners.get(name);
    if (owner !== undefined) {
      throw new CNameError(struct, field, {
        found: `${show(name)}, which ${owner} is already`,
        expected: "a name in C that nothing else has",
        do: this.#remedy,
      });
    }
    this.#owners.set(name, field === undefined ? struct : `${struct}.${field}`);
    return name;
  }
}

/** Converts a name to snake case: `HTTPServerV1` becomes `http_server_v1`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}
