/** What generated source calls the things of C. */

/** Words that no declaration may be named: those of JavaScript and TypeScript, and what sources use. */
const RESERVED = new Set(
  `any arguments as await boolean break case catch class const constructor continue debugger declare
  default delete do else enum eval export extends false finally for from function if implements
  import in instanceof interface let new never null number object package private protected public
  return static string super switch symbol this throw true try type typeof undefined unknown var
  void while with yield bigint Array BigInt Boolean Function Infinity NaN Number Object String
  Symbol Uint8Array LuoStruct ABIS address aligned array big bits bool bytes char enumeration f32
  f64 flexible i8 i16 i32 i64 little packed ref reserved struct u8 u16 u32 u64 union`.split(/\s+/),
);

/** What no field may be named; those of an object besides, as no class can declare them. */
const NO_FIELDS = new Set(["constructor", "__proto__"]);

/**
 * An identifier made of a name from elsewhere; empty where that is. A `$` is only in what has no
 * name in C.
 */
export function identifier(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9_]/g, "_");
  return /^[0-9]/.test(safe) ? `_${safe}` : safe;
}

/** The first of `name`, `name_`, `name_2`, `name_3` and so on that is free. */
function free(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  for (let suffix = 1; ; suffix++) {
    const next = `${name}_${suffix === 1 ? "" : suffix}`;
    if (!isTaken(next)) return next;
  }
}

/** Gives every thing in a scope a name of its own. */
export class Names {
  readonly #reserved: ReadonlySet<string>;
  readonly #taken = new Set<string>();

  private constructor(reserved: ReadonlySet<string>) {
    this.#reserved = reserved;
  }

  static ofDeclarations(): Names {
    return new Names(RESERVED);
  }

  static ofFields(): Names {
    return new Names(NO_FIELDS);
  }

  /** An identifier as close to the name as can be; an identifier stands for an empty one. */
  take(name: string, fallback: string): string {
    const isTaken = (next: string) => this.#reserved.has(next) || this.#taken.has(next);
    const found = free(identifier(name) || fallback, isTaken);
    this.#taken.add(found);
    return found;
  }
}
