import { descriptorOf, type StructClass, show } from "@luo/struct";
import { type Equality, equalityOf } from "./equality.js";
import type { Adjacent } from "./field-pairs.js";
import { downwards, type Source, type Sources, upwards } from "./sources.js";
import type { RelateStructs } from "./type-relation.js";
import { Misfit } from "./value-misfit.js";

/** The conversion between two adjacent versions. Both directions throw a `Misfit`. */
export interface Step {
  readonly up: (older: object) => object;
  /**
   * @param invented fields of the newer object that an earlier downgrade step filled with
   * placeholders
   */
  readonly down: (newer: object, invented: ReadonlySet<string>) => object;
  /** The placeholder fields of the older object, given those of the newer. */
  readonly invents: (invented: ReadonlySet<string>) => ReadonlySet<string>;
  /** False when a field was dropped without a value for older readers. Then every downgrade throws. */
  readonly descends: boolean;
}

type Fields = Record<string, unknown>;

/** The fields of a conversion: those moved unchanged, and those that a function makes. */
interface Plan {
  readonly struct: StructClass;
  readonly moved: readonly (readonly [to: string, from: string])[];
  readonly made: readonly Made[];
}

interface Made {
  readonly name: string;
  readonly make: (from: object) => unknown;
  /** The field to name in an error. */
  readonly about: string;
}

/** A field of the newer class whose value a downgrade could lose. */
interface Guarded {
  readonly name: string;
  /** The value that an upgrade would put there; undefined for the property's initial value. */
  readonly make: ((older: object) => unknown) | undefined;
  readonly equal: Equality;
}

/**
 * Plans the conversion of every field in both directions.
 *
 * @throws {FamilyError} when a field has no source
 */
export function planStep(adjacent: Adjacent, structs: RelateStructs): Step {
  const { older, newer } = adjacent;
  const [above, below] = [upwards(adjacent, structs), downwards(adjacent, structs)];
  const [up, down] = [plan(newer, above), plan(older, below)];
  const guarded = guard(adjacent, above, below);
  const dropped = new Set(adjacent.dropped.keys());
  const { version } = descriptorOf(older);
  return {
    up: (value) => run(up, value),
    down: (value, invented) => {
      const result = run(down, value);
      const real =
        invented.size === 0 ? guarded : guarded.filter(({ name }) => !invented.has(name));
      if (real.length > 0) check(real, newer, value as Fields, result, version);
      return result;
    },
    invents: (invented) => {
      if (invented.size === 0) return dropped;
      const names = new Set(dropped);
      for (const [name, source] of below) {
        if (source.kind === "field" && invented.has(source.name)) names.add(name);
      }
      return names;
    },
    descends: [...below.values()].every(({ kind }) => kind !== "none"),
  };
}

function plan(struct: StructClass, sources: Sources): Plan {
  const moved: [string, string][] = [];
  const made: Made[] = [];
  for (const [name, source] of sources) {
    const make = maker(source);
    if (source.kind === "field" && source.convert === undefined) moved.push([name, source.name]);
    else if (make !== undefined) {
      made.push({ name, make, about: source.kind === "field" ? source.name : name });
    }
  }
  return { struct, moved, made };
}

/** The function that makes a field's value; undefined if a new object has it already. */
function maker(source: Source): ((from: object) => unknown) | undefined {
  switch (source.kind) {
    case "field": {
      const { name, convert } = source;
      if (convert === undefined) return (from) => (from as Fields)[name];
      return (from) => convert((from as Fields)[name]);
    }
    case "value":
      return () => source.value;
    case "function":
      return source.make;
    case "own":
      return undefined;
    case "none":
      return () => {
        const found = "was dropped, and older readers need it";
        throw new Misfit("", { found, do: "give a value to @dropped" });
      };
  }
}

function run({ struct, moved, made }: Plan, from: object): object {
  const result = new struct() as Fields;
  for (const [name, source] of moved) result[name] = (from as Fields)[source];
  let field = "";
  try {
    for (const { name, make, about } of made) {
      field = about;
      result[name] = make(from);
    }
  } catch (error) {
    throw Misfit.in(field, error);
  }
  return result;
}

/** The fields that a downgrade must check: all but `@lossy` ones and those that carry over both ways. */
function guard({ pairs }: Adjacent, above: Sources, below: Sources): readonly Guarded[] {
  return pairs.flatMap(({ field: { name, type }, history, older }) => {
    const source = above.get(name);
    const back = older && below.get(older.name);
    const carries = source?.kind === "field" && back?.kind === "field";
    if (source === undefined || carries || history.lossy) return [];
    return [{ name, make: maker(source), equal: equalityOf(type) }];
  });
}

/**
 * Refuses a downgrade that loses a value: an upgrade of its result must give the same value again.
 *
 * @throws {Misfit} naming the first field that would differ
 */
function check(
  guarded: readonly Guarded[],
  newer: StructClass,
  value: Fields,
  result: object,
  version: number,
): void {
  let own: Fields | undefined;
  for (const { name, make, equal } of guarded) {
    if (make === undefined) own ??= new newer() as Fields;
    const again = make === undefined ? own?.[name] : Misfit.within(name, () => make(result));
    if (equal(value[name], again)) continue;
    const [found, back] = [show(value[name]), show(again)];
    throw new Misfit(name, {
      found,
      expected: `what version ${version} can hold, while an upgrade would make it ${back === found ? "different" : back}`,
      do: "mark it @lossy if it may be lost",
    });
  }
}
