import {
  type Arrival,
  defineHandler,
  type Handler,
  Inheritance,
  Predecessor,
  type UpdateOptions,
} from "@luo/orchestrator";
import { create, LuoStruct, u32, u64 } from "@luo/struct";
import { type Family, family, follows, lossy, since } from "@luo/version";
import { Calls, Loopback, type Program } from "./loopback.js";

@LuoStruct(0, { family: "counter" })
export class CounterV0 {
  @u32 hits = 0;
}
@LuoStruct(1, { family: "counter" })
@follows(CounterV0)
export class CounterV1 {
  @u64 hits = 0n;
  @lossy @since(1, 1970) @u32 since = 0;
}
/** The counter as the first release had it. */
export const OldCounter = family(CounterV0, { reads: { to: 0 } });
export const Counter = family(CounterV1);

@LuoStruct(0, { family: "tank" })
export class TankV0 {
  @u32 level = 0;
}
export const TankRecord = family(TankV0);

/** A resource: what it holds is carried by its record, what it is by its descriptor. */
export class Tank {
  readonly name: string;
  readonly fd: number;
  level: number;

  constructor(name: string, fd: number, level: number) {
    this.name = name;
    this.fd = fd;
    this.level = level;
  }
}

/** Notes everything that it is asked to do. */
export function tankHandler(calls: Calls): Handler<Tank, TankV0> {
  return defineHandler<Tank, TankV0>({
    family: TankRecord,
    canPreserve: (resource): resource is Tank => resource instanceof Tank,
    preserve: ({ name, fd }) => {
      calls.note(`preserve ${name}`);
      return fd;
    },
    unpreserve: ({ name }) => calls.note(`unpreserve ${name}`),
    freeze: async ({ name, level }) => {
      calls.note(`freeze ${name}`);
      return create(TankV0, { level });
    },
    unfreeze: async ({ name }) => calls.note(`unfreeze ${name}`),
    retrieve: async ({ level }, fd) => {
      calls.note(`retrieve ${fd}`);
      return new Tank(`retrieved ${fd}`, fd, level);
    },
    canFinish: ({ fd }) => calls.note(`can finish ${fd}`),
    finish: ({ fd }) => calls.note(`finish ${fd}`),
  });
}

/** A program that keeps a counter and the tanks a, b and c. */
export function service() {
  const calls = new Calls();
  const counter = create(CounterV1, { hits: 41n, since: 1999 });
  const tanks = { a: new Tank("a", 11, 1), b: new Tank("b", 12, 2), c: new Tank("c", 13, 3) };
  const predecessor = new Predecessor([tankHandler(calls) as Handler]);
  predecessor.keep("counter", Counter, () => {
    calls.note("counter");
    return counter;
  });
  for (const [token, tank] of Object.entries(tanks)) predecessor.preserve(token, tank);
  return {
    calls,
    counter,
    tanks,
    predecessor,
    update: (successor: Program, options?: UpdateOptions) =>
      predecessor.update(new Loopback(calls, successor), options),
  };
}

/** The first steps of a service's successor. */
export function receive(
  arrival: Arrival,
  families: readonly Family[] = [Counter, TankRecord],
): Promise<Inheritance> {
  return Inheritance.receive(arrival, families);
}

/** A successor that takes everything over and serves. */
export async function takeOver(arrival: Arrival, calls = new Calls()) {
  const inheritance = await receive(arrival);
  const counter = inheritance.take("counter", Counter);
  const tanks: (Tank | undefined)[] = [];
  for (const token of ["a", "b", "c"]) {
    tanks.push(await inheritance.retrieve(token, tankHandler(calls)));
  }
  await inheritance.finish();
  inheritance.serving();
  return { counter, tanks };
}
