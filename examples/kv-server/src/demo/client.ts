import { Agent, type IncomingMessage, request } from "node:http";
import { buffer } from "node:stream/consumers";

/** A client of the server. It keeps its connections open, and never repeats a request. */
export class Client {
  readonly port: number;
  readonly #agent: Agent;

  constructor(port: number, connections: number) {
    this.port = port;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  async get(key: string): Promise<Buffer> {
    const { status, body } = await this.#send("GET", key);
    if (status !== 200) throw new Error(`GET ${key}: status ${status}, ${body}`);
    return body;
  }

  async put(key: string, value: Uint8Array): Promise<void> {
    const { status, body } = await this.#send("PUT", key, value);
    if (status !== 204) throw new Error(`PUT ${key}: status ${status}, ${body}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(
    method: string,
    key: string,
    value?: Uint8Array,
  ): Promise<{ status: number | undefined; body: Buffer }> {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request({
        host: "127.0.0.1",
        port: this.port,
        method,
        path: `/${encodeURIComponent(key)}`,
        agent: this.#agent,
        ...(value && { headers: { "content-length": value.length } }),
      })
        .on("response", resolve)
        .on("error", reject)
        .end(value);
    });
    return { status: response.statusCode, body: await buffer(response) };
  }
}
