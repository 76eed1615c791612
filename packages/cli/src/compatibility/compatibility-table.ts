import { NegotiationError } from "@luo/version";
import { largest } from "../largest.js";
import { type Compatibility, outcomeOf, type Passage } from "./compatibility.js";

/**
 * Writes the compatibility as text: the outcome of each update, the versions in which families pass, and
 * the reasons of updates that do not work. The length of lines grows with releases and families.
 */
export function compatibilityTable({ releases, passages }: Compatibility): string {
  const rows = releases.map((from) => passages.filter((passage) => passage.from === from));
  const matrix = [
    ["from \\ to", ...releases],
    ...rows.map((row, index) => [releases[index] ?? "", ...row.map(outcomeOf)]),
  ];
  const moves = passages.filter(({ from, to }) => from !== to);
  return [...columns(matrix), ...versions(moves), ...reasons(passages)].join("\n");
}

/** A table of the version in which each family passes, by update. */
function versions(moves: readonly Passage[]): readonly string[] {
  const families = [...new Set(moves.flatMap(({ versions }) => Object.keys(versions)))];
  if (families.length === 0) return [];
  const rows = moves.map(({ from, to, versions, lacking }) => {
    const cells = families.map((family) => {
      if (lacking.some((entry) => entry.family === family)) return "none";
      return Object.hasOwn(versions, family) ? `${versions[family]}` : "";
    });
    return [`${from} to ${to}`, ...cells];
  });
  return ["", ...columns([["update", ...families], ...rows])];
}

/** The reasons of each update that does not work, and what to do. */
function reasons(passages: readonly Passage[]): readonly string[] {
  return passages
    .filter(({ update }) => !update)
    .flatMap(({ from, to, lacking }) => [
      "",
      `${from} to ${to}`,
      ...lacking.map((entry) => `  ${new NegotiationError([entry]).message}`),
    ]);
}

/** Aligns cells in columns, two spaces apart. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, at) => largest(rows.map((row) => width(row[at]))));
  return rows.map((row) =>
    row
      .map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - width(cell)))
      .join("  ")
      .trimEnd(),
  );
}

/** The number of characters; a pair of surrogates is one. */
const width = (text = "") => [...text].length;
