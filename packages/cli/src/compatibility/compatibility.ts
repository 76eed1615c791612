import { ArgumentError, show } from "@luo/struct";
import { type Lacking, type Manifest, NegotiationError, negotiate } from "@luo/version";
import { largest } from "../largest.js";

/** The manifests of releases by name, in the order in which they are shown. */
export type Releases = Iterable<readonly [release: string, manifest: Manifest]>;

/** The outcome of an update from one release to another, or of a restart of one release. */
export interface Passage {
  readonly from: string;
  readonly to: string;
  /** True when the update works: every family that `from` writes passes. */
  readonly update: boolean;
  /** True when the way back works. */
  readonly rollback: boolean;
  /** The version in which each family passes. */
  readonly versions: Readonly<Record<string, number>>;
  /** The families of `versions` that pass in an older version than the newest that `from` writes. */
  readonly older: readonly string[];
  /** The families that prevent the update. */
  readonly lacking: readonly Lacking[];
}

/** The updates between the releases of a fleet. */
export interface Compatibility {
  readonly releases: readonly string[];
  /** One passage from each release to each, itself included, in the order of `releases`. */
  readonly passages: readonly Passage[];
}

/**
 * Negotiates between every two releases, in both directions.
 *
 *     compatibility(Object.entries({ "1.4": manifest, "2.0": other }))
 *
 * @throws {ArgumentError} when two releases have one name
 */
export function compatibility(releases: Releases): Compatibility {
  const list = [...releases];
  const names = list.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) {
    const found = `${show(twice)}, which is given twice`;
    throw new ArgumentError("releases", { found, expected: "each release once" });
  }
  const found = list.map(([, writer]) => list.map(([, reader]) => agreement(writer, reader)));
  const works = (from: number, to: number) => found[from]?.[to]?.lacking.length === 0;
  const passages = found.flatMap((row, i) =>
    row.map((agreed, j): Passage => {
      const [from = "", to = ""] = [names[i], names[j]];
      return { from, to, update: works(i, j), rollback: works(j, i), ...agreed };
    }),
  );
  return { releases: names, passages };
}

function agreement(
  writer: Manifest,
  reader: Manifest,
): Pick<Passage, "versions" | "older" | "lacking"> {
  const lacking = lackingOf(writer, reader);
  const passing = Object.entries(writer.families).filter(
    ([name]) => !lacking.some(({ family }) => family === name),
  );
  const agreed = negotiate({ ...writer, families: Object.fromEntries(passing) }, reader);
  const older = passing.filter(([name, { writes }]) => agreed.get(name) !== largest(writes));
  return {
    versions: Object.fromEntries(agreed),
    older: older.map(([name]) => name),
    lacking,
  };
}

/** The families that cannot pass. */
export function lackingOf(writer: Manifest, reader: Manifest): readonly Lacking[] {
  try {
    negotiate(writer, reader);
    return [];
  } catch (error) {
    if (error instanceof NegotiationError) return error.lacking;
    throw error;
  }
}

/** The kinds of passages that table and picture show. */
export type Outcome = "both ways" | "one way" | "no update" | "restart";

export function outcomeOf({ from, to, update, rollback }: Passage): Outcome {
  if (!update) return "no update";
  if (from === to) return "restart";
  return rollback ? "both ways" : "one way";
}
