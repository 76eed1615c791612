import { once } from "node:events";
import {
  Agent,
  createServer,
  type IncomingMessage,
  type RequestListener,
  request,
  Server,
  type ServerResponse,
} from "node:http";
import net from "node:net";
import { text } from "node:stream/consumers";
import { duplicate } from "@luo/linux";
import { Listener, type ListenOptions } from "@luo/socket";
import { afterEach } from "vitest";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** Has something done when the test has ended. */
export function afterwards(clean: () => unknown): void {
  cleanups.push(clean);
}

export function open(options?: ListenOptions): Listener {
  const listener = Listener.open(options);
  afterwards(() => listener.close());
  return listener;
}

/** The same socket as a successor would have it: by a descriptor of its own. */
export function inherit({ fd }: Listener): Listener {
  const listener = Listener.adopt(duplicate(fd));
  afterwards(() => listener.close());
  return listener;
}

/** Has a server accept from the listener until the test has ended. */
export async function serve<S extends net.Server>(listener: Listener, server: S): Promise<S> {
  await listener.serve(server);
  afterwards(() => {
    if (server instanceof Server) server.closeAllConnections();
    if (server.listening) server.close();
  });
  return server;
}

/** A new listener that an HTTP server answers from. */
export async function serving(answer: RequestListener): Promise<Listener> {
  const listener = open();
  await serve(listener, createServer(answer));
  return listener;
}

/** Answers every request with the same word. */
export function say(word: string): RequestListener {
  return (_: IncomingMessage, response: ServerResponse) => {
    response.end(word);
  };
}

/** A client's pool of connections that it keeps open. */
export function keepAlive(maxSockets = 1): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets });
  afterwards(() => agent.destroy());
  return agent;
}

export interface Question {
  /** By default, the request is the only one on its connection. */
  readonly agent?: Agent;
  readonly path?: string;
  readonly body?: string;
}

export interface Answer {
  readonly body: string;
  /** The header that says whether the connection stays open. */
  readonly connection: string | undefined;
  /** True when the request went over a connection that had carried another one. */
  readonly reused: boolean;
}

/** Sends a request and reads the answer; it is never tried again. */
export async function ask(
  { address: host, port }: Listener,
  { agent, path = "/", body = "" }: Question = {},
): Promise<Answer> {
  const sent = request({ host, port, method: "POST", path, agent: agent ?? false });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const { connection } = response.headers;
  return { body: await text(response), connection, reused: sent.reusedSocket };
}

/** A connection without a request. */
export async function connect(listener: Listener, options?: net.SocketConstructorOpts) {
  const { address: host, port } = listener;
  const socket = net.connect({ ...options, host, port });
  afterwards(() => socket.destroy());
  await once(socket, "connect");
  return socket;
}

/** Something that happens when it is let happen. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

/** Longer than an idle connection is waited for, in milliseconds. */
export const BEYOND_GRACE = 150;
