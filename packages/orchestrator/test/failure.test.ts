import {
  LinkClosedError,
  LinkTimeoutError,
  LostSuccessorError,
  ProtocolError,
  RefusedError,
  StateError,
  SuccessorError,
  UndoError,
  UpdateError,
  type UpdateOptions,
} from "@luo/orchestrator";
import { FieldRangeError, LuoStruct, u32 } from "@luo/struct";
import { ConversionError, family, NegotiationError } from "@luo/version";
import { describe, expect, test } from "vitest";
import {
  Counter,
  OldCounter,
  receive,
  service,
  TankRecord,
  takeOver,
  tankHandler,
} from "./fixture.js";
import { Calls, Loopback, type Program } from "./loopback.js";

type Service = ReturnType<typeof service>;

/** The error that an update rejects with. */
async function failureOf(update: Promise<unknown>): Promise<Error> {
  const error = await update.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Error) return error;
  throw new Error(`it did not fail, but gave ${error}`);
}

/** Says something that no program says at this point, or at all. */
const says =
  (message: unknown): Program =>
  async ({ send }) => {
    send(message as Parameters<typeof send>[0]);
    await silence();
  };
const silence = () => new Promise<never>(() => {});
const crash: Program = async () => {
  throw new Error("crash");
};
const hangUp: Program = ({ release }) => {
  release();
  return silence();
};

/** The behaviour of a successor once everything is frozen for it. */
const frozen =
  (next: Program): Program =>
  async (arrival) => {
    await receive(arrival);
    await next(arrival);
  };

@LuoStruct(7, { family: "counter" })
class CounterV7 {
  @u32 turns = 0;
}
const NextCounter = family(CounterV7);

const PRESERVED = ["create image", "preserve a", "preserve b", "preserve c"];
const LAUNCHED = [...PRESERVED, "launch"];
const TRIED = [...LAUNCHED, "counter"];
const FROZEN = [...TRIED, "freeze a", "freeze b", "freeze c", "counter", "seal"];

const UNPRESERVED = ["unpreserve c", "unpreserve b", "unpreserve a", "close image"];
const KILLED = ["kill", ...UNPRESERVED];
/** The successor first: it lets go before anything here goes on. */
const UNFROZEN = ["kill", "unfreeze c", "unfreeze b", "unfreeze a", ...UNPRESERVED];

const STARTING = "starting the successor";
const WAITING = "waiting for the successor to take over";

interface Failure {
  readonly what: string;
  /** The fault that happens in the predecessor. */
  readonly arrange?: (service: Service) => void;
  readonly successor?: Program;
  readonly options?: UpdateOptions;
  readonly step: string;
  readonly cause?: new (...args: never[]) => Error;
  readonly reason: string;
  readonly calls: readonly string[];
}

const failures: readonly Failure[] = [
  {
    what: "there is no memory for the image",
    arrange: ({ calls }) => calls.fail("create image"),
    step: "preparing",
    reason: "create image failed",
    calls: ["create image"],
  },
  {
    what: "a resource cannot be preserved",
    arrange: ({ calls }) => calls.fail("preserve b"),
    step: "preparing",
    reason: "preserve b failed",
    calls: ["create image", "preserve a", "preserve b", "unpreserve a", "close image"],
  },
  {
    what: "the successor cannot be started",
    arrange: ({ calls }) => calls.fail("launch"),
    step: STARTING,
    reason: "launch failed",
    calls: [...LAUNCHED, ...UNPRESERVED],
  },
  {
    what: "the successor crashes at once",
    successor: crash,
    step: STARTING,
    cause: LinkClosedError,
    reason: "the other program ended before it sent hello",
    calls: [...LAUNCHED, ...KILLED],
  },
  {
    what: "the successor closes the link at once",
    successor: hangUp,
    step: STARTING,
    cause: LinkClosedError,
    reason: "the other program closed the link before it sent hello",
    calls: [...LAUNCHED, ...KILLED],
  },
  {
    what: "the successor never says hello",
    successor: silence,
    options: { timeout: 20 },
    step: STARTING,
    cause: LinkTimeoutError,
    reason: "the other program did not send hello within 20 ms",
    calls: [...LAUNCHED, ...KILLED],
  },
  {
    what: "the successor begins with another message",
    successor: says({ type: "finish" }),
    step: STARTING,
    cause: ProtocolError,
    reason: 'from the other program: found {"type":"finish"}, expected hello',
    calls: [...LAUNCHED, ...KILLED],
  },
  {
    what: "the successor gives up at once",
    successor: says({ type: "failed", reason: "wrong machine" }),
    step: STARTING,
    cause: SuccessorError,
    reason: "the successor gave up: wrong machine",
    calls: [...LAUNCHED, ...KILLED],
  },
  {
    what: "no version is shared",
    successor: (arrival) => receive(arrival, [NextCounter, TankRecord]),
    step: "negotiating versions",
    cause: NegotiationError,
    reason: "family counter: the writer writes version 0, 1, the reader reads version 7",
    calls: [...LAUNCHED, ...KILLED],
  },
  {
    what: "the successor does not know a kind of resource",
    successor: (arrival) => receive(arrival, [Counter]),
    step: "negotiating versions",
    cause: NegotiationError,
    reason: "family tank: the writer writes version 0, the reader reads no version",
    calls: [...LAUNCHED, ...KILLED],
  },
  {
    what: "an object does not fit its struct",
    arrange: ({ counter }) => {
      counter.hits = -1n;
    },
    step: "trying out what will be written",
    cause: FieldRangeError,
    reason: "CounterV1.hits: found -1n",
    calls: [...TRIED, ...KILLED],
  },
  {
    what: "an object does not fit the version that the successor needs",
    arrange: ({ counter }) => {
      counter.hits = 2n ** 32n;
    },
    successor: (arrival) => receive(arrival, [OldCounter, TankRecord]),
    step: "trying out what will be written",
    cause: ConversionError,
    reason: "counter from version 1 to 0, hits: found 4294967296n",
    calls: [...TRIED, ...KILLED],
  },
  {
    what: "an object cannot be had",
    arrange: ({ calls }) => calls.fail("counter"),
    step: "trying out what will be written",
    reason: "counter failed",
    calls: [...TRIED, ...KILLED],
  },
  {
    what: "the second of three resources cannot freeze",
    arrange: ({ calls }) => calls.fail("freeze b"),
    step: "freezing",
    reason: "freeze b failed",
    // What is frozen by half is unfrozen as well.
    calls: [...TRIED, "freeze a", "freeze b", "kill", "unfreeze b", "unfreeze a", ...UNPRESERVED],
  },
  {
    what: "a record does not fit its struct",
    arrange: ({ tanks }) => {
      tanks.b.level = -1;
    },
    step: "freezing",
    cause: FieldRangeError,
    reason: "TankV0.level: found -1",
    calls: [...TRIED, "freeze a", "freeze b", "kill", "unfreeze b", "unfreeze a", ...UNPRESERVED],
  },
  {
    what: "an object does not fit any more",
    arrange: ({ calls, counter }) =>
      calls.along("freeze c", () => {
        counter.hits = -1n;
      }),
    step: "freezing",
    cause: FieldRangeError,
    reason: "CounterV1.hits: found -1n",
    calls: [...TRIED, "freeze a", "freeze b", "freeze c", "counter", ...UNFROZEN],
  },
  {
    what: "the image cannot be sealed",
    arrange: ({ calls }) => calls.fail("seal"),
    step: "freezing",
    reason: "seal failed",
    calls: [...FROZEN, ...UNFROZEN],
  },
  {
    what: "the successor gives up once everything is frozen",
    successor: frozen(says({ type: "failed", reason: "no room" })),
    step: WAITING,
    cause: SuccessorError,
    reason: "the successor gave up: no room",
    calls: [...FROZEN, ...UNFROZEN],
  },
  {
    what: "the successor crashes once everything is frozen",
    successor: frozen(crash),
    step: WAITING,
    cause: LinkClosedError,
    reason: "the other program ended before it sent finish",
    calls: [...FROZEN, ...UNFROZEN],
  },
  {
    what: "the successor closes the link once everything is frozen",
    successor: frozen(hangUp),
    step: WAITING,
    cause: LinkClosedError,
    reason: "the other program closed the link before it sent finish",
    calls: [...FROZEN, ...UNFROZEN],
  },
  {
    what: "the successor falls silent once everything is frozen",
    successor: frozen(silence),
    options: { timeout: 20 },
    step: WAITING,
    cause: LinkTimeoutError,
    reason: "the other program did not send finish within 20 ms",
    calls: [...FROZEN, ...UNFROZEN],
  },
  {
    what: "the successor serves without having finished",
    successor: frozen(says({ type: "serving" })),
    step: WAITING,
    cause: ProtocolError,
    reason: 'from the other program: found {"type":"serving"}, expected finish',
    calls: [...FROZEN, ...UNFROZEN],
  },
  {
    what: "the successor leaves something behind",
    successor: frozen(async (arrival) => {
      arrival.send({ type: "failed", reason: '"c": was left by the predecessor' });
    }),
    step: WAITING,
    cause: SuccessorError,
    reason: 'the successor gave up: "c": was left by the predecessor',
    calls: [...FROZEN, ...UNFROZEN],
  },
];

describe("an update that fails leaves everything as it was, when", () => {
  test.each(failures)("$what", async (failure) => {
    const { arrange, successor = takeOver, options, step, cause = Error, reason } = failure;
    const running = service();
    const { predecessor, calls, counter, tanks } = running;
    arrange?.(running);

    const error = await failureOf(predecessor.update(new Loopback(calls, successor), options));
    expect(error).toBeInstanceOf(UpdateError);
    expect(error.message).toContain(
      `live update stopped while ${step}, the predecessor goes on: ${reason}`,
    );
    expect(error.cause).toBeInstanceOf(cause);
    expect(calls.made).toEqual(failure.calls);
    expect(predecessor.state).toBe("serving");

    calls.reset();
    Object.assign(counter, { hits: 42n });
    tanks.b.level = 20;
    const next = new Loopback(calls, takeOver);
    await predecessor.update(next);
    expect(calls.made).toEqual([...FROZEN, "close image", "release"]);
    expect(await next.ended).toMatchObject({
      counter: { hits: 42n, since: 1999 },
      tanks: [{ level: 1 }, { level: 20 }, { level: 3 }],
    });
  });

  const malformed: readonly unknown[] = [
    undefined,
    null,
    "hello",
    { type: "hello" },
    { type: "hello", manifest: null },
    { type: "hello", manifest: {} },
    { type: "hello", manifest: { format: 2, families: {} } },
    { type: "hello", manifest: { format: 1, families: null } },
    { type: "hello", manifest: { format: 1, families: { counter: null } } },
    { type: "hello", manifest: { format: 1, families: { counter: { reads: [0], writes: [0] } } } },
    {
      type: "hello",
      manifest: { format: 1, families: { counter: { reads: 0, writes: [], layouts: {} } } },
    },
    {
      type: "hello",
      manifest: { format: 1, families: { tank: { reads: ["0"], writes: [], layouts: {} } } },
    },
    {
      type: "hello",
      manifest: { format: 1, families: { tank: { reads: [], writes: [0.5], layouts: {} } } },
    },
  ];
  test.each(malformed)("the successor sends %j for a hello", async (message) => {
    const { predecessor, calls, update } = service();
    const error = await failureOf(update(says(message)));
    expect(error).toBeInstanceOf(UpdateError);
    expect(error.cause).toBeInstanceOf(ProtocolError);
    expect(error.message).toContain(`${JSON.stringify(message)}, expected hello`);
    expect(calls.made).toEqual([...LAUNCHED, ...KILLED]);
    expect(predecessor.state).toBe("serving");
  });

  test("the image is not what was written", async () => {
    const { predecessor, calls } = service();
    const carrier: Loopback<unknown> = new Loopback(calls, takeOver);
    calls.along("seal", () => {
      const bytes = new Uint8Array(carrier.image?.segments[0] ?? new ArrayBuffer(0));
      bytes[4096] = (bytes[4096] ?? 0) ^ 1;
    });
    const error = await failureOf(predecessor.update(carrier));
    expect(error.message).toContain(`${WAITING}, the predecessor goes on`);
    expect(error.message).toContain("they have changed since they were written");
    expect(calls.made).toEqual([...FROZEN, ...UNFROZEN]);
  });
});

test("a successor without a shared version is told why, and what to do", async () => {
  const { predecessor, calls } = service();
  const carrier = new Loopback(calls, (arrival) => receive(arrival, [NextCounter, TankRecord]));
  await failureOf(predecessor.update(carrier));
  const refusal = await failureOf(carrier.ended ?? Promise.resolve());
  expect(refusal).toBeInstanceOf(RefusedError);
  expect(refusal.message).toContain("the predecessor refused this program and goes on: family");
  expect(refusal.message).toContain("the reader reads version 7; keep version 1 in the reader's");
});

describe("an undoing that fails", () => {
  test("does not keep the rest from being undone, and every error is told", async () => {
    const { predecessor, calls } = service();
    calls.fail("freeze c", "unfreeze b", "kill", "unpreserve a", "close image");
    const error = await failureOf(predecessor.update(new Loopback(calls, takeOver)));
    expect(error).toBeInstanceOf(UndoError);
    const { errors, cause } = error as UndoError;
    const reasons = ["kill", "unfreeze b", "unpreserve a", "close image"].map(
      (call) => `${call} failed`,
    );
    expect(errors.map((each) => each instanceof Error && each.message)).toEqual(reasons);
    expect(error.message).toContain(reasons.join("; "));
    expect(cause).toMatchObject({ message: "freeze c failed" });
    expect(calls.made).toEqual([...TRIED, "freeze a", "freeze b", "freeze c", ...UNFROZEN]);
  });

  test("is over with it: the next update works", async () => {
    const { predecessor, calls, update } = service();
    calls.fail("freeze a", "unfreeze a");
    expect(await failureOf(update(takeOver))).toBeInstanceOf(UndoError);
    expect(predecessor.state).toBe("serving");
    calls.reset();
    await update(takeOver);
    expect(calls.made).toEqual([...FROZEN, "close image", "release"]);
  });
});

describe("a successor that took over and never serves is lost: nothing is undone, when it", () => {
  const tookOver =
    (next: Program): Program =>
    async (arrival) => {
      const inheritance = await receive(arrival);
      for (const token of ["a", "b", "c"]) {
        await inheritance.retrieve(token, tankHandler(new Calls()));
      }
      await inheritance.finish();
      await next(arrival);
    };

  test.each([
    ["crashes", crash, LinkClosedError, "the other program ended before it sent serving"],
    ["closes the link", hangUp, LinkClosedError, "closed the link before it sent serving"],
    ["gives up", says({ type: "failed", reason: "no port" }), SuccessorError, "gave up: no port"],
    ["says anything else", says({ type: "hello" }), ProtocolError, "expected serving"],
  ])("%s", async (_, next, cause, reason) => {
    const { predecessor, calls, update } = service();
    const error = await failureOf(update(tookOver(next), { timeout: 50 }));
    expect(error).toBeInstanceOf(LostSuccessorError);
    expect(error.message).toContain("the successor took over and was lost: ");
    expect(error.message).toContain(reason);
    expect(error.cause).toBeInstanceOf(cause);
    expect(calls.made).toEqual([...FROZEN, "close image"]);
    expect(predecessor.state).toBe("finished");

    await expect(update(takeOver)).rejects.toThrow(StateError);
    expect(calls.made).toEqual([...FROZEN, "close image"]);
    expect(predecessor.state).toBe("finished");
  });

  test("but one that is only slow is not: the update is done, its pause unknown", async () => {
    const { predecessor, update } = service();
    const { pause } = await update(tookOver(silence), { timeout: 50 });
    expect(pause).toBeUndefined();
    expect(predecessor.state).toBe("finished");
  });
});
