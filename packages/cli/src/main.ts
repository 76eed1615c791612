import { LuoError } from "@luo/struct";
import { bump } from "./bump.js";
import { check } from "./check.js";
import { type Command, EXIT, parse, type Values } from "./command.js";
import { UsageError } from "./errors.js";
import { helpOf, overview } from "./help.js";
import { manifest } from "./manifest.js";
import { matrix } from "./matrix.js";
import { publish } from "./publish.js";
import { TERMINAL, type Terminal } from "./terminal.js";
import { VERSION } from "./version.js";

const COMMANDS: Readonly<Record<string, Command>> = { check, publish, bump, matrix, manifest };

/** Runs the command that the arguments name, and gives its exit code. */
export async function main(
  [name, ...args]: readonly string[],
  terminal: Terminal = TERMINAL,
): Promise<number> {
  if (name === undefined || ["help", "--help", "-h"].includes(name)) {
    const [topic = ""] = args;
    const command = Object.hasOwn(COMMANDS, topic) ? COMMANDS[topic] : undefined;
    terminal.out(command === undefined ? overview(COMMANDS) : helpOf(topic, command));
    return name === undefined ? EXIT.usage : EXIT.fine;
  }
  if (["--version", "-v"].includes(name)) {
    terminal.out(VERSION);
    return EXIT.fine;
  }
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (command === undefined) {
      const known = Object.keys(COMMANDS).join(", ");
      throw new UsageError({ found: `there is no command ${name}`, do: `there are ${known}` });
    }
    const { values, positionals } = parse(name, command, args);
    const { help, ...options } = values;
    if (help === true) {
      terminal.out(helpOf(name, command));
      return EXIT.fine;
    }
    return await command.run(positionals, options as Values<Command["options"]>, terminal);
  } catch (error) {
    // Errors of luo and of the system explain themselves. Any other is a bug, and needs its stack.
    const known = error instanceof LuoError || (error instanceof Error && "syscall" in error);
    if (!known) throw error;
    terminal.err(`luo: ${error.message}`);
    return error instanceof LuoError && !(error instanceof UsageError) ? EXIT.problems : EXIT.usage;
  }
}
