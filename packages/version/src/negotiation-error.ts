import { type Fault, LuoError } from "@luo/struct";
import { highest, versionsText } from "./version-list.js";

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

/** A family of which no version can pass from the writer to the reader, with the versions of both. */
export interface Lacking {
  readonly family: string;
  /** The versions that the writer writes. */
  readonly writes: readonly number[];
  /** The versions that the reader reads. */
  readonly reads: readonly number[];
  /** The versions that both have, but with different layouts. */
  readonly differing: readonly number[];
  /** The versions that the writer reads. It could write them if its family allowed it. */
  readonly known?: readonly number[];
}

/** Describes the versions on both sides, and the least change that helps. */
function explain(lacking: Lacking): Fault {
  const { family, writes, reads, differing } = lacking;
  const found = `family ${family}: the writer writes ${versionsText(writes)}, the reader reads ${versionsText(reads)}`;
  if (differing.length === 0) return { found, do: remedy(lacking) };
  return {
    found: `${found}, but ${versionsText(differing)} has another layout on each side`,
    do: "a published layout must not change: undo the edit and make it a new version",
  };
}

function remedy({ writes, reads, known = [] }: Lacking): string {
  if (reads.length === 0) {
    return "add the family to the reader, or stop keeping it in the writer";
  }
  const [readable, written] = [new Set(reads), new Set(writes)];
  const silent = known.filter((version) => readable.has(version) && !written.has(version));
  if (silent.length > 0) {
    const version = highest(silent);
    const way =
      version > highest(writes)
        ? `{ writes: { to: ${version} } }`
        : `{ writes: { from: ${version} } } or a value for what was dropped since`;
    return `the writer knows version ${version}: let it write that, with ${way}`;
  }
  if (writes.length === 0) return "let the writer's family write a version that the reader reads";
  const [newest, read] = [highest(writes), highest(reads)];
  const oldest = writes.reduce((least, version) => Math.min(least, version), newest);
  return oldest > read
    ? `update the reader to a release that reads version ${oldest}, or keep version ${read} in the writer's family`
    : `keep version ${newest} in the reader's family, or update by way of a release that knows both`;
}
