import { show } from "../errors.js";
import { LuoError } from "../luo-error.js";

/** A struct or a property has a name that C cannot take, or that something else in the header has. */
export class CNameError extends LuoError {
  static override readonly codes = {
    LUO_C_NAME: {
      when: "a C header would have a name that is no identifier of C, or one name twice",
      do: "give the struct or property another name",
    },
  };
  readonly struct: string;
  /** Undefined if it is about the struct's own name. */
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
 * Names that a C compiler keeps to itself: the keywords of C11 (6.4.1) and C23, those of GNU C, and
 * the macros without an underscore that GNU C predefines.
 */
const TAKEN = new Set(
  `auto break case char const continue default do double else enum extern float for goto if inline
  int long register restrict return short signed sizeof static struct switch typedef union unsigned
  void volatile while _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn
  _Static_assert _Thread_local alignas alignof bool constexpr false nullptr static_assert
  thread_local true typeof typeof_unqual _BitInt _Decimal128 _Decimal32 _Decimal64 asm linux unix
  i386`.split(/\s+/),
);

/** Names of which each is given once: C's tags, the members of a struct, or constants. */
export class CNames {
  readonly #owners = new Map<string, string>();
  readonly #remedy: string;

  /** @param remedy what to do about a name that cannot be given, for an error message */
  constructor(remedy: string) {
    this.#remedy = remedy;
  }

  /**
   * Gives a name for a struct or field. One that C keeps to itself gets an underscore at its end.
   *
   * @throws {CNameError} when it is no identifier of C, or is given already
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

/** A name as C programs write it: `HTTPServerV1` is `http_server_v1`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .toLowerCase();
}
