import { inspect } from "node:util";
import {
  defineHandler,
  type Family,
  FamilyError,
  family,
  Listener,
  type LiveUpdate,
  LuoError,
  LuoStruct,
  liveUpdate,
  Memfd,
  PreserveError,
  ProgramError,
  since,
  UndeclaredFamilyError,
  u32,
  u64,
} from "luo";
import { afterEach, describe, expect, test } from "vitest";

@LuoStruct(0, { family: "counter" })
class CounterV0 {
  @u64 hits = 0n;
  @u32 step = 1;
}
@LuoStruct(1, { family: "counter" })
class CounterV1 extends CounterV0 {
  @since(1, 1) @u32 shards = 1;
}
@LuoStruct(0, { family: "gauge" })
class Gauge {
  @u32 level = 0;
}
const Counter = family(CounterV0);
const Gauges = family(Gauge);

const open: { close(): void }[] = [];
afterEach(() => {
  for (const resource of open.splice(0)) resource.close();
});
function closing<R extends { close(): void }>(resource: R): R {
  open.push(resource);
  return resource;
}

describe("an object of a program that was started afresh", () => {
  test.each([
    ["has the initial values of its class", undefined, { hits: 0n, step: 1 }],
    ["has the fields that are given", { hits: 7n }, { hits: 7n, step: 1 }],
    ["is made by a function", () => ({ step: 2 }), { hits: 0n, step: 2 }],
    ["is made by a function, later", async () => ({ step: 3 }), { hits: 0n, step: 3 }],
  ])("%s", async (_, initial, expected) => {
    const live = await liveUpdate({ families: [Counter] });
    const counter = await live.object("counter", Counter, initial);
    expect(counter).toBeInstanceOf(CounterV0);
    expect(counter).toEqual(expected);
  });

  test("is the very object that is given", async () => {
    const live = await liveUpdate({ families: [Counter] });
    const [one, other] = [new CounterV0(), new CounterV0()];
    expect(await live.object("one", Counter, one)).toBe(one);
    expect(await live.object("other", Counter, () => other)).toBe(other);
  });

  test("has its identifier for itself", async () => {
    const live = await liveUpdate({ families: [Counter] });
    await live.object("counter", Counter);
    await expect(live.object("counter", Counter)).rejects.toThrow(PreserveError);
    expect(() => live.keep("counter", Counter, () => new CounterV0())).toThrow(PreserveError);
  });

  test("can be asked for again when it could not be made", async () => {
    const live = await liveUpdate({ families: [Counter] });
    const failing = live.object("counter", Counter, async () => {
      throw new Error("no database");
    });
    await expect(failing).rejects.toThrow("no database");
    expect(await live.object("counter", Counter)).toEqual(new CounterV0());
  });
});

test("after ready no object is taken over: asking is refused, with a predecessor and without", async () => {
  const live = await liveUpdate({ families: [Counter] });
  await live.ready();
  await expect(live.object("counter", Counter)).rejects.toThrow(PreserveError);
  expect(() => live.take("counter", Counter)).toThrow("taken over before ready");
  live.keep("counter", Counter, () => new CounterV0());
});

describe("a family that was not declared is refused at once by", () => {
  const uses: [string, (live: LiveUpdate, of: Family<Gauge>) => unknown][] = [
    ["object", (live, of) => live.object("gauge", of)],
    ["take", (live, of) => live.take("gauge", of)],
    ["keep", (live, of) => live.keep("gauge", of, () => new Gauge())],
  ];
  test.each(uses)("%s", async (_, use) => {
    const live = await liveUpdate({ families: [Counter] });
    const attempt = async () => use(live, Gauges);
    await expect(attempt()).rejects.toThrow(UndeclaredFamilyError);
    await expect(attempt()).rejects.toThrow(
      '"gauge": found the family gauge, which is not declared, expected one of counter, memfd, listener; add it: liveUpdate({ families: [...] })',
    );
    await expect(attempt()).rejects.toMatchObject({ identifier: "gauge", family: "gauge" });
  });

  test("resource, before anything is made", async () => {
    const gauges = defineHandler<Gauge, Gauge>({
      family: Gauges,
      canPreserve: (resource): resource is Gauge => resource instanceof Gauge,
      preserve: () => 0,
      freeze: (gauge) => gauge,
      retrieve: (gauge) => gauge,
    });
    const live = await liveUpdate({ families: [] });
    let made = 0;
    const make = () => {
      made++;
      return new Gauge();
    };
    await expect(live.resource("gauge", gauges, make)).rejects.toThrow(
      "add its handler: liveUpdate({ handlers: [...] })",
    );
    expect(made).toBe(0);
  });
});

test("a family is known by its name and versions, and not by its JavaScript object", async () => {
  const live = await liveUpdate({ families: [family(CounterV1)] });
  await live.object("counter", Counter);
  const narrower = family(CounterV0, { reads: { to: 0 } });
  await expect(live.object("other", narrower)).rejects.toThrow(FamilyError);
  await expect(liveUpdate({ families: [Counter, narrower] })).rejects.toThrow(FamilyError);
});

describe("a resource is what create makes, at once or later", () => {
  test("a memfd", async () => {
    const live = await liveUpdate({ families: [] });
    const made = closing(Memfd.create("filled", { size: 4096 }));
    expect(await live.memfd("heap", async () => made)).toBe(made);
    expect(closing(await live.memfd("other", { size: 8192 })).byteLength).toBe(8192);
  });

  test("a listener, on 127.0.0.1 unless told otherwise", async () => {
    const live = await liveUpdate({ families: [] });
    const made = closing(Listener.open({ host: "127.0.0.2" }));
    expect(await live.listener("http", async () => made)).toBe(made);
    expect(closing(await live.listener("local")).address).toBe("127.0.0.1");
  });

  test("but not what the handler is not for", async () => {
    const live = await liveUpdate({ families: [] });
    const forgetful = (async () => {}) as unknown as () => Promise<Memfd>;
    await expect(live.memfd("heap", forgetful)).rejects.toThrow(
      '"heap": the handler of memfd cannot preserve undefined',
    );
    closing(await live.memfd("heap", { size: 4096 }));
  });

  test("a token is free again when create fails, and taken while it works", async () => {
    const live = await liveUpdate({ families: [] });
    const failing = live.memfd("heap", async () => {
      throw new Error("no memory");
    });
    const second = live.memfd("heap", { size: 4096 });
    await expect(second).rejects.toThrow(PreserveError);
    await expect(failing).rejects.toThrow("no memory");
    closing(await live.memfd("heap", { size: 4096 }));
  });
});

test("a program's name that cannot be shown is refused at the start", async () => {
  const bad = liveUpdate({ families: [], program: { name: "kv\nserver", version: "1" } });
  await expect(bad).rejects.toThrow(ProgramError);
  await expect(bad).rejects.toBeInstanceOf(LuoError);
});

test("console.log shows the program, its state, what it keeps and under which names", async () => {
  const program = { name: "kv-server", version: "1.4.0" };
  const live = await liveUpdate({ families: [Counter], program });
  expect(live.program).toEqual(program);
  await live.object("hits", Counter);
  closing(await live.memfd("heap", { size: 4096 }));
  const expected = (state: string) =>
    `LiveUpdate {
  program: 'kv-server 1.4.0',
  objects: Map(1) { 'hits' => 'counter@0' },
  resources: Map(1) { 'heap' => 'memfd@2' },
  state: '${state}',
  inheritance: undefined
}`;
  expect(inspect(live)).toBe(expected("starting"));
  await live.ready();
  expect(inspect(live)).toBe(expected("serving"));
  expect(inspect({ a: { b: { live } } })).toContain("[LiveUpdate]");
});
