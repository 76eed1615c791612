import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import {
  ArgumentError,
  closeDescriptor,
  isListening,
  listenTcp,
  Memfd,
  SystemCallError,
  socketAddress,
} from "@luo/linux";
import { afterEach, describe, expect, test } from "vitest";

const descriptors: number[] = [];
const listen = (options?: Parameters<typeof listenTcp>[0]) => {
  const fd = listenTcp(options);
  descriptors.push(fd);
  return fd;
};

afterEach(() => {
  for (const fd of descriptors.splice(0)) closeDescriptor(fd);
});

const hasIPv6 = Object.values(os.networkInterfaces())
  .flat()
  .some((entry) => entry?.address === "::1");

/** Serves one connection with Node on the descriptor, and returns what a client reads. */
async function greet(fd: number, host: string, port: number): Promise<string> {
  const server = net.createServer((socket) => socket.end(`hello ${socket.remoteFamily}`));
  server.listen({ fd });
  await once(server, "listening");
  const client = net.connect({ host, port });
  let text = "";
  client.on("data", (chunk) => {
    text += chunk;
  });
  await once(client, "close");
  server.close();
  await once(server, "close");
  return text;
}

describe("a listening socket", () => {
  test("serves connections through Node, and Node closes it", async () => {
    const fd = listenTcp();
    const { port } = socketAddress(fd);
    expect(await greet(fd, "127.0.0.1", port)).toBe("hello IPv4");
    expect(() => fs.fstatSync(fd)).toThrow("EBADF");
  });

  test.skipIf(!hasIPv6)("serves IPv6 (skipped on a machine without ::1)", async () => {
    const fd = listenTcp({ host: "::1" });
    const found = socketAddress(fd);
    expect(found).toMatchObject({ address: "::1", family: "IPv6" });
    expect(await greet(fd, "::1", found.port)).toBe("hello IPv6");
  });

  test("accepts before anybody serves it: the client waits and is not refused", async () => {
    const fd = listenTcp();
    const { port } = socketAddress(fd);
    const early = net.connect(port, "127.0.0.1");
    await once(early, "connect");
    const text = once(early, "data");
    expect(await Promise.all([greet(fd, "127.0.0.1", port), text.then(String)])).toEqual([
      "hello IPv4",
      "hello IPv4",
    ]);
  });

  test("is on loopback and on a free port unless told otherwise", () => {
    const { address, family, port } = socketAddress(listen());
    expect({ address, family }).toEqual({ address: "127.0.0.1", family: "IPv4" });
    expect(port).toBeGreaterThan(0);
    expect(socketAddress(listen({ host: "0.0.0.0" })).address).toBe("0.0.0.0");
    expect(socketAddress(listen({ host: "127.1.2.3" })).address).toBe("127.1.2.3");
  });

  test("takes the port it is given, again right after the last one closed", async () => {
    const first = listenTcp();
    const { port } = socketAddress(first);
    await greet(first, "127.0.0.1", port);
    expect(socketAddress(listen({ port })).port).toBe(port);
  });

  test("is not inherited by child processes", () => {
    const info = fs.readFileSync(`/proc/self/fdinfo/${listen()}`, "utf8");
    expect(Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? "", 8) & 0o2000000).not.toBe(0);
  });
});

describe("a failure to listen", () => {
  const open = () => fs.readdirSync("/proc/self/fd").length;
  const failures: [string, () => number, string][] = [
    ["port in use", () => listenTcp({ port: socketAddress(listen()).port }), "EADDRINUSE"],
    ["address of another machine", () => listenTcp({ host: "192.0.2.1" }), "EADDRNOTAVAIL"],
  ];
  test.each(failures)("%s: says so, names the address and leaves nothing open", (_, run, code) => {
    listen();
    const before = open();
    let error: unknown;
    try {
      run();
    } catch (caught) {
      error = caught;
    }
    for (const fd of descriptors.splice(1)) closeDescriptor(fd);
    expect(error).toBeInstanceOf(SystemCallError);
    expect(error).toMatchObject({ code, syscall: "bind" });
    expect(String(error)).toMatch(/bind\((127\.0\.0\.1|192\.0\.2\.1) port \d+\): EADDR/);
    expect(open()).toBe(before);
  });

  test.each(["localhost", "", "1.2.3", "127.0.0.1\0x", "::1%lo", "[::1]", "256.0.0.1"])(
    "host %j is refused before anything is opened",
    (host) => {
      const before = open();
      expect(() => listenTcp({ host })).toThrow(ArgumentError);
      expect(() => listenTcp({ host })).toThrow(
        `host: found ${JSON.stringify(host)}, expected an IPv4 or IPv6 literal`,
      );
      expect(open()).toBe(before);
    },
  );

  test.each([-1, 65536, 80.5, Number.NaN])("port %s is refused", (port) => {
    expect(() => listenTcp({ port })).toThrow(
      `port: found ${port}, expected an integer from 0 to 65535`,
    );
    expect(() => listenTcp({ backlog: -1 })).toThrow("backlog: found -1");
  });
});

describe("asking a descriptor", () => {
  test("tells a listening socket from a connected one", async () => {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    const listening = listen();
    expect(isListening(listening)).toBe(true);
    const client = net.connect(port, "127.0.0.1");
    await once(client, "connect");
    const fd = (client as unknown as { _handle: { fd: number } })._handle.fd;
    expect(isListening(fd)).toBe(false);
    expect(socketAddress(fd)).toEqual({
      address: "127.0.0.1",
      family: "IPv4",
      port: client.localPort,
    });
    client.destroy();
    server.close();
  });

  test("a memfd is not a socket, and a closed number is not open", () => {
    const memfd = Memfd.create("test");
    for (const ask of [isListening, socketAddress]) {
      expect(() => ask(memfd.fd)).toThrow(/ENOTSOCK/);
      expect(() => ask(999_999)).toThrow(/EBADF/);
      expect(() => ask(-1)).toThrow(ArgumentError);
    }
    memfd.close();
  });

  test("a socket of another family has no such address", async () => {
    const server = net.createServer().listen(`\0luo-test-${process.pid}`);
    await once(server, "listening");
    const fd = (server as unknown as { _handle: { fd: number } })._handle.fd;
    expect(() => socketAddress(fd)).toThrow('found "a socket of family 1"');
    expect(isListening(fd)).toBe(true);
    server.close();
  });
});
