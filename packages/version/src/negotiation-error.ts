import { type Fault, LuoError } from "@luo/struct";

/** Two programs share no version of a family; `lacking` has an entry for each such family. */
export class NegotiationError extends LuoError {
  static override readonly codes = {
    LUO_NO_SHARED_VERSION: {
      when: "two programs share no version of a family",
      do: "let the writer write a version that the reader reads, or update by way of a release that knows both",
    },
  };
  readonly lacking: readonly Lacking[];

  constructor(lacking: readonly Lacking[]) {
    super("LUO_NO_SHARED_VERSION", "", lacking.map(explain));
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
  /** What the writing side knows, and could write if it were told to. */
  readonly known?: readonly number[];
}

const list = (versions: readonly number[]) =>
  versions.length > 0 ? `version ${versions.join(", ")}` : "no version";

/** What was found, and the least change that helps. */
function explain(lacking: Lacking): Fault {
  const { family, writes, reads, differing } = lacking;
  const found = `family ${family}: the writer writes ${list(writes)}, the reader reads ${list(reads)}`;
  if (differing.length === 0) return { found, do: remedy(lacking) };
  return {
    found: `${found}, but ${list(differing)} has another layout on each side`,
    do: "a published layout must not change: undo the edit and make it a new version",
  };
}

function remedy({ writes, reads, known = [] }: Lacking): string {
  if (reads.length === 0) {
    return "add the family to the reader, or stop keeping it in the writer";
  }
  const silent = known.filter((version) => reads.includes(version) && !writes.includes(version));
  if (silent.length > 0) {
    const version = Math.max(...silent);
    const way =
      version > Math.max(...writes)
        ? `{ writes: { to: ${version} } }`
        : `{ writes: { from: ${version} } } or a value for what was dropped since`;
    return `the writer knows version ${version}: let it write that, with ${way}`;
  }
  const [oldest, newest] = [Math.min(...writes), Math.max(...reads)];
  return oldest > newest
    ? `update the reader to a release that reads version ${oldest}, or keep version ${newest} in the writer's family`
    : `keep version ${Math.max(...writes)} in the reader's family, or update by way of a release that knows both`;
}
