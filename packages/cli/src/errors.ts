import { LuoError } from "@luo/struct";

/** The command cannot be run as it was given: in one line, what was found, and what to do. */
export class UsageError extends LuoError {
  constructor(problem: string, options?: ErrorOptions) {
    super("LUO_USAGE", problem, options);
  }
}

/** What went wrong, in one line. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0] ?? "";
}
