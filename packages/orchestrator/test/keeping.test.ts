import { type Handler, Predecessor, PreserveError } from "@luo/orchestrator";
import { manifestOf } from "@luo/version";
import { describe, expect, test } from "vitest";
import { Counter, CounterV1, service, Tank, TankRecord, takeOver, tankHandler } from "./fixture.js";
import { Calls, type Program } from "./loopback.js";

const tank = () => new Tank("new", 99, 9);

describe("what cannot be kept is refused at once", () => {
  test("a token that is taken", () => {
    const { predecessor } = service();
    expect(() => predecessor.preserve("a", tank())).toThrow(PreserveError);
    expect(() => predecessor.preserve("a", tank())).toThrow('"a": this token is taken');
    predecessor.preserve("d", tank());
    expect(() => predecessor.preserve("d", tank())).toThrow(PreserveError);
  });

  test("an identifier that is taken", () => {
    const { predecessor } = service();
    const keep = () => predecessor.keep("counter", Counter, () => new CounterV1());
    expect(keep).toThrow(PreserveError);
    expect(keep).toThrow('"counter": something is kept as "counter" already');
  });

  test("a token that begins with a dot, as those of carriers do", () => {
    const { predecessor } = service();
    for (const token of [".image", ".", ".a"]) {
      expect(() => predecessor.preserve(token, tank())).toThrow(PreserveError);
    }
    expect(() => predecessor.preserve(".a", tank())).toThrow("a token cannot begin with a dot");
    predecessor.preserve("a.b", tank());
  });

  test("a resource that no handler knows", () => {
    class Lamp {}
    const { predecessor } = service();
    expect(() => predecessor.preserve("lamp", new Lamp())).toThrow(PreserveError);
    expect(() => predecessor.preserve("lamp", new Lamp())).toThrow(
      '"lamp": no handler can preserve a Lamp; add a handler for it; there are: tank',
    );
    expect(() => new Predecessor([]).preserve("lamp", Object.create(null))).toThrow(
      "no handler can preserve a object; add a handler for it; there are: none",
    );
  });

  test.each([
    ["first the object", (keep: () => void, preserve: () => void) => [keep, preserve]],
    ["first the resource", (keep: () => void, preserve: () => void) => [preserve, keep]],
  ])("an identifier under which a resource's record lies: %s", (_, order) => {
    const predecessor = new Predecessor([tankHandler(new Calls()) as Handler]);
    const both = () => {
      const keep = () => predecessor.keep("tank/a", Counter, () => new CounterV1());
      const preserve = () => predecessor.preserve("a", tank());
      for (const step of order(keep, preserve)) step();
    };
    expect(both).toThrow(PreserveError);
  });

  test("a token too long for an image, or at least before anything is frozen", async () => {
    const { predecessor, calls, update } = service();
    const attempt = async () => {
      predecessor.preserve("x".repeat(129), tank());
      await update(takeOver);
    };
    await expect(attempt()).rejects.toThrow();
    expect(calls.made.filter((call) => call.startsWith("freeze"))).toEqual([]);
  });
});

test("a token that was forgotten can be given again, and takes no part in an update", async () => {
  const { predecessor, calls, update } = service();
  expect(predecessor.unpreserve("b")).toBe(true);
  expect(predecessor.unpreserve("b")).toBe(false);
  predecessor.preserve("b", tank());
  await update(takeOver);
  expect(calls.made).toContain("freeze new");
  expect(calls.made).not.toContain("freeze b");
});

test("the manifest is what the program writes", () => {
  const { predecessor } = service();
  expect(predecessor.manifest()).toEqual(manifestOf([Counter, TankRecord]));
  expect(new Predecessor([]).manifest()).toEqual({ format: 1, families: {} });
});

test("what is preserved while an update is prepared is refused, or part of it: never lost", async () => {
  const { predecessor, calls, update } = service();
  let refused: unknown;
  const late: Program = (arrival) => {
    try {
      predecessor.preserve("late", new Tank("late", 14, 4));
    } catch (error) {
      refused = error;
    }
    return takeOver(arrival);
  };
  const happened = await update(late).then(
    () => true,
    () => false,
  );
  if (refused !== undefined) expect(refused).toBeInstanceOf(PreserveError);
  else expect(happened).toBe(false);
  expect(calls.made.includes("freeze late")).toBe(calls.made.includes("preserve late"));
});
