import { Inheritance, Predecessor, PreserveError, StateError } from "@luo/orchestrator";
import { describe, expect, test } from "vitest";
import { Counter, CounterV1, Tank, TankRecord, takeOver, tankHandler } from "./fixture.js";
import { Calls, Loopback } from "./loopback.js";

/** The ways to make something that is kept, and to keep something under the same name at once. */
const ways = [
  {
    what: "an object",
    name: "counter",
    make: (predecessor: Predecessor, make: () => Promise<never> | Promise<void>) =>
      predecessor.keepNew("counter", Counter, async () => {
        await make();
        return new CounterV1();
      }),
    keep: (predecessor: Predecessor) => predecessor.keep("counter", Counter, () => new CounterV1()),
  },
  {
    what: "a resource",
    name: "a",
    make: (predecessor: Predecessor, make: () => Promise<never> | Promise<void>) =>
      predecessor.preserveNew("a", tankHandler(new Calls()), async () => {
        await make();
        return new Tank("a", 11, 1);
      }),
    keep: (predecessor: Predecessor) => predecessor.preserve("a", new Tank("a", 11, 1)),
  },
];

describe.each(ways)("while $what is being made", ({ name, make, keep }) => {
  const begin = () => {
    const predecessor = new Predecessor([tankHandler(new Calls())] as never);
    const { promise, resolve, reject } = deferred();
    return { predecessor, made: make(predecessor, () => promise), resolve, reject };
  };

  test("its name is taken: a second one is refused before it is made", async () => {
    const { predecessor, made, resolve } = begin();
    let calls = 0;
    const second = make(predecessor, async () => {
      calls++;
    });
    await expect(second).rejects.toThrow(PreserveError);
    expect(() => keep(predecessor)).toThrow(PreserveError);
    resolve();
    await made;
    await expect(make(predecessor, async () => {})).rejects.toThrow(PreserveError);
    expect(calls).toBe(0);
  });

  test("no update begins, and one after it has what was made", async () => {
    const { predecessor, made, resolve } = begin();
    const early = predecessor.update(new Loopback(new Calls(), takeOver));
    await expect(early).rejects.toThrow(StateError);
    await expect(early).rejects.toThrow(`"${name}" is still being made; wait for it`);
    resolve();
    await made;
    const { objects } = await predecessor.update(
      new Loopback(new Calls(), async (arrival) => {
        const inheritance = await Inheritance.receive(arrival, [Counter, TankRecord]);
        await inheritance.retrieve("a", tankHandler(new Calls()));
        await inheritance.finish();
        inheritance.serving();
      }),
    );
    expect(objects.map(({ identifier }) => identifier.replace("tank/", ""))).toEqual([name]);
  });

  test("a failure frees the name", async () => {
    const { predecessor, made, reject } = begin();
    reject(new Error("disk full"));
    await expect(made).rejects.toThrow("disk full");
    keep(predecessor);
  });
});

function deferred() {
  let resolve = () => {};
  let reject = (_: Error) => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}
