import {
  type Backing,
  type HeapBacking,
  heapBacking,
  OutOfMemoryError,
  type PreservedArray,
} from "@luo/memory";
import { ObjectStore } from "@luo/store";
import { create } from "@luo/struct";
import { family } from "@luo/version";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type FileV1, file, page, pages, Shelf } from "./fixture.js";

const Shelves = family(Shelf);

/** What a shelf holds: of each file its name, and the numbers of its pages. */
type Content = readonly (readonly [name: string, pages: readonly number[]])[];
type Model = ReadonlyMap<string, Content>;

const IDENTIFIERS = ["a", "b", "c"];
const CHANGES = ["append", "set", "deep", "twice", "copy"] as const;
type Change = (typeof CHANGES)[number];

type Step =
  | { readonly kind: "put"; readonly id: string; readonly sizes: readonly number[] }
  | { readonly kind: "change"; readonly id: string; readonly how: Change; readonly size: number }
  | { readonly kind: "forget"; readonly id: string; readonly how: Change; readonly size: number }
  | { readonly kind: "delete"; readonly id: string }
  | { readonly kind: "seal" | "open" };

const id = fc.constantFrom(...IDENTIFIERS);
const size = fc.oneof(fc.nat(5), fc.nat(2000));
const how = fc.constantFrom(...CHANGES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("put" as const),
      id,
      sizes: fc.array(size, { maxLength: 4 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("change" as const), id, how, size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const), id, how, size }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), id }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("seal" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("open" as const) }) },
);

/** What the change makes of a content that has at least one file. */
const CHANGED: Readonly<Record<Change, (content: Content, size: number) => Content>> = {
  append: (content, size) => [...content, named("new", size)],
  set: ([, ...rest], size) => [named("new", size), ...rest],
  deep: (content, size) => longer(content, range(size)),
  twice: (content, size) => longer(content, [...range(size), 7]),
  copy: (content, size) => [...content, named("new", size)],
};

function longer([first, ...rest]: Content, numbers: readonly number[]): Content {
  const [name, before] = first ?? named("", 0);
  return [[name, [...before, ...numbers]], ...rest];
}

/** The same for a shelf that was taken. */
const CHANGE: Readonly<Record<Change, (shelf: Shelf, size: number) => void>> = {
  append: ({ files }, size) => (files as PreservedArray<FileV1>).append([file(size, "new")]),
  set: ({ files }, size) => (files as PreservedArray<FileV1>).set(0, file(size, "new")),
  deep: ({ files }, size) => {
    const first = files.at(0) as FileV1;
    (first.pages as PreservedArray).append(pages(size));
    (files as PreservedArray<FileV1>).set(0, first);
  },
  // Changed again after it was put into the other.
  twice: ({ files }, size) => {
    const first = files.at(0) as FileV1;
    (first.pages as PreservedArray).append(pages(size));
    (files as PreservedArray<FileV1>).set(0, first);
    (first.pages as PreservedArray).append([page(7)]);
  },
  copy: (shelf, size) => {
    shelf.files = [...shelf.files, file(size, "new")];
  },
};

const range = (size: number) => Array.from({ length: size }, (_, n) => n);
const named = (name: string, size: number) => [name, range(size)] as const;

function contentOf(shelf: Shelf): Content {
  return Array.from(shelf.files, ({ name, pages }) => [
    name,
    Array.from(pages, ({ number }) => Number(number)),
  ]);
}

function modelOf(store: ObjectStore): Model {
  const shelves = store.list().map(({ identifier }) => identifier);
  return new Map(
    shelves.sort().map((name) => [name, contentOf(store.take(name, Shelves) as Shelf)]),
  );
}

const sorted = (model: Model): Model => new Map([...model].sort(([a], [b]) => (a < b ? -1 : 1)));

/** Whether the step was taken: false where there was no room for it. */
function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (error instanceof OutOfMemoryError) return false;
    throw error;
  }
}

const copyOf = (backing: HeapBacking) => heapBacking(backing.toBytes().buffer);

test.each([
  ["memory that grows", undefined],
  ["little memory", 40],
])(
  "a store holds what a map would, and an image what was sealed: %s",
  { timeout: 600_000 },
  (_, room) => {
    const property = fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const limited = (backing: HeapBacking): Backing =>
        room === undefined ? backing : { segments: backing.segments };
      let backing = heapBacking((room ?? 1) * 4096);
      let store = ObjectStore.create(limited(backing));
      store.seal();
      const model = new Map<string, Content>();
      let sealed: Model = new Map();
      for (const step of steps) {
        switch (step.kind) {
          case "put": {
            const files = step.sizes.map((size, n) => file(size, `${n}`));
            const value = create(Shelf, { files });
            if (attempt(() => store.put(step.id, value))) {
              model.set(
                step.id,
                step.sizes.map((size, n) => named(`${n}`, size)),
              );
            }
            break;
          }
          case "change":
          case "forget": {
            const before = model.get(step.id);
            if (before === undefined || before.length === 0) break;
            const taken = store.take(step.id, Shelves) as Shelf;
            const done = attempt(() => {
              CHANGE[step.how](taken, step.size);
              if (step.kind === "change") store.put(step.id, taken);
            });
            if (done && step.kind === "change") {
              model.set(step.id, CHANGED[step.how](before, step.size));
              // What was put can be read on.
              expect(contentOf(taken)).toEqual(model.get(step.id));
            }
            break;
          }
          case "delete":
            if (attempt(() => store.delete(step.id))) model.delete(step.id);
            break;
          case "seal":
            if (attempt(() => store.seal())) {
              sealed = new Map(model);
              store.verify();
            }
            break;
          case "open":
            backing = copyOf(backing);
            store = ObjectStore.open(limited(backing));
            model.clear();
            for (const [name, content] of sealed) model.set(name, content);
        }
        expect(modelOf(store)).toEqual(sorted(model));
        expect(modelOf(ObjectStore.open(copyOf(backing)))).toEqual(sorted(sealed));
      }
      // Nothing is left of what was deleted, also not of arrays that changed and were never put.
      for (const last of [store, ObjectStore.open(copyOf(backing), { verify: true })]) {
        const emptied = last
          .list()
          .every(({ identifier }) => attempt(() => last.delete(identifier)));
        if (emptied) expect(last.usage.pools["luo.objects"]?.allocations ?? 0).toBe(0);
      }
    });
    fc.assert(property, { numRuns: Number(process.env.LUO_RUNS ?? 300) });
  },
);
