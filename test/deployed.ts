import { spawn } from "node:child_process";
import { readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";

/** A program that is deployed to one path, and answers requests on one port. */
export class Deployed {
  readonly #path: string;
  readonly #port: number;

  /** The path is absolute; releases become links there. */
  constructor(path: string, port: number) {
    this.#path = path;
    this.#port = port;
  }

  /** The ids of the processes that were started from the path. */
  get running(): number[] {
    return readdirSync("/proc")
      .filter((entry) => /^\d+$/.test(entry))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(this.#path);
        } catch {
          return false; // It has ended meanwhile.
        }
      })
      .map(Number);
  }

  start(program: string): void {
    this.#deploy(program);
    spawn(process.execPath, [this.#path], {
      env: { ...process.env, PORT: String(this.#port) },
      stdio: ["ignore", "inherit", "inherit"],
    });
  }

  /** Gives the answer to a request on a connection of its own, once there is one. */
  async get(): Promise<string> {
    for (;;) {
      try {
        const init = { headers: { connection: "close" } };
        return await (await fetch(`http://127.0.0.1:${this.#port}`, init)).text();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Updates to a program, and gives the answer of the process that serves then. */
  async update(program: string): Promise<string> {
    this.#deploy(program);
    const [old = 0] = this.running;
    process.kill(old, "SIGUSR2");
    while (this.running.includes(old)) await new Promise((resolve) => setTimeout(resolve, 20));
    return this.get();
  }

  stop(): void {
    for (const pid of this.running) process.kill(pid);
  }

  #deploy(program: string): void {
    rmSync(this.#path, { force: true });
    symlinkSync(program, this.#path);
  }
}
