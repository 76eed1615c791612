import { family, LuoStruct, liveUpdate, since, u32, u64 } from "luo";
import { expect, test } from "vitest";

@LuoStruct(0, { family: "counter" })
class CounterV0 {
  @u64 hits = 0n;
}
@LuoStruct(1, { family: "counter" })
class CounterV1 extends CounterV0 {
  @since(1, 1) @u32 shards = 1;
}

test("what versions alongside cost is told while the program serves", async () => {
  const Counter = family(CounterV1);
  const live = await liveUpdate({ families: [Counter] });
  live.keep("counter", Counter, () => new CounterV1());
  const newest = { identifier: "counter", family: "counter", version: 1, bytes: 16 };
  expect(live.cost()).toEqual([newest]);
  expect(live.cost("all")).toEqual([newest, { ...newest, version: 0, bytes: 8 }]);
});
