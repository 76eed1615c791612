import { PreservedArray } from "@luo/memory";
import type { ObjectStore } from "@luo/store";
import { char, LuoStruct, ref, type Sequence, u64 } from "@luo/struct";
import { family, follows, since } from "@luo/version";

/**
 * The history of a program. A generation's number and a seed determine its content, so the program that
 * continues an image and the test that reads it know the same.
 */

@LuoStruct(0, { family: "number" })
class Item {
  @u64.number id = 0;
}

@LuoStruct(0, { family: "list" })
class ListV0 {
  @u64.number id = 0;
  @ref(() => Item) items: Sequence<Item> = [];
}

@LuoStruct(1, { family: "list" })
@follows(ListV0)
class ListV1 {
  @u64.number id = 0;
  @since(1, "list") @char(24) name = "list";
  @ref(() => Item) items: Sequence<Item> = [];
}

export const List = family(ListV1);
export const OldList = family(ListV0, { reads: { to: 0 } });

/** The most objects of an image, and the most elements of an array. */
const [OBJECTS, ELEMENTS] = [40, 60_000];

/** One change: the object under a key is replaced, grows, changes an element, or is deleted. */
interface Change {
  readonly act: "put" | "grow" | "set" | "delete";
  readonly key: number;
  readonly id: number;
  readonly count: number;
  readonly alongside: boolean;
}

/** Random numbers that are the same for each run of a generation. */
function changesOf(seed: number, generation: number): Change[] {
  let state = Math.imul(seed ^ Math.imul(generation, 0x9e37_79b1), 0x85eb_ca77) | 1;
  const below = (bound: number) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  return Array.from({ length: 1 + below(12) }, (_, index) => ({
    act: (["put", "put", "grow", "grow", "set", "delete"] as const)[below(6)] ?? "put",
    key: below(OBJECTS),
    id: generation * 100 + index,
    count: below(4) === 0 ? below(9000) : below(60),
    alongside: below(2) === 0,
  }));
}

const identifier = (key: number) => `object/${key}`;
const items = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => Object.assign(new Item(), { id: from + n }));

/** Makes the next generation. */
export function advance(store: ObjectStore, seed: number): void {
  for (const { act, key, id, count, alongside } of changesOf(seed, store.generation + 1)) {
    const name = identifier(key);
    const options = alongside ? { alongside: [0] } : {};
    const held = act === "grow" || act === "set" ? store.take(name, List) : undefined;
    if (act === "delete") store.delete(name);
    else if (!(held?.items instanceof PreservedArray)) {
      const list = Object.assign(new ListV1(), { id, items: items(id, count) });
      store.put(name, list, options);
    } else if (act === "grow" && held.items.length + count <= ELEMENTS) {
      held.items.append(items(id, count));
      store.put(name, held, options);
    } else if (held.items.length > 0) {
      held.items.set(id % held.items.length, ...items(id, 1));
      store.put(name, held, options);
    }
  }
  store.seal();
}

/** The content of an object: its identity, its elements, and whether an old reader can read it. */
export interface Expected {
  readonly id: number;
  readonly items: readonly number[];
  readonly alongside: boolean;
}

/** The content of generations, computed without a store. Ask for them in ascending order. */
export class History {
  readonly objects = new Map<string, Expected>();
  readonly #seed: number;
  #generation = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  at(generation: number): ReadonlyMap<string, Expected> {
    while (this.#generation < generation) this.#advance();
    return this.objects;
  }

  #advance(): void {
    this.#generation++;
    for (const { act, key, id, count, alongside } of changesOf(this.#seed, this.#generation)) {
      const name = identifier(key);
      const held = act === "grow" || act === "set" ? this.objects.get(name) : undefined;
      const more = Array.from({ length: count }, (_, n) => id + n);
      if (act === "delete") this.objects.delete(name);
      else if (held === undefined) this.objects.set(name, { id, items: more, alongside });
      else if (act === "grow" && held.items.length + count <= ELEMENTS) {
        this.objects.set(name, { id: held.id, items: [...held.items, ...more], alongside });
      } else if (held.items.length > 0) {
        const items = held.items.with(id % held.items.length, id);
        this.objects.set(name, { id: held.id, items, alongside });
      }
    }
  }
}
