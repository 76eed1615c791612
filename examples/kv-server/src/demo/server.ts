import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { UpdateReport } from "luo";
import type { Event } from "../control.js";

type EventOf<E extends Event["event"]> = Extract<Event, { event: E }>;

/** The program of a release, as it is deployed. */
export function programOf(release: "1" | "2"): string {
  return fileURLToPath(new URL(`../v${release}/main.js`, import.meta.url));
}

export interface RunOptions {
  /** Added to the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  readonly stderr?: "inherit" | "ignore";
}

/**
 * The running server, in whichever process it runs now. It is started through a link to a release. An
 * update sets the link to another release and signals the server. Every successor inherits the standard
 * output, to which events are written.
 */
export class RunningServer {
  readonly #folder = mkdtempSync(join(tmpdir(), "kv-server-"));
  readonly #link = join(this.#folder, "current.js");
  readonly #events = new EventEmitter();
  readonly #child: ChildProcess;
  #pid = 0;

  constructor(program: string, { env = {}, stderr = "inherit" }: RunOptions = {}) {
    symlinkSync(program, this.#link);
    this.#child = spawn(process.execPath, [this.#link], {
      stdio: ["ignore", "pipe", stderr],
      env: { ...process.env, ...env },
    });
    this.#events.on("serving", ({ pid }: EventOf<"serving">) => {
      this.#pid = pid;
    });
    this.#events.on("error", () => {});
    if (this.#child.stdout === null) throw new Error("the server has no standard output");
    createInterface({ input: this.#child.stdout })
      .on("line", (line) => {
        const event: Event = JSON.parse(line);
        this.#events.emit(event.event, event);
      })
      // The pipe closes with the last process that inherited it.
      .on("close", () => this.#events.emit("error", new Error("the server ended")));
  }

  /** The next event of this kind; rejects when the server ends. */
  async next<E extends Event["event"]>(event: E): Promise<EventOf<E>> {
    const [found] = await once(this.#events, event);
    return found;
  }

  /** Hands over to a program. Rejects with the reason when the old server goes on. */
  async update(program: string): Promise<{ report: UpdateReport; pid: number }> {
    const next = `${this.#link}.next`;
    symlinkSync(program, next);
    renameSync(next, this.#link);
    const refused = this.next("refused").then(({ reason }) => Promise.reject(new Error(reason)));
    refused.catch(() => {});
    const done = Promise.all([this.next("updated"), this.next("serving")]);
    process.kill(this.#pid, "SIGUSR2");
    const [{ report }, { pid }] = await Promise.race([done, refused]);
    return { report, pid };
  }

  /** Ends the server. */
  stop(): void {
    if (this.#pid > 0) process.kill(this.#pid, "SIGTERM");
    this.#pid = 0;
    this.#child.stdout?.destroy();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
