import fs from "node:fs";
import { duplicate } from "@luo/linux";
import {
  listener as handler,
  type Listener,
  ListenerMismatchError,
  ListenerV0,
  NotListeningError,
} from "@luo/socket";
import { codecOf, create, Memory } from "@luo/struct";
import { expect, test } from "vitest";
import { afterwards, ask, BEYOND_GRACE, gate, keepAlive, open, say, serving } from "./fixture.js";

const recordOf = ({ address, port }: Listener): ListenerV0 => create(ListenerV0, { address, port });

test("a listener is preserved by its descriptor, nothing else is preserved at all", async () => {
  const listener = await serving(say("here"));
  expect(handler.canPreserve(listener)).toBe(true);
  expect(handler.canPreserve({ fd: listener.fd })).toBe(false);
  expect(handler.preserve(listener)).toBe(listener.fd);
});

test("preserved, it serves on and tells its clients to connect anew", async () => {
  const listener = await serving(say("here"));
  const agent = keepAlive();
  await ask(listener, { agent });
  handler.preserve(listener);
  expect(await ask(listener, { agent })).toMatchObject({ body: "here", connection: "close" });
  expect(await ask(listener, { agent })).toMatchObject({ body: "here", connection: "close" });
});

test("preserved, it tells so even the client whose request is underway", async () => {
  const begun = gate();
  const mayGoOn = gate();
  const listener = await serving(async (_, response) => {
    begun.open();
    await mayGoOn.opened;
    response.end("here");
  });
  const answer = ask(listener, { agent: keepAlive() });
  await begun.opened;
  handler.preserve(listener);
  mayGoOn.open();
  expect(await answer).toMatchObject({ body: "here", connection: "close" });
});

test("frozen, it is described by its address, and its clients wait", async () => {
  const listener = await serving(say("here"));
  handler.preserve(listener);
  expect(await handler.freeze(listener)).toEqual(recordOf(listener));
  const answer = ask(listener);
  await handler.unfreeze?.(listener);
  expect((await answer).body).toBe("here");
});

test("after an update that did not happen, it serves and keeps connections as before", async () => {
  const listener = await serving(say("here"));
  const agent = keepAlive();
  for (const frozen of [false, true, true]) {
    handler.preserve(listener);
    if (frozen) {
      await handler.freeze(listener);
      await handler.unfreeze?.(listener);
    }
    handler.unpreserve?.(listener);
    expect((await ask(listener, { agent })).connection).toBe("keep-alive");
    await new Promise((resolve) => setTimeout(resolve, BEYOND_GRACE));
    expect(await ask(listener, { agent })).toMatchObject({
      connection: "keep-alive",
      reused: true,
    });
  }
});

test("its record holds the longest address", () => {
  const address = "2001:db8:ffff:ffff:ffff:ffff:255.255.255.255";
  const record = create(ListenerV0, { address, port: 65535 });
  const codec = codecOf(ListenerV0);
  const memory = new Memory(new ArrayBuffer(codec.size));
  codec.encode(record, memory, 0);
  expect(codec.decode(memory, 0)).toEqual(record);
});

test("what comes is the socket that was preserved", async () => {
  const listener = open();
  const retrieved = await handler.retrieve(recordOf(listener), duplicate(listener.fd));
  afterwards(() => retrieved.close());
  expect(retrieved.fd).not.toBe(listener.fd);
  expect(recordOf(retrieved)).toEqual(recordOf(listener));
});

test.each([
  ["port", (record: ListenerV0) => ({ ...record, port: record.port - 1 })],
  ["address", (record: ListenerV0) => ({ ...record, address: "127.0.0.2" })],
])("a socket with another %s is refused and closed", (_, change) => {
  const listener = open();
  const fd = duplicate(listener.fd);
  const record = change(recordOf(listener));
  const retrieve = () => handler.retrieve(record, fd);
  expect(retrieve).toThrow(ListenerMismatchError);
  expect(() => fs.fstatSync(fd)).toThrow("EBADF");
  expect(fs.fstatSync(listener.fd).isSocket()).toBe(true);
});

test("that refusal shows both addresses", () => {
  const [listener, other] = [open(), open()];
  expect(() => handler.retrieve(recordOf(other), duplicate(listener.fd))).toThrow(
    `the socket's address: found 127.0.0.1:${listener.port}, expected 127.0.0.1:${other.port}`,
  );
});

test("a descriptor that is no socket is refused and closed", () => {
  const record = recordOf(open());
  const fd = fs.openSync("/dev/null", "r");
  expect(() => handler.retrieve(record, fd)).toThrow(NotListeningError);
  expect(() => fs.fstatSync(fd)).toThrow("EBADF");
});
