/** The names that generated source gives to the types and members of C. */

/** Names that no declaration may have: words of JavaScript and TypeScript, and names that sources use. */
const RESERVED = new Set(
  `any arguments as await boolean break case catch class const constructor continue debugger declare
  default delete do else enum eval export extends false finally for from function if implements
  import in instanceof interface let new never null number object package private protected public
  return static string super switch symbol this throw true try type typeof undefined unknown var
  void while with yield bigint Array BigInt Boolean Function Infinity NaN Number Object String
  Symbol Uint8Array LuoStruct ABIS address aligned array big bits bool bytes char enumeration f32
  f64 flexible i8 i16 i32 i64 little packed ref reserved struct u8 u16 u32 u64 union`.split(/\s+/),
);

/** Names that no field may have, because no class can declare a property of that name. */
const NO_FIELDS = new Set(["constructor", "__proto__"]);

/**
 * Makes an identifier of a name in C; an empty name stays empty. The result has no `$`, which marks
 * names of things without a name in C.
 */
export function identifier(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9_]/g, "_");
  return /^[0-9]/.test(safe) ? `_${safe}` : safe;
}

/** The first free name of `name`, `name_`, `name_2`, `name_3` and so on. */
function free(name: string, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return name;
  for (let suffix = 1; ; suffix++) {
    const next = `${name}_${suffix === 1 ? "" : suffix}`;
    if (!isTaken(next)) return next;
  }
}

/** Gives each thing in a scope a unique name. */
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

  /** Takes a free identifier close to `name`, or to `fallback` for an empty name. */
  take(name: string, fallback: string): string {
    const isTaken = (next: string) => this.#reserved.has(next) || this.#taken.has(next);
    const found = free(identifier(name) || fallback, isTaken);
    this.#taken.add(found);
    return found;
  }
}
