/** Tables as Markdown has them, with numbers to the right. */
const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

export const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map((_, column) => (column === 0 ? "---" : "---:"))), ...rows.map(row)].join(
    "\n",
  );

/** Nanoseconds, or whatever else is read to three digits. */
export const digits = (value: number) =>
  value < 100 ? value.toFixed(1) : String(Math.round(value));

/** A whole number with its thousands apart. */
export const spaced = (value: number) => value.toLocaleString("en").replaceAll(",", " ");
