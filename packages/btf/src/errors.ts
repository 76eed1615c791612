import { type ErrorCode, LuoError } from "@luo/struct";

const CODES = {
  LUO_BTF_HEADER: {
    when: "the header has another magic or version, or sections outside of the bytes",
    do: "read the file again, whole; of an object file, give the section .BTF",
  },
  LUO_BTF_TRUNCATED: {
    when: "a type or its members reach beyond the type section",
    do: "read the file again, whole",
  },
  LUO_BTF_STRING: {
    when: "a name lies outside of the string section",
    do: "read the file again; the BTF of a kernel module cannot be read without vmlinux",
  },
  LUO_BTF_REFERENCE: {
    when: "a type refers to one that is not there",
    do: "read the file again; the BTF of a kernel module cannot be read without vmlinux",
  },
  LUO_BTF_NESTING: {
    when: "a type contains itself, or types lie too deep inside each other",
    do: "read the file again; the bytes are damaged",
  },
  LUO_BTF_TYPE: {
    when: "a type is of an unknown kind, or no C type is as it says",
    do: "read the file again; the bytes are damaged, or of a kernel that is newer than this reader",
  },
  LUO_BTF_NAME: {
    when: "no type, or more than one, has the name that was asked for",
    do: "look for the name in `types`, or give the type's id",
  },
};

/** The codes of a `BtfError`; docs/ERRORS.md lists the cause of each. */
export type BtfCode = keyof typeof CODES;

/** The place of an error in the BTF. */
export interface BtfPlace {
  /** Offset in bytes from the start of the BTF. */
  readonly offset?: number;
  readonly typeId?: number;
}

/** The bytes are no BTF, or the BTF does not have the type that was asked for. */
export class BtfError extends LuoError {
  static override readonly codes: Readonly<Record<BtfCode, ErrorCode>> = CODES;
  declare readonly code: BtfCode;
  readonly offset: number | undefined;
  readonly typeId: number | undefined;

  constructor(code: BtfCode, place: BtfPlace, found: string, expected: string, advice: string) {
    const { offset, typeId } = place;
    const where = [
      typeId === undefined ? "" : ` type ${typeId}`,
      offset === undefined ? "" : ` at offset ${offset}`,
    ].join("");
    super(code, `BTF${where}`, { found, expected, do: advice });
    this.offset = offset;
    this.typeId = typeId;
  }
}

/** No annotations give a struct or union the layout that BTF says. */
export class UnexpressibleError extends LuoError {
  static override readonly codes = {
    LUO_BTF_UNEXPRESSIBLE: {
      when: "no annotations give a struct or union the layout that BTF says",
      do: "declare it by hand, with @reserved(bytes(n)) for what has no type",
    },
  };
  /** The name in C; empty for a struct without a name. */
  readonly struct: string;
  readonly typeId: number;
  readonly reason: string;

  constructor(struct: string, typeId: number, reason: string) {
    super("LUO_BTF_UNEXPRESSIBLE", `${struct || "unnamed struct"} (type ${typeId})`, {
      found: reason,
    });
    this.struct = struct;
    this.typeId = typeId;
    this.reason = reason;
  }
}
