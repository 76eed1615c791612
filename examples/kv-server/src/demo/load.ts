import { Client } from "./client.js";

/** Counts since the call before. */
export interface Count {
  served: number;
  failed: number;
  /** The duration of the slowest request, in milliseconds. */
  longest: number;
}

const nothing = (): Count => ({ served: 0, failed: 0, longest: 0 });

/**
 * Clients that read and write without a break, and compare every value that they read: the content with
 * what was stored, and a client's own key with what it wrote last. So a write that was answered and then
 * lost counts as a failure.
 */
export class Load {
  #count = nothing();
  #running = true;
  readonly #clients: Promise<void>[];
  /** The first failure. */
  failure: unknown;

  constructor(port: number, content: ReadonlyMap<string, Buffer>, clients: number) {
    this.#clients = Array.from({ length: clients }, (_, index) =>
      this.#work(new Client(port, 1), [...content], `.load/${index}`),
    );
  }

  /** Gives the counts since the last call, and begins again at 0. */
  count(): Count {
    const count = this.#count;
    this.#count = nothing();
    return count;
  }

  /** Requests since the last `count()`, served or failed. */
  get done(): number {
    return this.#count.served + this.#count.failed;
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
  }

  async #work(client: Client, content: [string, Buffer][], own: string): Promise<void> {
    let written: Buffer | undefined;
    for (let turn = 0; this.#running; turn++) {
      const [key, value] = content[Math.floor(Math.random() * content.length)] ?? [own, undefined];
      if (turn % 4 === 0) {
        const next = Buffer.from(`${turn} ${"x".repeat(turn % 200)}`);
        await this.#measure(() => client.put(own, next));
        written = next;
      } else if (turn % 4 === 1 && written !== undefined) {
        const wanted = written;
        await this.#measure(async () => same(await client.get(own), wanted, own));
      } else if (value !== undefined) {
        await this.#measure(async () => same(await client.get(key), value, key));
      }
    }
    client.close();
  }

  async #measure(send: () => Promise<void>): Promise<void> {
    const start = performance.now();
    try {
      await send();
      this.#count.served++;
    } catch (error) {
      this.#count.failed++;
      this.failure ??= error;
    }
    this.#count.longest = Math.max(this.#count.longest, performance.now() - start);
  }
}

function same(found: Buffer, wanted: Buffer, key: string): void {
  if (!found.equals(wanted)) throw new Error(`${key}: the value is not what was stored`);
}
