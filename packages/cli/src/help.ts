import type { Command } from "./command.js";

/** The help text of all commands. */
export function overview(commands: Readonly<Record<string, Command>>): string {
  return [
    "Usage: luo <command> [arguments]",
    "",
    ...table(Object.entries(commands).map(([name, { summary }]) => [name, summary])),
    "",
    "luo <command> --help tells more. Modules are compiled, ESM or CommonJS, and export classes of",
    "structs, families or handlers. When none are given, the modules of package.json are used:",
    "",
    '  "luo": { "modules": ["dist/structs.js"], "lock": "luo.lock.json" }',
    "",
    "luo --version prints the version of the command.",
    "",
    "Exit codes: 0 all is well, 1 problems were found, 2 the command cannot be run as it was given.",
  ].join("\n");
}

/** The help text of one command and its options. */
export function helpOf(name: string, { usage, summary, details, options }: Command): string {
  const rows = Object.entries(options).map(([option, { value, help }]) => [
    `--${option}${value === undefined ? "" : ` ${value}`}`,
    help,
  ]);
  return [
    `Usage: luo ${name} ${usage}`,
    "",
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.`,
    ...details,
    "",
    ...table([...rows, ["--help", "print this"]]),
  ].join("\n");
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const width = Math.max(...rows.map(([first = ""]) => first.length));
  return rows.map(([first = "", second]) => `  ${first.padEnd(width)}  ${second}`);
}
