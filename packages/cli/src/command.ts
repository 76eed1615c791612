import { parseArgs } from "node:util";
import { reasonOf, UsageError } from "./errors.js";
import type { Terminal } from "./terminal.js";

/** Options by name, as arguments and the help text have them. */
export interface Options {
  readonly [name: string]: {
    readonly type: "string" | "boolean";
    /** The word for its value in the help text. */
    readonly value?: string;
    readonly help: string;
  };
}

/** The values of options that were given. */
export type Values<O extends Options> = {
  readonly [K in keyof O]?: O[K]["type"] extends "string" ? string : boolean;
};

/** Exit codes. A command exits with 1 when it finds a problem, such as a layout that has changed. */
export const EXIT = { fine: 0, problems: 1, usage: 2 } as const;

/** A command of `luo`. */
export interface Command<O extends Options = Options> {
  /** The arguments, as the help text shows them. */
  readonly usage: string;
  /** One line of the help text. */
  readonly summary: string;
  readonly details: readonly string[];
  readonly options: O;
  /** Gives the exit code. */
  run(args: readonly string[], values: Values<O>, terminal: Terminal): Promise<number> | number;
}

/** A command, with the types of its options known to its `run`. */
export function command<const O extends Options>(definition: Command<O>): Command {
  return definition as unknown as Command;
}

/**
 * Splits arguments into options and the others.
 *
 * @throws {UsageError} when an option is unknown or has no value
 */
export function parse(name: string, { options }: Command, args: readonly string[]) {
  const config: Record<string, { type: "string" | "boolean"; short?: string }> = {
    help: { type: "boolean", short: "h" },
  };
  for (const [option, { type }] of Object.entries(options)) config[option] = { type };
  try {
    return parseArgs({ args: [...args], options: config, allowPositionals: true });
  } catch (cause) {
    const [problem] = reasonOf(cause).split(". ", 1);
    throw new UsageError({ found: `${problem}`, do: `see luo ${name} --help` }, { cause });
  }
}

export const JSON_OPTION = { type: "boolean", help: "print JSON" } as const;

export const LOCK_OPTION = {
  type: "string",
  value: "file",
  help: "the lock, in place of the one that package.json names",
} as const;
