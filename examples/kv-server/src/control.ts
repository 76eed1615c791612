import { type LiveUpdate, spawnCarrier, type UpdateReport } from "luo";

/** An event that a server writes to its standard output, one JSON object a line. */
export type Event =
  | { event: "serving"; release: string; pid: number; port: number }
  | { event: "updated"; release: string; report: UpdateReport }
  | { event: "refused"; release: string; reason: string };

/**
 * On SIGUSR2, the server hands over to the program at the path that it was started from: a link that was
 * set to another release by then. The successor inherits the standard streams. UPDATE_TIMEOUT is the time
 * that it has for each of its answers, in milliseconds.
 */
export function control(live: LiveUpdate, release: string, port: number): void {
  const tell = (event: Event) => process.stdout.write(`${JSON.stringify(event)}\n`);
  const timeout = Number(process.env.UPDATE_TIMEOUT ?? 30_000);
  process.on("SIGUSR2", async () => {
    try {
      const report = await live.update(spawnCarrier(), { timeout });
      tell({ event: "updated", release, report });
      process.exit(0);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell({ event: "refused", release, reason });
    }
  });
  tell({ event: "serving", release, pid: process.pid, port });
}
