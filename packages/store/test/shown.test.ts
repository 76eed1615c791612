import { inspect } from "node:util";
import { HeapBacking } from "@luo/memory";
import { create, LuoStruct, ref, type Sequence, u32 } from "@luo/struct";
import { family } from "@luo/version";
import { expect, test } from "vitest";
import { ObjectStore } from "../src/index.js";

@LuoStruct(0)
class LineV0 {
  @u32 count = 0;
}

@LuoStruct(0)
class OrderV0 {
  @ref(() => LineV0) lines: Sequence<LineV0> = [];
}

@LuoStruct(0)
class NodeV0 {
  @u32 number = 0;
  @ref(() => NodeV0) next: Sequence<NodeV0> = [];
}

const store = ObjectStore.create(new HeapBacking());

function taken<T extends object>(struct: new () => T, value: T): T {
  store.put("object", value);
  return store.take("object", family(struct)) as T;
}

test("console.log shows what an array in an image holds, also as part of an object", () => {
  const order = taken(OrderV0, create(OrderV0, { lines: [create(LineV0, { count: 7 })] }));
  expect(inspect(order)).toBe("OrderV0 { lines: PreservedArray(1) [ LineV0 { count: 7 } ] }");
});

test("a long array shows as many elements as the caller asked for", () => {
  const lines = Array.from({ length: 1000 }, (_, count) => create(LineV0, { count }));
  const order = taken(OrderV0, create(OrderV0, { lines }));
  const shown = inspect(order.lines, { maxArrayLength: 2, breakLength: Infinity });
  expect(shown).toBe(
    "PreservedArray(1000) [ LineV0 { count: 0 }, LineV0 { count: 1 } ] and 998 more",
  );
});

test("a circle of references ends, whatever depth is asked for", () => {
  const node = create(NodeV0, { number: 1 });
  const circle = [node];
  node.next = circle;
  const read = taken(NodeV0, node);
  expect(inspect(read)).toContain("[PreservedArray]");
  expect(inspect(read, { depth: null }).length).toBeLessThan(2000);
});

test("an array that cannot be read any more says why", () => {
  const { lines } = taken(OrderV0, create(OrderV0, { lines: [create(LineV0, { count: 7 })] }));
  store.delete("object");
  expect(inspect(lines)).toMatch(/^PreservedArray, unreadable: ./);
});
