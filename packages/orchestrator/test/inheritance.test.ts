import {
  type Arrival,
  Inbox,
  Inheritance,
  LinkClosedError,
  LinkTimeoutError,
  type Message,
  PreserveError,
  ProtocolError,
  RefusedError,
} from "@luo/orchestrator";
import { BadImageError, heapBacking, ObjectStore } from "@luo/store";
import { create } from "@luo/struct";
import { manifestOf } from "@luo/version";
import { describe, expect, test } from "vitest";
import { Counter, CounterV1, receive, TankRecord, TankV0, tankHandler } from "./fixture.js";
import { Calls } from "./loopback.js";

/** An inheritance from a predecessor with a counter and the tanks a and b, and what it hears. */
function predecessor() {
  const image = heapBacking();
  const store = ObjectStore.create(image);
  store.put("counter", create(CounterV1, { hits: 41n }));
  store.put("tank/a", create(TankV0, { level: 1 }));
  store.put("tank/b", create(TankV0, { level: 2 }));
  store.seal();
  const inbox = new Inbox();
  const heard: Message[] = [];
  const descriptors = new Map([
    [".image", 1000],
    ["a", 11],
    ["b", 12],
  ]);
  const arrival: Arrival = {
    descriptors,
    inbox,
    openImage: (fd) => ({ segments: image.segments, fd, seal: () => {}, close: () => {} }),
    send: (message) => heard.push(message),
    release: () => {},
  };
  return {
    arrival,
    inbox,
    heard,
    descriptors,
    bytes: () => new Uint8Array(image.segments[0] as ArrayBuffer),
  };
}

/** The inheritance of a predecessor that has frozen everything. */
async function inherit() {
  const made = predecessor();
  made.inbox.push({ type: "frozen" });
  return { ...made, inheritance: await receive(made.arrival) };
}

describe("what is left", () => {
  test("is asked for by what the program reads, and listed", async () => {
    const { heard, inheritance } = await inherit();
    expect(heard).toEqual([{ type: "hello", manifest: manifestOf([Counter, TankRecord]) }]);
    const left = inheritance.objects.map(({ identifier, version }) => `${identifier}@${version}`);
    expect(left).toEqual(["counter@1", "tank/a@0", "tank/b@0"]);
  });

  test("can be taken, and what is not there is undefined", async () => {
    const { inheritance } = await inherit();
    expect(inheritance.take("counter", Counter)?.hits).toBe(41n);
    expect(inheritance.take("other", Counter)).toBeUndefined();
    const handler = tankHandler(new Calls());
    expect(await inheritance.retrieve("a", handler)).toMatchObject({ fd: 11, level: 1 });
    expect(await inheritance.retrieve("other", handler)).toBeUndefined();
  });

  test("is retrieved once", async () => {
    const { inheritance } = await inherit();
    const handler = tankHandler(new Calls());
    await inheritance.retrieve("a", handler);
    const again = inheritance.retrieve("a", handler);
    await expect(again).rejects.toThrow(PreserveError);
    await expect(again).rejects.toThrow('"a": was retrieved already');
  });

  test("is retrieved once, even by two at a time", async () => {
    const { inheritance } = await inherit();
    const calls = new Calls();
    const handler = tankHandler(calls);
    const [first, second] = [
      inheritance.retrieve("a", handler),
      inheritance.retrieve("a", handler),
    ];
    await expect(second).rejects.toThrow('"a": was retrieved already');
    expect(await first).toMatchObject({ fd: 11, level: 1 });
    expect(calls.made).toEqual(["retrieve 11"]);
  });

  test("cannot be retrieved without its descriptor", async () => {
    const { inheritance, descriptors } = await inherit();
    descriptors.delete("a");
    await expect(inheritance.retrieve("a", tankHandler(new Calls()))).rejects.toThrow(
      '"a": has a record, but the carrier brought no descriptor',
    );
  });
});

describe("there is nothing to inherit when", () => {
  test("the carrier brought no image", async () => {
    const { arrival, descriptors } = predecessor();
    descriptors.delete(".image");
    await expect(receive(arrival)).rejects.toThrow(PreserveError);
    await expect(receive(arrival)).rejects.toThrow('".image": the carrier brought no image');
  });

  test("the image is damaged, and the predecessor is told", async () => {
    const { arrival, inbox, heard, bytes } = predecessor();
    // The root of the first generation is the second in the page.
    bytes()[2048 + 40] = 0xff;
    inbox.push({ type: "frozen" });
    await expect(receive(arrival)).rejects.toThrow(BadImageError);
    expect(heard.at(-1)).toMatchObject({ type: "failed", reason: /not a readable image/ });
  });

  test.each<[string, (inbox: Inbox) => void, new (...args: never[]) => Error, string]>([
    [
      "the predecessor refuses",
      (inbox) => inbox.push({ type: "refused", reason: "no shared version" }),
      RefusedError,
      "the predecessor refused this program and goes on: no shared version",
    ],
    [
      "the predecessor ends",
      (inbox) => inbox.close("was ended by SIGKILL"),
      LinkClosedError,
      "the other program was ended by SIGKILL before it sent frozen",
    ],
    [
      "the predecessor says something else",
      (inbox) => inbox.push({ type: "committed" }),
      ProtocolError,
      'from the other program: found {"type":"committed"}, expected frozen',
    ],
    [
      "the predecessor refuses without a reason",
      (inbox) => inbox.push({ type: "refused" }),
      ProtocolError,
      "expected refused whose reason is text",
    ],
    [
      "the predecessor says something that is nested too deeply to be shown",
      (inbox) => inbox.push(JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`)),
      ProtocolError,
      "from the other program: found Array(1), expected frozen",
    ],
    [
      "the predecessor is silent",
      () => {},
      LinkTimeoutError,
      "the other program did not send frozen within 20 ms",
    ],
  ])("%s", async (_, answer, error, reason) => {
    const { arrival, inbox } = predecessor();
    answer(inbox);
    const receiving = Inheritance.receive(arrival, [Counter, TankRecord], { timeout: 20 });
    await expect(receiving).rejects.toThrow(error);
    await expect(receiving).rejects.toThrow(reason);
  });
});

describe("taking over", () => {
  /** With both tanks retrieved. */
  const retrieved = async () => {
    const calls = new Calls();
    const made = await inherit();
    for (const token of ["a", "b"]) await made.inheritance.retrieve(token, tankHandler(calls));
    calls.reset();
    return { ...made, calls };
  };

  test("is refused while something is left, and the predecessor hears nothing of it", async () => {
    const { inheritance, heard } = await inherit();
    await inheritance.retrieve("a", tankHandler(new Calls()));
    await expect(inheritance.finish()).rejects.toThrow(PreserveError);
    await expect(inheritance.finish()).rejects.toThrow(
      '"b": was left by the predecessor and not retrieved; retrieve it',
    );
    expect(heard.map(({ type }) => type)).toEqual(["hello"]);
  });

  test("is refused while a resource cannot finish", async () => {
    const { inheritance, heard, calls } = await retrieved();
    calls.fail("can finish 12");
    await expect(inheritance.finish()).rejects.toThrow("can finish 12 failed");
    expect(calls.made).toEqual(["can finish 11", "can finish 12"]);
    expect(heard.map(({ type }) => type)).toEqual(["hello"]);
  });

  test("waits for the predecessor's word, then every resource finishes", async () => {
    const { inheritance, heard, calls, inbox } = await retrieved();
    const finished = inheritance.finish();
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard.map(({ type }) => type)).toEqual(["hello", "finish"]);
    expect(calls.made).toEqual(["can finish 11", "can finish 12"]);
    inbox.push({ type: "committed" });
    await finished;
    expect(calls.made).toEqual(["can finish 11", "can finish 12", "finish 11", "finish 12"]);
  });

  test("goes on without a predecessor that ended once it was told", async () => {
    const { inheritance, calls, inbox } = await retrieved();
    inbox.close("was ended by SIGKILL");
    await inheritance.finish();
    expect(calls.made).toContain("finish 12");
  });

  test.each<[string, (inbox: Inbox) => void, new (...args: never[]) => Error]>([
    ["goes on itself", (inbox) => inbox.push({ type: "refused", reason: "late" }), RefusedError],
    ["says something else", (inbox) => inbox.push({ type: "frozen" }), ProtocolError],
    ["is silent", () => {}, LinkTimeoutError],
  ])("is none when the predecessor %s", async (_, answer, error) => {
    const { inheritance, calls, inbox } = await retrieved();
    answer(inbox);
    await expect(inheritance.finish(20)).rejects.toThrow(error);
    expect(calls.made).toEqual(["can finish 11", "can finish 12"]);
  });
});
