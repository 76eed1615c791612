import { Inheritance, Predecessor } from "@luo/orchestrator";
import {
  array,
  LuoStruct,
  ref,
  type Sequence,
  type StructClass,
  struct,
  u8,
  u32,
  union,
} from "@luo/struct";
import { type Family, family, follows } from "@luo/version";
import { expect, test } from "vitest";
import { Calls, Loopback } from "./loopback.js";

@LuoStruct(0)
class Leaf {
  @u32 n = 0;
}
@LuoStruct(0)
class Node0 {
  @u32 n = 0;
  @ref(() => Node0) next: Sequence<Node0> = [];
}
@LuoStruct(0)
class Branch {
  @ref(() => Leaf) leaves: Sequence<Leaf> = [];
}
@LuoStruct(0, { family: "everywhere" })
class EverywhereV0 {
  @ref(() => Leaf) direct: Sequence<Leaf> = [];
  @struct inner: Branch = new Branch();
  @array(Branch, 2) rows: Branch[] = [new Branch(), new Branch()];
  @u8 kind = 1;
  @union("kind", () => ({ 0: Leaf, 1: Branch })) either: Leaf | Branch = new Branch();
  @ref(() => Branch) behind: Sequence<Branch> = [];
  @ref(() => Leaf) none: Sequence<Leaf> = [];
}
@LuoStruct(1, { family: "everywhere" })
@follows(EverywhereV0, { upgrade: { direct: ({ direct }) => direct } })
class EverywhereV1 extends EverywhereV0 {}

const leaves = (...numbers: number[]) => numbers.map((n) => Object.assign(new Leaf(), { n }));
const branch = (...numbers: number[]) =>
  Object.assign(new Branch(), { leaves: leaves(...numbers) });

function everywhere<T extends EverywhereV0>(of: StructClass<T>): T {
  return Object.assign(new of(), {
    direct: leaves(1, 2),
    inner: branch(3),
    rows: [branch(4), branch(5, 6)],
    either: branch(7),
    behind: [branch(8), branch(9)],
  });
}

/** The object as a successor has it, after the image is closed and its memory gone. */
async function handedOver<T extends object>(
  value: object,
  written: Family,
  read: Family<T>,
): Promise<T | undefined> {
  const predecessor = new Predecessor([]);
  predecessor.keep("object", written, () => value);
  const carrier: Loopback<T | undefined> = new Loopback(new Calls(), async (arrival) => {
    const inheritance = await Inheritance.receive(arrival, [read]);
    const object = inheritance.takeWhole("object", read);
    await inheritance.finish();
    inheritance.serving();
    return object;
  });
  await predecessor.update(carrier);
  const object = await carrier.ended;
  for (const segment of carrier.image?.segments ?? [])
    new Uint8Array(segment as ArrayBuffer).fill(0);
  return object;
}

test("an object that is taken whole needs the image no more, wherever its arrays are", async () => {
  const Everywhere = family(EverywhereV0);
  const taken = await handedOver(everywhere(EverywhereV0), Everywhere, Everywhere);
  expect(taken).toEqual(everywhere(EverywhereV0));
  expect(taken?.direct).toBeInstanceOf(Array);
});

test("so does one that was converted on the way", async () => {
  const old = family(EverywhereV0, { reads: { to: 0 } });
  const taken = await handedOver(everywhere(EverywhereV0), old, family(EverywhereV1));
  expect(taken).toBeInstanceOf(EverywhereV1);
  expect(taken).toEqual(everywhere(EverywhereV1));
});

test("arrays that are shared stay shared, circles stay circles, and depth needs no stack", async () => {
  const Nodes = family(Node0);
  const first = new Node0();
  let last = first;
  for (let n = 1; n < 20_000; n++) {
    const next = Object.assign(new Node0(), { n });
    last.next = [next, Object.assign(new Node0(), { n: -n >>> 0 })];
    last = next;
  }
  last.next = first.next;
  const taken = await handedOver(first, Nodes, Nodes);
  let node = taken;
  for (let n = 1; n < 20_000; n++) node = node?.next.at(0);
  expect(node?.n).toBe(19_999);
  expect(node?.next).toBe(taken?.next);
});
