/** A number in groups of three digits, as in 24 000. */
export function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, " ");
}

/** Bytes as KiB or MiB. */
export function size(bytes: number): string {
  return bytes < 2 ** 20
    ? `${(bytes / 2 ** 10).toFixed(1)} KiB`
    : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Aligns cells in columns, and indents the lines. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  return lines
    .map((line) =>
      `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("   ")}`.trimEnd(),
    )
    .join("\n");
}

/** Waits until a count reaches its target; a terminal shows the progress. */
export async function progress(what: string, target: number, count: () => number): Promise<void> {
  const show = (text: string) => {
    if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${text}`);
  };
  while (count() < target) {
    show(`  ${number(count())} of ${number(target)} ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  show("");
}
