import { type Fault, LuoError } from "@luo/struct";

/** The command cannot be run as it was given. The message is one line: what was found, and what to do. */
export class UsageError extends LuoError {
  static override readonly codes = {
    LUO_USAGE: {
      when: "the luo command cannot be run as it was given",
      do: "see luo --help",
    },
  };

  constructor(fault: Fault, options?: ErrorOptions & { readonly where?: string }) {
    super("LUO_USAGE", options?.where ?? "", fault, options);
  }
}

/** The reason of an error in one line. Errors of Node may show source text below their first line. */
export function reasonOf(error: unknown): string {
  if (error instanceof LuoError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return message.split("\n", 1)[0] ?? "";
}
