import { LuoError } from "@luo/struct";

/** A family is put together in a way that cannot work. Thrown when it is declared. */
export class FamilyError extends LuoError {
  readonly family: string;

  constructor(family: string, problem: string) {
    super("LUO_FAMILY", `family ${family}: ${problem}`);
    this.family = family;
  }
}

/** An object cannot be turned into another version of its struct. */
export class ConversionError extends LuoError {
  readonly family: string;
  readonly from: number;
  readonly to: number;

  constructor(family: string, from: number, to: number, problem: string, options?: ErrorOptions) {
    super("LUO_CONVERSION", `${family} from version ${from} to ${to}: ${problem}`, options);
    this.family = family;
    this.from = from;
    this.to = to;
  }
}

/** Two programs share no version of a family; `lacking` has an entry for each such family. */
export class NegotiationError extends LuoError {
  readonly lacking: readonly Lacking[];

  constructor(lacking: readonly Lacking[]) {
    super("LUO_NO_SHARED_VERSION", lacking.map(explain).join("\n"));
    this.lacking = lacking;
  }
}

/** Why no version of a family can pass from the one program to the other. */
export interface Lacking {
  readonly family: string;
  /** What the writing side can write. */
  readonly writes: readonly number[];
  /** What the reading side can read. */
  readonly reads: readonly number[];
  /** Versions that both have, but with different layouts. */
  readonly differing: readonly number[];
}

const list = (versions: readonly number[]) =>
  versions.length > 0 ? `version ${versions.join(", ")}` : "no version";

function explain({ family, writes, reads, differing }: Lacking): string {
  const found = `family ${family}: the writer writes ${list(writes)}, the reader reads ${list(reads)}`;
  if (differing.length > 0) {
    return `${found}, but ${list(differing)} has another layout on each side; a published layout must not change: undo the edit and make it a new version`;
  }
  if (reads.length === 0) {
    return `${found}; add the family to the reader, or stop keeping it in the writer`;
  }
  const newest = Math.max(...reads);
  const oldest = Math.min(...writes);
  return oldest > newest
    ? `${found}; update the reader to a release that reads version ${oldest}, or keep version ${newest} in the writer's family`
    : `${found}; keep version ${oldest} in the reader's family, or update by way of a release that knows both`;
}
