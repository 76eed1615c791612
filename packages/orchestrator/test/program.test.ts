import {
  Inheritance,
  LinkTimeoutError,
  LostSuccessorError,
  Predecessor,
  type Program,
  ProgramError,
  ProtocolError,
  parseProgram,
  RefusedError,
  SuccessorError,
  UpdateError,
} from "@luo/orchestrator";
import { LuoStruct, u32 } from "@luo/struct";
import { family, NegotiationError } from "@luo/version";
import { describe, expect, test } from "vitest";
import { Counter, CounterV1 } from "./fixture.js";
import { Calls, Loopback, type Program as Successor } from "./loopback.js";

const OLD = { name: "kv-server", version: "1.3.0" };
const NEW = { name: "kv-server", version: "1.4.0" };

@LuoStruct(7, { family: "counter" })
class CounterV7 {
  @u32 turns = 0;
}

/** Updates a program to another; undefined for one of a release that does not say which it is. */
function update(
  from: Program | undefined,
  to: Program | undefined,
  next: (inheritance: Inheritance) => Promise<unknown> | unknown,
  reads = Counter as Parameters<typeof Inheritance.receive>[1][number],
) {
  const predecessor = new Predecessor([], from);
  predecessor.keep("counter", Counter, () => new CounterV1());
  const successor: Successor = async (arrival) =>
    next(await Inheritance.receive(arrival, [reads], { program: to }));
  const carrier = new Loopback(new Calls(), successor);
  return { carrier, updated: predecessor.update(carrier, { timeout: 50 }) };
}

const takeOver = async (inheritance: Inheritance) => {
  await inheritance.finish();
  inheritance.serving();
  return inheritance.program;
};

const rejection = (promise: Promise<unknown> | undefined) =>
  Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );

test("each program knows the other one by name and version", async () => {
  const { carrier, updated } = update(OLD, NEW, takeOver);
  expect(await updated).toMatchObject({ from: OLD, to: NEW });
  expect(await carrier.ended).toEqual(OLD);
});

test.each([
  ["predecessor", undefined, NEW],
  ["successor", OLD, undefined],
])(
  "a %s of a release that does not say which program it is takes part all the same",
  async (_, from, to) => {
    const { carrier, updated } = update(from, to, takeOver);
    const { from: saidFrom, to: saidTo } = await updated;
    expect([saidFrom, saidTo]).toEqual([from, to]);
    expect(await carrier.ended).toEqual(from);
  },
);

describe("an error names the programs", () => {
  test("to the predecessor, when the successor gives up", async () => {
    const { updated } = update(OLD, NEW, (inheritance) => inheritance.fail(new Error("no port")));
    const error = await rejection(updated);
    expect(error).toBeInstanceOf(UpdateError);
    expect(error).toMatchObject({
      message:
        "live update to kv-server 1.4.0 stopped while waiting for the successor to take over, the predecessor (kv-server 1.3.0) goes on: the successor (kv-server 1.4.0) gave up: no port",
      predecessor: OLD,
      successor: NEW,
      cause: expect.any(SuccessorError),
    });
  });

  test("to the predecessor, when the successor falls silent", async () => {
    const { updated } = update(OLD, NEW, () => new Promise(() => {}));
    expect(await rejection(updated)).toMatchObject({
      message: expect.stringContaining(
        "the other program (kv-server 1.4.0) did not send finish within 50 ms",
      ),
      cause: expect.any(LinkTimeoutError),
    });
  });

  test("to the predecessor, when the successor is lost", async () => {
    const { updated } = update(OLD, NEW, async (inheritance) => {
      await inheritance.finish();
      inheritance.fail(new Error("no memory"));
    });
    const error = await rejection(updated);
    expect(error).toBeInstanceOf(LostSuccessorError);
    expect(String(error)).toContain("the successor (kv-server 1.4.0) took over and was lost");
  });

  test("to the successor, when the predecessor refuses it", async () => {
    const { carrier, updated } = update(OLD, NEW, takeOver, family(CounterV7));
    expect(await rejection(updated)).toMatchObject({
      cause: expect.any(NegotiationError),
      successor: NEW,
    });
    const error = await rejection(carrier.ended);
    expect(error).toBeInstanceOf(RefusedError);
    expect(String(error)).toContain("the predecessor (kv-server 1.3.0) refused this program");
  });
});

test.each([
  ["kv-server"],
  {},
  { name: "kv-server" },
  { name: "", version: "1" },
  { name: 7, version: "1" },
  { name: "x".repeat(129), version: "1" },
  { name: "kv-server", version: 1 },
  { name: "kv-server", version: "1".repeat(65) },
  { name: "kv\nserver", version: "1" },
  { name: "kv-server", version: "\u001b[2J" },
  { name: "\ud800", version: "1" },
])("%j is no program, neither here nor in what the other one says", async (program) => {
  expect(() => parseProgram(program)).toThrow(ProgramError);
  expect(() => parseProgram(program)).toThrow(/^program.*: found .*, expected /);
  const { updated } = update(OLD, program as Program, takeOver);
  expect(await rejection(updated)).toMatchObject({ cause: expect.any(ProtocolError) });
});
