import {
  type Handler,
  Inheritance,
  Predecessor,
  type State,
  StateError,
  type UpdateOptions,
} from "@luo/orchestrator";
import { create, LuoStruct, u32 } from "@luo/struct";
import { type Family, family, manifestOf, NegotiationError } from "@luo/version";
import { describe, expect, test } from "vitest";
import {
  Counter,
  CounterV0,
  CounterV1,
  OldCounter,
  receive,
  service,
  TankRecord,
  takeOver,
  tankHandler,
} from "./fixture.js";
import { Calls, Loopback, type Program } from "./loopback.js";

describe("an update", () => {
  test("hands over what is kept, as it is when nothing changes any more", async () => {
    const { predecessor, calls, counter, tanks } = service();
    calls.along("freeze a", () => {
      counter.hits++;
      tanks.c.level = 30;
    });
    const carrier = new Loopback(calls, takeOver);
    await predecessor.update(carrier);
    const taken = await carrier.ended;
    expect(taken?.counter).toBeInstanceOf(CounterV1);
    expect(taken?.counter).toEqual({ hits: 42n, since: 1999 });
    expect(taken?.tanks).toMatchObject([
      { fd: 11, level: 1 },
      { fd: 12, level: 2 },
      { fd: 13, level: 30 },
    ]);
  });

  test("does one thing after the other", async () => {
    const { calls, update } = service();
    await update((arrival) => takeOver(arrival, calls));
    expect(calls.made).toEqual([
      "create image",
      "preserve a",
      "preserve b",
      "preserve c",
      "launch",
      // A trial, while everything still runs.
      "counter",
      "freeze a",
      "freeze b",
      "freeze c",
      "counter",
      "seal",
      "retrieve 11",
      "retrieve 12",
      "retrieve 13",
      "can finish 11",
      "can finish 12",
      "can finish 13",
      "close image",
      "finish 11",
      "finish 12",
      "finish 13",
      "release",
    ]);
  });

  test("goes through the states, and there is none after it", async () => {
    const { predecessor, update } = service();
    const states: State[] = [predecessor.state];
    const look = () => states.push(predecessor.state);
    const watching: Program = async (arrival) => {
      look();
      const inheritance = await receive(arrival);
      look();
      for (const token of ["a", "b", "c"]) {
        await inheritance.retrieve(token, tankHandler(new Calls()));
      }
      await inheritance.finish();
      look();
      inheritance.serving();
    };
    await update(watching);
    expect(states).toEqual(["serving", "preparing", "frozen", "finished"]);
    await expect(update(takeOver)).rejects.toThrow(StateError);
    expect(predecessor.state).toBe("finished");
  });

  test("reports what it did", async () => {
    const { calls, predecessor } = service();
    const carrier = new Loopback(calls, takeOver);
    const report = await predecessor.update(carrier, { alongside: "all" });
    expect(report.offered).toEqual(manifestOf([Counter, TankRecord]));
    expect(report.successor).toEqual(manifestOf([Counter, TankRecord]));
    expect(report.chosen).toEqual({ counter: 1, tank: 0 });
    const written = report.objects.map(({ identifier, version }) => `${identifier}@${version}`);
    expect(written).toEqual(["tank/a@0", "tank/b@0", "tank/c@0", "counter@1", "counter@0"]);
    expect(report.imageBytes).toBeGreaterThan(4096);
    expect(report.imageBytes).toBeLessThanOrEqual(carrier.image?.toBytes().length ?? 0);
    expect(report.pause).toBeGreaterThan(0);
  });

  test("writes older versions for whom it is told, family by family", async () => {
    const written = async (options: UpdateOptions) => {
      const { update } = service();
      const { objects } = await update(takeOver, options);
      return objects.filter(({ family }) => family === "counter").map(({ version }) => version);
    };
    expect(await written({})).toEqual([1]);
    expect(await written({ alongside: { readers: [manifestOf([OldCounter])] } })).toEqual([1, 0]);
    expect(
      await written({ alongside: ({ name }) => ({ last: name === "counter" ? 1 : 0 }) }),
    ).toEqual([1, 0]);
    expect(await written({ alongside: ({ name }) => ({ last: name === "tank" ? 1 : 0 }) })).toEqual(
      [1],
    );
  });

  test("for whom nothing can be written is refused before anything starts", async () => {
    const { calls, update } = service();
    const reads = { reads: [7], writes: [7], layouts: { 7: "0123456789abcdef" } };
    const future = { format: 1, families: { counter: reads } } as const;
    const refused = expect.objectContaining({ cause: expect.any(NegotiationError) });
    await expect(update(takeOver, { alongside: { readers: [future] } })).rejects.toThrow(refused);
    expect(calls.made).toEqual([]);
  });

  test("tells beforehand what the versions alongside cost", () => {
    const { predecessor, calls } = service();
    const newest = { identifier: "counter", family: "counter", version: 1, bytes: 16 };
    expect(predecessor.cost()).toEqual([newest]);
    expect(predecessor.cost("all")).toEqual([newest, { ...newest, version: 0, bytes: 8 }]);
    expect(calls.made).not.toContain("freeze a");
  });

  test("of a program that keeps nothing is an update all the same", async () => {
    const predecessor = new Predecessor([]);
    const carrier = new Loopback(new Calls(), async (arrival) => {
      const inheritance = await receive(arrival);
      await inheritance.finish();
      inheritance.serving();
    });
    expect(await predecessor.update(carrier)).toMatchObject({ chosen: {}, objects: [] });
  });

  test("waits as long as it takes when no time is too long", async () => {
    const { update } = service();
    const slow: Program = async (arrival) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return takeOver(arrival);
    };
    const warnings = new Set<string>();
    const warn = ({ name }: Error) => warnings.add(name);
    process.on("warning", warn);
    await update(slow, { timeout: Number.POSITIVE_INFINITY });
    process.off("warning", warn);
    expect([...warnings]).toEqual([]);
  });
});

describe("an object passes in the highest version that both programs know, when", () => {
  const keeping = (counter: CounterV0 | CounterV1) => {
    const predecessor = new Predecessor([]);
    if (counter instanceof CounterV1) predecessor.keep("counter", Counter, () => counter);
    else predecessor.keep("counter", OldCounter, () => counter);
    return predecessor;
  };
  const takes =
    <T extends object>(known: Family<T>): Program<T | undefined> =>
    async (arrival) => {
      const inheritance = await receive(arrival, [known]);
      const counter = inheritance.take("counter", known);
      await inheritance.finish();
      inheritance.serving();
      return counter;
    };
  const v0 = (hits: number) => create(CounterV0, { hits });
  const v1 = (hits: bigint, since: number) => create(CounterV1, { hits, since });

  const now = takes(Counter);
  const before = takes(OldCounter);
  test.each([
    ["both are new", v1(41n, 1999), now, 1, v1(41n, 1999)],
    ["only the successor is new", v0(41), now, 0, v1(41n, 1970)],
    ["only the predecessor is new", v1(41n, 1999), before, 0, v0(41)],
    ["both are old", v0(41), before, 0, v0(41)],
  ])("%s", async (_, kept, successor: Program, version, taken) => {
    const carrier = new Loopback(new Calls(), successor);
    const { chosen } = await keeping(kept).update(carrier);
    expect(chosen).toEqual({ counter: version });
    const found = await carrier.ended;
    expect(found).toBeInstanceOf(taken.constructor);
    expect(found).toEqual(taken);
  });
});

test("one update at a time: another one is refused, and the first goes on", async () => {
  const { predecessor, calls, update } = service();
  const refused: unknown[] = [];
  const tryAgain = async () => {
    const before = [...calls.made];
    const error = await update(takeOver).catch((error: unknown) => error);
    expect(calls.made).toEqual(before);
    refused.push(error);
  };
  await update(async (arrival) => {
    await tryAgain();
    const inheritance = await receive(arrival);
    await tryAgain();
    for (const token of ["a", "b", "c"]) {
      await inheritance.retrieve(token, tankHandler(new Calls()));
    }
    await inheritance.finish();
    inheritance.serving();
  });
  expect(refused).toHaveLength(2);
  for (const error of refused) expect(error).toBeInstanceOf(StateError);
  expect(String(refused[0])).toContain("another update is preparing");
  expect(String(refused[1])).toContain("another update is frozen");
  expect(predecessor.state).toBe("finished");
});

test("a family may be called like a property of every object", async () => {
  @LuoStruct(0, { family: "constructor" })
  class Odd {
    @u32 x = 0;
  }
  const OddFamily = family(Odd);
  const predecessor = new Predecessor([] as Handler[]);
  predecessor.keep("odd", OddFamily, () => create(Odd, { x: 5 }));
  const carrier = new Loopback(new Calls(), async (arrival) => {
    const inheritance = await Inheritance.receive(arrival, [OddFamily]);
    await inheritance.finish();
    inheritance.serving();
    return inheritance.take("odd", OddFamily);
  });
  await predecessor.update(carrier);
  expect(await carrier.ended).toEqual({ x: 5 });
});
