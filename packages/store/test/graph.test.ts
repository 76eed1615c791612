import { type HeapBacking, heapBacking, type PreservedArray } from "@luo/memory";
import { ObjectStore } from "@luo/store";
import { LuoStruct, ref, type Sequence, u8, u32, u64 } from "@luo/struct";
import { family, follows, since } from "@luo/version";
import fc from "fast-check";
import { expect, test } from "vitest";

/** Nodes with two references each, so that arrays are shared and run in circles; in two versions. */
@LuoStruct(0, { family: "node" })
class NodeV0 {
  @u32 id = 0;
  @ref(() => NodeV0) left: Sequence<NodeV0> = [];
  @ref(() => NodeV0) right: Sequence<NodeV0> = [];
}

@LuoStruct(1, { family: "node" })
@follows(NodeV0)
class NodeV1 {
  @u64.number id = 0;
  @since(1, 7) @u8 colour = 7;
  @ref(() => NodeV1) left: Sequence<NodeV1> = [];
  @ref(() => NodeV1) right: Sequence<NodeV1> = [];
}

const Old = family(NodeV0, { reads: { to: 0 } });
const New = family(NodeV1);

interface Node {
  readonly id: number;
  left: Sequence<Node>;
  right: Sequence<Node>;
}

/** A graph of the program: arrays are those of a list, told apart by their place in it. */
interface Model {
  readonly id: number;
  readonly left: number;
  readonly right: number;
}
interface Graph {
  readonly root: Model;
  readonly arrays: readonly (readonly Model[])[];
}

const MOST = 6;
const model = fc.record({ id: fc.nat(1000), left: fc.nat(MOST - 1), right: fc.nat(MOST - 1) });
const graph: fc.Arbitrary<Graph> = fc.record({
  root: model,
  arrays: fc.array(fc.array(model, { maxLength: 4 }), { minLength: MOST, maxLength: MOST }),
});

/** The program's objects for a graph. */
function build(graph: Graph, struct: new () => Node): Node {
  const arrays: Node[][] = graph.arrays.map(() => []);
  const make = ({ id, left, right }: Model) =>
    Object.assign(new struct(), { id, left: arrays[left], right: arrays[right] });
  graph.arrays.forEach((nodes, index) => {
    for (const node of nodes) arrays[index]?.push(make(node));
  });
  return make(graph.root);
}

/** The graph behind a node, with arrays numbered in the order in which they are come upon. */
function trace(root: Node): { text: string; arrays: readonly Sequence<Node>[] } {
  const numbers = new Map<unknown, number>();
  const arrays: Sequence<Node>[] = [];
  const number = (array: Sequence<Node>) => {
    const identity = array.identity ?? array;
    const known = numbers.get(identity) ?? arrays.push(array) - 1;
    numbers.set(identity, known);
    return known;
  };
  const line = ({ id, left, right }: Node) => `${id}:${number(left)},${number(right)}`;
  const lines = [line(root)];
  for (const array of arrays) lines.push(Array.from(array, line).join(" "));
  return { text: lines.join("\n"), arrays };
}

type Step =
  | { readonly kind: "put"; readonly id: string; readonly graph: Graph; readonly both: boolean }
  | {
      readonly kind: "change";
      readonly id: string;
      /** The array that changes, and those that its new nodes refer to. */
      readonly array: number;
      readonly nodes: readonly Model[];
      readonly set: boolean;
      readonly put: boolean;
      readonly sealed: boolean;
    }
  | { readonly kind: "copy"; readonly id: string; readonly to: string }
  | { readonly kind: "seal" | "open" };

const id = fc.constantFrom("a", "b");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("put" as const), id, graph, both: fc.boolean() }),
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      id,
      array: fc.nat(MOST),
      nodes: fc.array(model, { minLength: 1, maxLength: 3 }),
      set: fc.boolean(),
      put: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
      sealed: fc.boolean(),
    }),
  },
  fc.record({ kind: fc.constant("copy" as const), id, to: id }),
  fc.record({ kind: fc.constant("seal" as const) }),
  fc.record({ kind: fc.constant("open" as const) }),
);

/** Writes into an array of a graph, and gives what the program's own arrays would then be. */
function change(arrays: readonly Sequence<Node>[], step: Step & { kind: "change" }): void {
  if (arrays.length === 0) return;
  const at = (index: number) => arrays[index % arrays.length] as Sequence<Node>;
  const array = at(step.array);
  const nodes = step.nodes.map(({ id, left, right }) =>
    Object.assign(new NodeV1(), { id, left: at(left), right: at(right) }),
  );
  const kept = step.set ? Math.min(nodes.length, array.length) : 0;
  if (Array.isArray(array)) {
    array.splice(0, kept, ...nodes.slice(0, kept));
    array.push(...nodes.slice(kept));
  } else {
    (array as PreservedArray<Node>).set(0, ...nodes.slice(0, kept));
    (array as PreservedArray<Node>).append(nodes.slice(kept));
  }
}

const copyOf = (backing: HeapBacking) => heapBacking(backing.toBytes().buffer);

test("graphs keep their sharing and their circles, whatever is changed, copied, sealed and opened", {
  timeout: 600_000,
}, () => {
  const check = fc.property(fc.array(step, { maxLength: 14 }), (steps) => {
    let backing = heapBacking();
    let store = ObjectStore.create(backing);
    store.seal();
    /** The object that each identifier holds, as objects of the program. */
    const held = new Map<string, Node>();
    let sealed = new Map<string, string>();
    const texts = () => new Map(Array.from(held, ([id, root]) => [id, trace(root).text] as const));
    const rebuilt = (id: string) => deepCopy(held.get(id) as Node);
    for (const step of steps) {
      switch (step.kind) {
        case "put":
          store.put(step.id, build(step.graph, NodeV1), { alongside: step.both ? [0] : [] });
          held.set(step.id, build(step.graph, NodeV1));
          break;
        case "change": {
          if (!held.has(step.id)) break;
          const taken = store.take(step.id, New) as Node;
          const own = rebuilt(step.id);
          change(trace(taken).arrays, step);
          change(trace(own).arrays, step);
          expect(trace(taken).text).toBe(trace(own).text);
          if (step.sealed) {
            store.seal();
            sealed = texts();
          }
          if (!step.put) break;
          store.put(step.id, taken);
          held.set(step.id, own);
          expect(trace(taken).text).toBe(trace(own).text);
          break;
        }
        case "copy":
          if (!held.has(step.id)) break;
          store.put(step.to, store.take(step.id, New) as Node);
          held.set(step.to, rebuilt(step.id));
          break;
        case "seal":
          store.seal();
          sealed = texts();
          break;
        case "open":
          backing = copyOf(backing);
          store = ObjectStore.open(backing, { verify: true });
          for (const id of held.keys()) if (!sealed.has(id)) held.delete(id);
          for (const id of sealed.keys()) held.set(id, store.take(id, New) as Node);
          for (const id of held.keys()) held.set(id, rebuilt(id));
      }
      for (const [id, root] of held) {
        expect(trace(store.take(id, New) as Node).text).toBe(trace(root).text);
      }
      const reader = ObjectStore.open(copyOf(backing), { verify: true });
      for (const [id, text] of sealed) expect(trace(reader.take(id, New) as Node).text).toBe(text);
    }
    // An image that was written to is one that anybody can write to again, and empty.
    store.seal();
    const last = ObjectStore.open(copyOf(backing));
    for (const id of held.keys()) last.delete(id);
    last.seal();
    expect(last.usage.pools["luo.objects"]?.allocations ?? 0).toBe(0);
  });
  fc.assert(check, { numRuns: Number(process.env.LUO_RUNS ?? 300) });
});

/** The same graph of arrays of the program. */
function deepCopy(root: Node): Node {
  const { arrays } = trace(root);
  const numbers = new Map(arrays.map((array, index) => [array.identity ?? array, index]));
  const copies: Node[][] = arrays.map(() => []);
  const copy = ({ id, left, right }: Node) =>
    Object.assign(new NodeV1(), {
      id,
      left: copies[numbers.get(left.identity ?? left) as number],
      right: copies[numbers.get(right.identity ?? right) as number],
    });
  arrays.forEach((array, index) => {
    for (const node of array) copies[index]?.push(copy(node));
  });
  return copy(root);
}

test("older versions alongside keep sharing and circles as well", () => {
  fc.assert(
    fc.property(graph, (graph) => {
      const backing = heapBacking();
      const store = ObjectStore.create(backing);
      store.put("a", build(graph, NodeV1), { alongside: [0] });
      store.seal();
      const opened = ObjectStore.open(backing, { verify: true });
      const expected = trace(build(graph, NodeV1)).text;
      const old = opened.take("a", Old) as Node;
      expect(trace(old).text).toBe(expected);
      // Up by one version, as another object, and down again.
      const other = ObjectStore.create(heapBacking());
      other.put("a", old, { family: Old });
      const upgraded = other.take("a", New) as Node;
      expect(trace(upgraded).text).toBe(expected);
      other.put("b", upgraded, { alongside: [0] });
      expect(trace(other.take("b", Old) as Node).text).toBe(expected);
      expect(trace(New.convert(build(graph, NodeV1), 0) as Node).text).toBe(expected);
    }),
  );
});

test("references that were grown apart lead to one array, and the image can be written to again", () => {
  const shared: Node[] = [Object.assign(new NodeV1(), { id: 1 })];
  const backing = heapBacking();
  const store = ObjectStore.create(backing);
  store.put("a", Object.assign(new NodeV1(), { left: shared, right: shared }));
  store.seal();
  const taken = store.take("a", New) as NodeV1;
  (taken.left as PreservedArray<NodeV1>).append([Object.assign(new NodeV1(), { id: 2 })]);
  store.put("a", taken);
  store.seal();
  const again = ObjectStore.open(copyOf(backing));
  again.put("b", new NodeV1());
  again.verify();
  const found = again.take("a", New) as NodeV1;
  expect([found.left.length, found.right.length]).toEqual([2, 2]);
});

test("a change after an object was put is no part of it, also when it is sealed", () => {
  const backing = heapBacking();
  const store = ObjectStore.create(backing);
  store.put("a", Object.assign(new NodeV1(), { left: [new NodeV1()] }));
  const taken = store.take("a", New) as NodeV1;
  const left = taken.left as PreservedArray<NodeV1>;
  left.append([Object.assign(new NodeV1(), { id: 1 })]);
  store.put("a", taken);
  left.append([Object.assign(new NodeV1(), { id: 2 })]);
  left.set(0, Object.assign(new NodeV1(), { id: 3 }));
  const ids = (of: ObjectStore) => Array.from((of.take("a", New) as NodeV1).left, ({ id }) => id);
  expect(ids(store)).toEqual([0, 1]);
  store.seal();
  expect(ids(store)).toEqual([0, 1]);
  expect(ids(ObjectStore.open(copyOf(backing), { verify: true }))).toEqual([0, 1]);
  expect(Array.from(left, ({ id }) => id)).toEqual([3, 1, 2]);
  store.put("a", taken);
  store.seal();
  expect(ids(ObjectStore.open(copyOf(backing), { verify: true }))).toEqual([3, 1, 2]);
  store.verify();
});

test("of two copies that were taken and changed, the one that is put is kept, and the other copied", () => {
  const store = ObjectStore.create(heapBacking());
  store.put("a", Object.assign(new NodeV1(), { left: [new NodeV1()] }));
  store.seal();
  const [one, two] = [store.take("a", New), store.take("a", New)] as [NodeV1, NodeV1];
  (one.left as PreservedArray<NodeV1>).append([Object.assign(new NodeV1(), { id: 1 })]);
  (two.left as PreservedArray<NodeV1>).append([Object.assign(new NodeV1(), { id: 2 })]);
  store.put("a", Object.assign(new NodeV1(), { left: one.left, right: two.left }));
  store.seal();
  store.verify();
  const found = store.take("a", New) as NodeV1;
  expect(Array.from(found.left, ({ id }) => id)).toEqual([0, 1]);
  expect(Array.from(found.right, ({ id }) => id)).toEqual([0, 2]);
});

test("a list of 20 000 links is put, converted, copied, rewritten and deleted without a stack", () => {
  const store = ObjectStore.create(heapBacking());
  let list = new NodeV1();
  for (let id = 1; id < 20_000; id++) list = Object.assign(new NodeV1(), { id, left: [list] });
  store.put("list", list, { alongside: [0] });
  store.seal();
  store.put("copy", store.take("list", New) as NodeV1, { alongside: [0] });
  let last = store.take("copy", New) as NodeV1;
  while (last.left.length > 0 && last.id > 1) last = last.left.at(0) as NodeV1;
  (last.left as PreservedArray<NodeV1>).append([Object.assign(new NodeV1(), { id: 7 })]);
  store.delete("list");
  store.seal();
  store.verify();
  store.delete("copy");
  expect(store.usage.pools["luo.objects"]?.allocations).toBe(0);
});
