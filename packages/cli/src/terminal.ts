/** The folder in which a command runs, and its output. */
export interface Terminal {
  /** Paths in arguments are relative to this folder. */
  readonly cwd: string;
  /** Writes results. */
  readonly out: (text: string) => void;
  /** Writes problems. */
  readonly err: (text: string) => void;
}

export const TERMINAL: Terminal = {
  cwd: process.cwd(),
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
};
