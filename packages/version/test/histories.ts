import {
  array,
  char,
  create,
  enumeration,
  type FieldDecorator,
  LuoStruct,
  ref,
  type StructClass,
  struct,
  u8,
  u16,
  u32,
  u64,
} from "@luo/struct";
import { dropped, follows, lossy, renamed, since } from "@luo/version";
import fc from "fast-check";

/** An object of any version. */
export type Fields = Record<string, unknown>;

/** A type that a field can have: its annotation, its values by number, and what it can become. */
interface Type {
  readonly annotation: Pick<FieldDecorator<unknown>, "type">;
  readonly value: (seed: number) => unknown;
  /** The types that take every value of this one. */
  readonly wider: readonly string[];
  /** A type that holds the same in another way, by functions. */
  readonly change?: {
    readonly to: string;
    readonly up: (value: unknown) => unknown;
    readonly down: (value: unknown) => unknown;
  };
}

@LuoStruct(0, { family: "part" })
class PartV0 {
  @u8 size = 0;
}
@LuoStruct(1, { family: "part" })
class PartV1 extends PartV0 {
  @since(1, ({ size }: PartV0) => size + 1) @u16 room = 0;
}

const pick = <T>(values: readonly T[], seed: number) => values[seed % values.length] as T;
const partV0 = (seed: number) => create(PartV0, { size: pick([0, 1, 255], seed) });
const partV1 = (seed: number) =>
  create(PartV1, { ...partV0(seed), room: pick([1, 2, 256, 9], seed) });

const TYPES: Readonly<Record<string, Type>> = {
  u8: { annotation: u8, value: (seed) => pick([0, 1, 5, 255], seed), wider: ["u16", "u64"] },
  u16: { annotation: u16, value: (seed) => pick([0, 5, 255, 65_535], seed), wider: ["u32"] },
  u32: {
    annotation: u32,
    value: (seed) => pick([0, 5, 65_536, 2 ** 32 - 1], seed),
    wider: ["u64"],
    change: {
      to: "longer",
      up: (value) => String(value),
      down: (value) => {
        if (Number.isInteger(Number(value))) return Number(value);
        throw new Error(`${value} is no number`);
      },
    },
  },
  u64: { annotation: u64, value: (seed) => pick([0n, 5n, 256n, 2n ** 64n - 1n], seed), wider: [] },
  text: { annotation: char(6), value: (seed) => pick(["", "5", "räks"], seed), wider: ["longer"] },
  longer: { annotation: char(14), value: (seed) => pick(["", "5", "räksmörgås"], seed), wider: [] },
  state: {
    annotation: enumeration(u8, ["idle", "busy"]),
    value: (seed) => pick(["idle", "busy"], seed),
    wider: ["states"],
  },
  states: {
    annotation: enumeration(u16, ["idle", "busy", "gone"]),
    value: (seed) => pick(["idle", "busy", "gone"], seed),
    wider: [],
  },
  list: {
    annotation: array(u8, 2),
    value: (seed) => [seed % 256, pick([0, 255], seed)],
    wider: ["lists"],
  },
  lists: { annotation: array(u32, 2), value: (seed) => [seed, pick([0, 256], seed)], wider: [] },
  part: { annotation: struct(() => PartV0), value: partV0, wider: ["partV1"] },
  partV1: { annotation: struct(() => PartV1), value: partV1, wider: [] },
  parts: {
    annotation: ref(() => PartV0),
    value: (seed) => Array.from({ length: seed % 3 }, (_, index) => partV0(seed + index)),
    wider: ["partsV1"],
  },
  partsV1: {
    annotation: ref(() => PartV1),
    value: (seed) => Array.from({ length: seed % 3 }, (_, index) => partV1(seed + index)),
    wider: [],
  },
};
const PRIMITIVES = ["u8", "u16", "u32", "u64", "text", "longer", "state", "states"];

/** A field of one version; it keeps its number under whatever name and type. */
interface Field {
  readonly number: number;
  readonly name: string;
  readonly type: string;
  readonly lossy: boolean;
}

/** What happens between two versions: a kind of change, and numbers to choose by. */
interface Change {
  readonly kind: "add" | "drop" | "rename" | "widen" | "change";
  readonly seed: number;
}

/** One version: its class, its fields, and those of the version before that it dropped. */
export interface Version {
  readonly struct: StructClass<Fields>;
  readonly fields: readonly Field[];
  /** By number, the value for older readers; `undefined` where there is none. */
  readonly dropped: ReadonlyMap<number, unknown>;
}

/** An object of a version with values chosen by numbers. */
export function objectOf({ struct, fields }: Version, seeds: readonly number[]): Fields {
  const value = new struct();
  for (const [index, { name, type }] of fields.entries()) {
    value[name] = TYPES[type]?.value(seeds[index % seeds.length] ?? 0);
  }
  return value;
}

export const seeds = fc.array(fc.nat(300), { minLength: 1, maxLength: 6 });

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.constantFrom("add", "drop", "rename", "widen", "change"),
  seed: fc.nat(10_000),
});

/** The history of a family: 2 to 6 versions, each with up to three changes. */
export const histories: fc.Arbitrary<readonly Version[]> = fc
  .tuple(
    fc.array(fc.nat(10_000), { minLength: 1, maxLength: 4 }),
    fc.array(fc.array(change, { maxLength: 3 }), { minLength: 1, maxLength: 5 }),
  )
  .map(([first, steps]) => {
    const versions = new History(first).through(steps);
    const shown = versions.map(({ fields, dropped }) => {
      const list = fields.map(({ name, type, lossy }) => `${lossy ? "lossy " : ""}${type} ${name}`);
      return `${list.join(", ")}${dropped.size > 0 ? `, without ${[...dropped.keys()]}` : ""}`;
    });
    return Object.assign(versions, { [fc.toStringMethod]: () => `\n  ${shown.join("\n  ")}\n` });
  });

/** Makes up classes as somebody would write them down, one version after the other. */
class History {
  readonly #versions: Version[] = [];
  /** Fields that a default was made of: they stay, as the default is compared on the way down. */
  readonly #pinned = new Set<number>();
  #numbers = 0;

  constructor(first: readonly number[]) {
    const fields = first.map((seed) => this.#field(seed, false));
    this.#declare(fields, [], new Map());
  }

  through(steps: readonly (readonly Change[])[]): readonly Version[] {
    for (const changes of steps) this.#step(changes);
    return this.#versions;
  }

  #field(seed: number, lost: boolean): Field {
    const number = this.#numbers++;
    return { number, name: `f${number}`, type: pick(Object.keys(TYPES), seed), lossy: lost };
  }

  #step(changes: readonly Change[]): void {
    const last = this.#versions.at(-1);
    if (last === undefined) return;
    const version = this.#versions.length;
    let fields = last.fields;
    const touched = new Set<number>();
    const annotations = new Map<number, Annotate>();
    const gone = new Map<number, unknown>();
    const step: Step = { upgrade: {}, downgrade: {}, dropped: [] };
    for (const { kind, seed } of changes) {
      const free = fields.filter(({ number }) => !touched.has(number));
      const field = free[seed % Math.max(free.length, 1)];
      if (kind === "add") {
        const added = this.#field(seed, seed % 4 === 0);
        annotations.set(added.number, this.#default(added, last, gone, version, seed));
        fields = [...fields, added];
        touched.add(added.number);
        continue;
      }
      if (field === undefined) continue;
      const { number, name, type } = field;
      const replace = (next: Partial<Field>) => {
        fields = fields.map((other) => (other === field ? { ...field, ...next } : other));
        touched.add(number);
      };
      const { wider = [], change, value } = TYPES[type] ?? {};
      if (kind === "drop" && fields.length > 1 && !this.#pinned.has(number)) {
        const initial = seed % 5 === 0 ? undefined : value?.(seed);
        step.dropped.push([name, initial]);
        gone.set(number, initial);
        fields = fields.filter((other) => other !== field);
      } else if (kind === "rename") {
        annotations.set(number, (target, key) => renamed(name)(target, key));
        replace({ name: `${name}${"abc"[seed % 3]}` });
      } else if (kind === "widen" && wider.length > 0) {
        replace({ type: pick(wider, seed) });
      } else if (kind === "change" && change !== undefined) {
        step.upgrade[name] = (older) => change.up(older[name]);
        step.downgrade[name] = (newer) => change.down(newer[name]);
        replace({ type: change.to });
      }
    }
    this.#declare(fields, [annotations, step], gone);
  }

  /** A value, a function, a function of a field that stays, or the initial value. */
  #default(
    added: Field,
    last: Version,
    gone: ReadonlyMap<number, unknown>,
    version: number,
    seed: number,
  ): Annotate {
    const { value } = TYPES[added.type] as Type;
    const source = last.fields.find(
      ({ number, type, lossy }) => type === added.type && !lossy && !gone.has(number),
    );
    const how = seed % 4;
    const mark: Annotate = (target, key) => {
      if (added.lossy) lossy(target, key);
    };
    const annotate = (decorator: unknown): Annotate => {
      return (target, key) => {
        (decorator as Annotate)(target, key);
        mark(target, key);
      };
    };
    if (how === 1 && source !== undefined) {
      this.#pinned.add(source.number);
      return annotate(since(version, (older: Fields) => older[source.name] as object));
    }
    if (how === 2 && PRIMITIVES.includes(added.type)) {
      return annotate(since(version, value(seed) as number));
    }
    return annotate(how === 3 ? since(version) : since(version, () => value(seed) as object));
  }

  #declare(
    fields: readonly Field[],
    [annotations, step]: [] | [ReadonlyMap<number, Annotate>, Step],
    gone: ReadonlyMap<number, unknown>,
  ): void {
    const version = this.#versions.length;
    const before = this.#versions.at(-1);
    const made = {
      [`ThingV${version}`]: class {
        [name: string]: unknown;
        constructor() {
          for (const { name, type } of fields) this[name] = TYPES[type]?.value(0);
        }
      } as StructClass<Fields>,
    };
    const struct = made[`ThingV${version}`] as StructClass<Fields>;
    for (const { number, name, type } of fields) {
      const { annotation } = TYPES[type] as Type;
      (annotation as unknown as Annotate)(struct.prototype, name);
      annotations?.get(number)?.(struct.prototype, name);
    }
    if (before !== undefined && step !== undefined) {
      follows(before.struct, { upgrade: step.upgrade, downgrade: step.downgrade })(struct);
      for (const [name, initial] of step.dropped) {
        const primitive = typeof initial !== "object";
        dropped(name, primitive ? (initial as number) : () => initial)(struct);
      }
    }
    LuoStruct(version, { family: "thing" })(struct);
    this.#versions.push({ struct, fields, dropped: gone });
  }
}

type Annotate = (target: object, key: string) => void;

interface Step {
  readonly upgrade: Record<string, (older: Fields) => unknown>;
  readonly downgrade: Record<string, (newer: Fields) => unknown>;
  readonly dropped: [name: string, initial: unknown][];
}
