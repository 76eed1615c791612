import { inspect } from "node:util";
import { Inheritance, Predecessor } from "@luo/orchestrator";
import { expect, test } from "vitest";
import { Counter, CounterV1, Tank, TankRecord, tankHandler } from "./fixture.js";
import { Calls, Loopback } from "./loopback.js";

test("console.log shows what a program keeps, what one inherits, and a handler, in a few words", async () => {
  const handler = tankHandler(new Calls());
  const predecessor = new Predecessor([], { name: "kv-server", version: "1.3.0" });
  predecessor.keep("counter", Counter, () => new CounterV1());
  await predecessor.preserveNew("a", handler, () => new Tank("a", 11, 1));
  await predecessor.preserveNew("b", handler, () => new Tank("b", 12, 2));
  const shown = [inspect(predecessor)];
  const carrier = new Loopback(new Calls(), async (arrival) => {
    const inheritance = await Inheritance.receive(arrival, [Counter, TankRecord]);
    await inheritance.retrieve("a", handler);
    shown.push(inspect(inheritance), inspect(predecessor));
    await inheritance.retrieve("b", handler);
    await inheritance.finish();
    inheritance.serving();
    shown.push(inspect(inheritance));
  });
  await predecessor.update(carrier, { alongside: "all" });
  const kept = (state: string) => `Predecessor {
  program: 'kv-server 1.3.0',
  state: '${state}',
  objects: Map(1) { 'counter' => 'counter@1' },
  resources: Map(2) { 'a' => 'tank@0', 'b' => 'tank@0' }
}`;
  expect(shown).toEqual([
    kept("serving"),
    `Inheritance {
  program: 'kv-server 1.3.0',
  objects: Map(3) {
    'tank/a' => 'tank@0',
    'tank/b' => 'tank@0',
    'counter' => 'counter@1, counter@0'
  },
  retrieved: [ 'a' ],
  left: [ 'b' ]
}`,
    kept("frozen"),
    `Inheritance {
  program: 'kv-server 1.3.0',
  objects: 'the image is closed',
  retrieved: [ 'a', 'b' ],
  left: []
}`,
  ]);
  expect(inspect(handler)).toBe("Handler { record: 'tank@0', input: false }");
  expect(inspect([[[predecessor, handler]]])).toContain("[Predecessor]");
});
