/** Where a command runs, and where it writes to. */
export interface Terminal {
  /** Paths in arguments are relative to this folder. */
  readonly cwd: string;
  /** Writes what was asked for. */
  readonly out: (text: string) => void;
  /** Writes what went wrong. */
  readonly err: (text: string) => void;
}

export const TERMINAL: Terminal = {
  cwd: process.cwd(),
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
};
