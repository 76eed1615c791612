import type { Values } from "../record.js";

/** Objects by identifier, and an array of records; both end in bytes that another program can read. */
export interface StoreContender {
  /** npm's name, or what else it is. */
  readonly name: string;
  /** The work that it does, as far as that matters for a comparison. */
  readonly note: string;
  /** Absent where the library has no such thing. */
  readonly objects?: Objects;
  readonly array?: ArrayOfRecords;
}

export interface Objects {
  /** Writes every record under its identifier; gives the bytes that the image takes. */
  put(identifiers: readonly string[], record: (index: number) => Values): number;
  /** Opens what was written, and gives what takes the object of an identifier. */
  open(): (identifier: string) => Values | undefined;
  close?(): void;
}

export interface ArrayOfRecords {
  write(records: readonly Values[]): void;
  restore(): ArrayLike<object>;
}
