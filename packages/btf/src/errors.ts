import { LuoError } from "@luo/struct";

/** What is wrong, by the `code` of the error. */
export type BtfCode =
  /** The header is none: another magic, version, or sections outside of the bytes. */
  | "LUO_BTF_HEADER"
  /** A type or its members reach beyond the type section. */
  | "LUO_BTF_TRUNCATED"
  /** A name lies outside of the string section. */
  | "LUO_BTF_STRING"
  /** A type refers to one that is not there. */
  | "LUO_BTF_REFERENCE"
  /** A type contains itself, or types lie too deep inside each other. */
  | "LUO_BTF_NESTING"
  /** A type is of an unknown kind, or no C type is as it says. */
  | "LUO_BTF_TYPE"
  /** No type, or more than one, has the name that was asked for. */
  | "LUO_BTF_NAME";

/** Where in the BTF something is wrong. */
export interface BtfPlace {
  /** From the start of the bytes. */
  readonly offset?: number;
  readonly typeId?: number;
}

/** Bytes that are no BTF, or BTF without the type that was asked for. */
export class BtfError extends LuoError {
  declare readonly code: BtfCode;
  readonly offset: number | undefined;
  readonly typeId: number | undefined;
  readonly found: string;
  readonly expected: string;

  constructor(code: BtfCode, place: BtfPlace, found: string, expected: string, advice: string) {
    const { offset, typeId } = place;
    const where = [
      typeId === undefined ? "" : ` type ${typeId}`,
      offset === undefined ? "" : ` at offset ${offset}`,
    ].join("");
    super(code, `BTF${where}: found ${found}, expected ${expected}; ${advice}`);
    this.offset = offset;
    this.typeId = typeId;
    this.found = found;
    this.expected = expected;
  }
}

/** A struct or union of which no annotations give the layout that BTF says. */
export class UnexpressibleError extends LuoError {
  /** As C has it; empty where it has no name. */
  readonly struct: string;
  readonly typeId: number;
  readonly reason: string;

  constructor(struct: string, typeId: number, reason: string) {
    super(
      "LUO_BTF_UNEXPRESSIBLE",
      `${struct || "unnamed struct"} (type ${typeId}): ${reason}; declare it by hand, with @reserved(bytes(n)) for what has no type`,
    );
    this.struct = struct;
    this.typeId = typeId;
    this.reason = reason;
  }
}
