import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { Client } from "../examples/kv-server/src/demo/client.js";
import { digest, digestServed } from "../examples/kv-server/src/demo/content.js";
import { Load } from "../examples/kv-server/src/demo/load.js";
import { RunningServer } from "../examples/kv-server/src/demo/server.js";

const release = (number: 1 | 2) =>
  fileURLToPath(new URL(`../examples/kv-server/dist/esm/v${number}/main.js`, import.meta.url));
const program = (name: string) =>
  fileURLToPath(new URL(`./dist/programs/${name}.js`, import.meta.url));

const running: RunningServer[] = [];
afterEach(() => {
  for (const server of running.splice(0)) server.stop();
});

/** Starts a server under load, with so many random values of so many bytes. */
async function start(values: number, bytes: number, env: NodeJS.ProcessEnv = {}) {
  // Failing successors would only clutter the output of the tests.
  const server = new RunningServer(release(1), { env, stderr: "ignore" });
  running.push(server);
  const { port, pid } = await server.next("serving");
  const client = new Client(port, 4);
  const content = new Map(
    Array.from({ length: values }, (_, n) => [`value/${n}`, randomBytes(bytes)] as const),
  );
  for (const [key, value] of content) await client.put(key, value);
  // The load reads small values only, because large ones would measure the copying of bytes.
  const small = new Map([["small", randomBytes(100)]]);
  for (const [key, value] of small) await client.put(key, value);
  const load = new Load(port, small, 4);
  const served = () => digestServed(client, content.keys());
  return { server, pid, client, content, load, served, wanted: digest(content) };
}

test("64 MiB survive the way to release 2 and back, and no request fails", {
  timeout: 60_000,
}, async () => {
  const { server, content, load, served, wanted } = await start(64, 2 ** 20);
  expect([...content.values()].reduce((sum, { length }) => sum + length, 0)).toBe(64 * 2 ** 20);
  expect(await served()).toBe(wanted);

  const forward = await server.update(release(2));
  expect(await served()).toBe(wanted);
  expect(forward.report).toMatchObject({
    from: { name: "kv-server", version: "1.0.0" },
    to: { name: "kv-server", version: "2.0.0" },
  });
  expect(forward.report.chosen).toEqual({ "kv.table": 0, memfd: 2, listener: 0 });
  expect(forward.report.successor.families["kv.table"]?.reads).toEqual([0, 1]);

  const again = await server.update(release(2));
  expect(await served()).toBe(wanted);
  expect(again.report.chosen["kv.table"]).toBe(1);

  const back = await server.update(release(1));
  expect(await served()).toBe(wanted);
  expect(back.report.offered.families["kv.table"]?.writes).toEqual([0, 1]);
  expect(back.report.chosen["kv.table"]).toBe(0);
  const copies = back.report.objects.filter(({ identifier }) => identifier === "table");
  expect(copies.map(({ version }) => version)).toEqual([1, 0]);

  await load.stop();
  expect(load.failure).toBeUndefined();
  const { served: answered, failed } = load.count();
  expect({ failed, some: answered > 100 }).toEqual({ failed: 0, some: true });
});

test("release 2 knows when values were written, release 1 does not, and neither loses one", async () => {
  const { server, client, load } = await start(1, 100);
  const modified = async (key: string) => {
    const url = `http://127.0.0.1:${client.port}/${encodeURIComponent(key)}`;
    return (await fetch(url, { headers: { connection: "close" } })).headers.get("last-modified");
  };
  await server.update(release(2));
  expect(await modified("value/0")).toBeNull();
  await client.put("value/1", Buffer.from("new"));
  expect(Date.parse((await modified("value/1")) ?? "")).toBeGreaterThan(Date.now() - 60_000);
  await server.update(release(2));
  expect(Date.parse((await modified("value/1")) ?? "")).toBeGreaterThan(Date.now() - 60_000);
  await server.update(release(1));
  expect(await modified("value/1")).toBeNull();
  expect(String(await client.get("value/1"))).toBe("new");
  await load.stop();
  expect(load.failure).toBeUndefined();
});

describe("a successor that cannot take over leaves the predecessor serving", () => {
  test.each([
    [
      "future",
      "negotiating versions",
      "family kv.table: the writer writes version 0, the reader reads version 7; keep version 0 in the reader's family",
    ],
    ["edited", "negotiating versions", "version 0 has another layout on each side"],
    ["broken", "starting the successor", "ended with exit code 1 before it sent hello"],
    [
      "dying",
      "waiting for the successor to take over",
      "was ended by SIGKILL before it sent finish",
    ],
    [
      "forgetful",
      "waiting for the successor to take over",
      '"heap": was left by the predecessor and not retrieved',
    ],
    ["hanging", "waiting for the successor to take over", "did not send finish within 1000 ms"],
  ])("%s", { timeout: 30_000 }, async (name, step, reason) => {
    expect(existsSync(program(name))).toBe(true);
    const { server, pid, load, served, wanted } = await start(20, 1000, { UPDATE_TIMEOUT: "1000" });
    const attempt = server.update(program(name));
    await expect(attempt).rejects.toThrow(reason);
    await expect(attempt).rejects.toThrow(
      `stopped while ${step}, the predecessor (kv-server 1.0.0) goes on`,
    );
    expect(await served()).toBe(wanted);

    // Nothing is left of the attempt: the next update works.
    const { pid: successor } = await server.update(release(2));
    expect(successor).not.toBe(pid);
    expect(await served()).toBe(wanted);
    await load.stop();
    expect(load.failure).toBeUndefined();
  });
});
