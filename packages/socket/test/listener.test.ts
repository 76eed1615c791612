import { once } from "node:events";
import fs from "node:fs";
import { createServer } from "node:http";
import net from "node:net";
import os from "node:os";
import { text } from "node:stream/consumers";
import { setImmediate, setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { closeDescriptor, duplicate } from "@luo/linux";
import { DrainError, Listener, NotListeningError } from "@luo/socket";
import { describe, expect, test } from "vitest";
import {
  afterwards,
  ask,
  BEYOND_GRACE,
  connect,
  gate,
  inherit,
  keepAlive,
  open,
  say,
  serve,
  serving,
} from "./fixture.js";

const REQUEST = "GET / HTTP/1.1\r\nhost: test\r\n\r\n";
const LAST_REQUEST = "GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n";

describe("while nobody accepts, connections wait", () => {
  const clients = 20;

  /** Connects, sends requests, and gives the answers to come. */
  const askMeanwhile = async (listener: Listener): Promise<Promise<string>[]> => {
    const sockets = await Promise.all(Array.from({ length: clients }, () => connect(listener)));
    for (const socket of sockets) socket.write(LAST_REQUEST);
    return sockets.map((socket) => text(socket));
  };

  test("and are answered after the pause by the same server", async () => {
    let requests = 0;
    const listener = await serving((_, response) => response.end(`same ${++requests}`));
    await listener.pause();
    const answers = await askMeanwhile(listener);
    await setImmediate();
    expect(requests).toBe(0);
    await listener.resume();
    for (const answer of await Promise.all(answers)) expect(answer).toMatch(/same \d+/);
    expect(requests).toBe(clients);
  });

  test("and are answered by another server that took over the socket", async () => {
    const old = await serving(say("from the predecessor"));
    await old.pause();
    const answers = await askMeanwhile(old);
    const successor = inherit(old);
    expect(successor.port).toBe(old.port);
    await serve(successor, createServer(say("from the successor")));
    for (const answer of await Promise.all(answers)) expect(answer).toContain("the successor");
    expect((await ask(successor)).body).toBe("from the successor");
  });

  test("even when the old listener is gone before another server is there", async () => {
    const old = Listener.open();
    await serve(old, createServer(say("from the predecessor")));
    await old.pause();
    const successor = inherit(old);
    const answers = await askMeanwhile(old);
    old.close();
    await serve(successor, createServer(say("from the successor")));
    for (const answer of await Promise.all(answers)) expect(answer).toContain("the successor");
  });
});

describe("no request is lost", () => {
  test("when clients never rest and the server pauses thirty times", async () => {
    const listener = open();
    const server = createServer((request, response) => request.pipe(response));
    await serve(listener, server);
    const connections = promisify(server.getConnections.bind(server));
    let answered = 0;
    let running = true;
    const work = async (client: number): Promise<void> => {
      const agent = keepAlive();
      for (let turn = 0; running; turn++) {
        const sent = `client ${client}, turn ${turn}`;
        const { body } = await ask(listener, { agent, body: sent });
        if (body !== sent) throw new Error(`sent ${sent}, got ${body}`);
        answered++;
      }
    };
    const load = Promise.all(Array.from({ length: 8 }, (_, client) => work(client)));
    const more = async (count: number) => {
      for (const wanted = answered + count; answered < wanted; ) {
        await Promise.race([load, setImmediate()]);
      }
    };
    try {
      for (let round = 0; round < 30; round++) {
        await more(10);
        listener.announcePause();
        await more(round % 4);
        await listener.pause();
        expect(await connections()).toBe(0);
        await listener.resume();
      }
    } finally {
      running = false;
    }
    await load;
  });

  test("the one underway is answered in full, then the pause begins", async () => {
    const events: string[] = [];
    const begun = gate();
    const mayGoOn = gate();
    const chunks = Array.from({ length: 50 }, (_, n) => `${n} `.padEnd(1000, "x"));
    const listener = await serving(async (_, response) => {
      response.once("finish", () => events.push("answered"));
      response.write("first ");
      begun.open();
      await mayGoOn.opened;
      for (const chunk of chunks) response.write(chunk);
      response.end();
    });
    const answer = ask(listener, { agent: keepAlive() });
    await begun.opened;
    const paused = listener.pause().then(() => events.push("paused"));
    await setTimeout(BEYOND_GRACE);
    mayGoOn.open();
    expect((await answer).body).toBe(`first ${chunks.join("")}`);
    await paused;
    expect(events).toEqual(["answered", "paused"]);
  });

  describe("whose client waits for a 100 Continue", () => {
    const EXPECTING =
      "POST / HTTP/1.1\r\nhost: test\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n";

    test("that Node gives", async () => {
      const listener = await serving((request, response) => request.pipe(response));
      const client = await connect(listener);
      client.write(EXPECTING);
      const [answer] = await once(client, "data");
      expect(`${answer}`).toContain("100 Continue");
      const rest = text(client);
      const paused = listener.pause();
      client.write("body");
      expect(await rest).toContain("body");
      await paused;
    });

    test("that the program gives", async () => {
      const begun = gate();
      const mayGoOn = gate();
      const server = createServer();
      server.on("checkContinue", async (request, response) => {
        response.writeContinue();
        begun.open();
        await mayGoOn.opened;
        request.pipe(response);
      });
      const listener = open();
      await serve(listener, server);
      const client = await connect(listener);
      const answer = text(client);
      client.write(EXPECTING);
      await begun.opened;
      const paused = listener.pause();
      await setTimeout(BEYOND_GRACE);
      mayGoOn.open();
      client.write("body");
      await paused;
      expect(await answer).toContain("body");
    });
  });

  describe("though the event loop was too busy to read it", () => {
    /** A connection that has nothing to do: one request was answered. */
    const idle = async () => {
      const first = gate();
      const listener = await serving((_, response) => {
        response.once("finish", first.open);
        response.end("answered");
      });
      const client = await connect(listener);
      const answers = text(client);
      client.write(REQUEST);
      await first.opened;
      return { listener, client, answers };
    };

    test("just before the pause", async () => {
      const { listener, client, answers } = await idle();
      listener.announcePause();
      await setTimeout(BEYOND_GRACE);
      // It lies in the server's socket, as after something long such as the writing of a large state.
      client.write(REQUEST);
      await listener.pause();
      expect((await answers).match(/answered/g)).toHaveLength(2);
    });

    test("during the pause", async () => {
      const { listener, client, answers } = await idle();
      const paused = listener.pause();
      client.write(REQUEST);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BEYOND_GRACE);
      await paused;
      expect((await answers).match(/answered/g)).toHaveLength(2);
    });
  });

  test("an idle connection is ended, and its client goes on with a new one", async () => {
    const listener = await serving(say("here"));
    const agent = keepAlive();
    await ask(listener, { agent });
    expect(await ask(listener, { agent })).toMatchObject({
      connection: "keep-alive",
      reused: true,
    });
    await listener.pause();
    const answer = ask(listener, { agent });
    await listener.resume();
    expect(await answer).toMatchObject({ body: "here", reused: false });
    expect(await ask(listener, { agent })).toMatchObject({
      connection: "keep-alive",
      reused: true,
    });
  });

  test("connections of a server that is not HTTP are waited for, however idle", async () => {
    const events: string[] = [];
    const listener = open();
    await serve(
      listener,
      net.createServer((socket) => socket.pipe(socket)),
    );
    const client = await connect(listener);
    client.write("a");
    await once(client, "data");
    const paused = listener.pause().then(() => events.push("paused"));
    await setTimeout(BEYOND_GRACE);
    client.write("b");
    const [echo] = await once(client, "data");
    events.push(`echoed ${echo}`);
    client.end();
    await paused;
    expect(events).toEqual(["echoed b", "paused"]);
  });

  test("whichever server the listener serves by now", async () => {
    const events: string[] = [];
    const begun = gate();
    const mayGoOn = gate();
    const listener = await serving(say("from the first"));
    await listener.pause();
    const second = createServer(async (_, response) => {
      response.once("finish", () => events.push("answered"));
      begun.open();
      await mayGoOn.opened;
      response.end("from the second");
    });
    await serve(listener, second);
    const answer = ask(listener);
    await begun.opened;
    const paused = listener.pause().then(() => events.push("paused"));
    await setImmediate();
    mayGoOn.open();
    expect((await answer).body).toBe("from the second");
    await paused;
    expect(events).toEqual(["answered", "paused"]);
  });
});

describe("a pause", () => {
  test("is given up when a request takes too long, and then everything goes on", async () => {
    const begun = gate();
    const mayGoOn = gate();
    const listener = await serving(async ({ url }, response) => {
      if (url === "/slow") {
        begun.open();
        await mayGoOn.opened;
      }
      response.end("here");
    });
    const agent = keepAlive(2);
    const slow = ask(listener, { agent, path: "/slow" });
    await begun.opened;
    const paused = listener.pause(50);
    await expect(paused).rejects.toThrow(DrainError);
    await expect(paused).rejects.toThrow("1 connections were still open after 50 ms");
    await listener.resume();
    expect((await ask(listener)).body).toBe("here");
    mayGoOn.open();
    expect((await slow).body).toBe("here");
    await ask(listener, { agent });
    expect(await ask(listener, { agent })).toMatchObject({
      connection: "keep-alive",
      reused: true,
    });
    await listener.pause();
  });

  test("does not wait for a client that is gone without having closed its connection", async () => {
    const listener = await serving(say("here"));
    // Like a machine that was switched off, it never closes what the server closes.
    const gone = await connect(listener, { allowHalfOpen: true });
    gone.resume();
    await ask(listener);
    await listener.pause(1500);
  });

  test("that is announced and taken back leaves connections open", async () => {
    const listener = await serving(say("here"));
    const agent = keepAlive();
    listener.announcePause();
    expect((await ask(listener, { agent })).connection).toBe("close");
    listener.cancelPause();
    expect((await ask(listener, { agent })).connection).toBe("keep-alive");
    expect(await ask(listener, { agent })).toMatchObject({
      connection: "keep-alive",
      reused: true,
    });
  });

  test("of a listener that serves nobody is over at once", async () => {
    const listener = open();
    await listener.pause();
    await listener.resume();
    await serve(listener, createServer(say("here")));
    expect((await ask(listener)).body).toBe("here");
  });

  test("leaves no descriptor behind", async () => {
    const listener = await serving(say("here"));
    const socket = fs.readlinkSync(`/proc/self/fd/${listener.fd}`);
    const descriptors = () =>
      fs
        .readdirSync("/proc/self/fd")
        .filter((fd) => fs.existsSync(`/proc/self/fd/${fd}`))
        .filter((fd) => fs.readlinkSync(`/proc/self/fd/${fd}`) === socket);
    for (let round = 0; round < 10; round++) {
      await listener.pause();
      expect(descriptors()).toEqual([`${listener.fd}`]);
      await listener.resume();
      expect(descriptors()).toHaveLength(2);
    }
  });
});

describe("a listener is a listening TCP socket", () => {
  /** Another descriptor of a socket that Node has. */
  const descriptorOf = (socket: object): number => {
    const { _handle: handle } = socket as { _handle: { fd: number } };
    const fd = duplicate(handle.fd);
    afterwards(() => closeDescriptor(fd));
    return fd;
  };

  test("and nothing that is connected", async () => {
    const fd = descriptorOf(await connect(open()));
    expect(() => Listener.adopt(fd)).toThrow(NotListeningError);
    expect(() => Listener.adopt(fd)).toThrow(`descriptor ${fd} is no listening TCP socket`);
  });

  test("and no file", () => {
    const fd = fs.openSync("/dev/null", "r");
    afterwards(() => fs.closeSync(fd));
    expect(() => Listener.adopt(fd)).toThrow(NotListeningError);
  });

  test("and no socket of another family that listens", async () => {
    const server = net.createServer().listen(`\0luo-socket-test-${process.pid}`);
    afterwards(() => server.close());
    await once(server, "listening");
    const fd = descriptorOf(server);
    expect(() => Listener.adopt(fd)).toThrow(NotListeningError);
  });

  test("that is closed once: what gets its number afterwards stays open", () => {
    const listener = Listener.open();
    listener.close();
    const files: number[] = [];
    while (!files.includes(listener.fd)) files.push(fs.openSync("/dev/null", "r"));
    expect(() => listener.close()).not.toThrow();
    for (const fd of files) fs.closeSync(fd);
  });

  const hasIPv6 = Object.values(os.networkInterfaces())
    .flat()
    .some((entry) => entry?.address === "::1");

  test.skipIf(!hasIPv6)("on IPv6 as well (skipped on a machine without ::1)", async () => {
    const listener = open({ host: "::1" });
    expect(listener.address).toBe("::1");
    await serve(listener, createServer(say("on six")));
    expect((await ask(listener)).body).toBe("on six");
    await listener.pause();
    const answer = ask(listener);
    await serve(inherit(listener), createServer(say("on six again")));
    expect((await answer).body).toBe("on six again");
  });
});
