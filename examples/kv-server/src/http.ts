import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import type { Slot, Table } from "./table.js";

/** The bytes of UTF-8 that a key has at most: the record has room for so many. */
export const MAX_KEY = 240;

export interface Served<S extends Slot> {
  readonly table: Table<S>;
  /** The release, shown to clients in the `server` header. */
  readonly release: string;
  /** Headers that this release adds for a slot. */
  readonly headers?: (slot: S) => Record<string, string>;
}

/** GET, PUT and DELETE of /<key>. */
export function keyValueServer<S extends Slot>({ table, release, headers }: Served<S>): Server {
  const methods: Record<
    string,
    (key: string, request: IncomingMessage, response: ServerResponse) => unknown
  > = {
    GET: (key, _, response) => {
      const slot = table.slot(key);
      if (slot === undefined) return answer(response, 404, `no such key: ${key}\n`);
      for (const [name, value] of Object.entries(headers?.(slot) ?? {})) {
        response.setHeader(name, value);
      }
      return answer(response, 200, table.read(slot));
    },
    PUT: async (key, request, response) => {
      const bytes = Buffer.byteLength(key);
      if (bytes < 1 || bytes > MAX_KEY || key.includes("\0")) {
        return answer(
          response,
          400,
          `a key has 1 to ${MAX_KEY} bytes without NUL, found ${bytes}\n`,
        );
      }
      table.write(key, await buffer(request));
      return answer(response, 204);
    },
    DELETE: (key, _, response) => answer(response, table.remove(key) ? 204 : 404),
  };
  return createServer(async (request, response) => {
    response.setHeader("server", `kv/${release}`);
    const serve = methods[request.method ?? ""];
    try {
      if (serve === undefined) answer(response, 405, "use GET, PUT or DELETE\n");
      else await serve(decodeURIComponent(request.url?.slice(1) ?? ""), request, response);
    } catch (error) {
      if (!response.headersSent) answer(response, 500, `${error}\n`);
    }
  });
}

function answer(response: ServerResponse, status: number, body: string | Buffer = ""): void {
  response.statusCode = status;
  response.end(body);
}
