import { descriptorOf, type FieldSchema, isStruct, type StructClass, structsIn } from "@luo/struct";
import { membersText, renumbered } from "./enum-members.js";
import { type Lock, nameOf, type PublishedStruct, publishedAs } from "./lock.js";
import type { LockProblem, Place } from "./lock-problem.js";

/** A difference between a published layout and the declared one. */
interface Change {
  /** Absent when it is about the struct as a whole. */
  readonly field?: string;
  readonly was: string;
  readonly is: string;
}

/** The differences of one class: in its content, or only in the places of its fields. */
interface Changes {
  readonly content: readonly Change[];
  readonly places: readonly Change[];
}

/**
 * The published layouts that have changed. Each edit is one problem, at the class that it was made in:
 * structs that contain or extend this class change along with it, and are not told.
 */
export function layoutChanges(
  { structs: published }: Lock,
  structs: ReadonlySet<StructClass>,
  where: (struct: StructClass) => Place,
): readonly LockProblem[] {
  const layouts = new Map(published.map((was) => [nameOf(was), was]));
  const changed = new Map<StructClass, Changes>();
  for (const struct of structs) {
    const was = layouts.get(nameOf(descriptorOf(struct)));
    const changes = was && changesOf(was, publishedAs(struct));
    if (changes && changes.content.length + changes.places.length > 0) changed.set(struct, changes);
  }
  const told = new Set<string>();
  return Array.from(changed).flatMap(([struct, { content, places }]) => {
    const bases = basesOf(struct).flatMap((base) => changed.get(base)?.content ?? []);
    const own = content.filter((change) => !bases.some((base) => sameChange(base, change)));
    const moved = partsOf(struct).some((part) => changed.has(part)) ? [] : places;
    const place = where(struct);
    const remedy = `undo the edit; to change it, make it a new version: luo bump ${place.struct}`;
    return [...(content.length > 0 ? own : moved)].flatMap((change): LockProblem[] => {
      const key = JSON.stringify([nameOf(place), change]);
      if (told.has(key)) return [];
      told.add(key);
      return [{ kind: "layout-changed", ...place, ...change, remedy }];
    });
  });
}

/** The structs that a class extends. */
function basesOf(struct: StructClass): readonly StructClass[] {
  const base: StructClass | null = Object.getPrototypeOf(struct);
  return base !== null && isStruct(base) ? [base, ...basesOf(base)] : [];
}

/** The other structs that a class is made of, or refers to. */
function partsOf(struct: StructClass): readonly StructClass[] {
  return [...structsIn(struct).slice(1), ...basesOf(struct)];
}

function sameChange(a: Change, b: Change): boolean {
  return a.field === b.field && a.was === b.was && a.is === b.is;
}

function changesOf(was: PublishedStruct, is: PublishedStruct): Changes {
  const byteOrder = byteOrderChange(was, is);
  const content = byteOrder ?? [...typeChanges(was, is), ...enumChanges(was, is)];
  return { content, places: placeChanges(was, is) };
}

const ABSENT = "no such field";

/** By field, the published type and the declared one. */
function typePairs(was: PublishedStruct, is: PublishedStruct) {
  const [old, now] = [typesOf(was), typesOf(is)];
  return Array.from(new Set([...old.keys(), ...now.keys()]), (field) => ({
    field,
    was: old.get(field) ?? ABSENT,
    is: now.get(field) ?? ABSENT,
  }));
}

const typesOf = ({ fields }: PublishedStruct) => new Map(fields.map((f) => [f.name, f.type]));

function typeChanges(was: PublishedStruct, is: PublishedStruct): readonly Change[] {
  return typePairs(was, is).filter((pair) => pair.was !== pair.is);
}

const BIG = " be";

/** The change of the byte order of a whole struct; undefined when it is none, or not the only one. */
function byteOrderChange(was: PublishedStruct, is: PublishedStruct): readonly Change[] | undefined {
  const pairs = typePairs(was, is);
  const becomes = (from: "was" | "is", to: "was" | "is") =>
    pairs.length > 1 && pairs.every((pair) => `${pair[from]}${BIG}` === pair[to]);
  if (becomes("was", "is")) return [{ was: "little-endian", is: "big-endian" }];
  if (becomes("is", "was")) return [{ was: "big-endian", is: "little-endian" }];
  return undefined;
}

/** The enums with renumbered members, each once: at the first field that has it. */
function enumChanges(was: PublishedStruct, is: PublishedStruct): readonly Change[] {
  const now = new Map(is.fields.map(({ name, members }) => [name, members]));
  const told = new Set<string>();
  return was.fields.flatMap(({ name: field, members: published = {} }) => {
    const members = now.get(field) ?? {};
    const names = renumbered(published, members);
    const [was, is] = [membersText(published, names), membersText(members, names)];
    const key = JSON.stringify([was, is]);
    if (names.length === 0 || told.has(key)) return [];
    told.add(key);
    return [{ field, was, is }];
  });
}

/** A change of places while the types are the same: of the order, of a field, or of the whole. */
function placeChanges(was: PublishedStruct, is: PublishedStruct): readonly Change[] {
  const [old, now] = [namesOf(was), namesOf(is)];
  const first = old.findIndex((name, index) => name !== now[index]);
  const last = old.findLastIndex((name, index) => name !== now[index]);
  if (first >= 0) {
    const text = (names: readonly string[]) => names.slice(first, last + 1).join(", ");
    return [{ was: `in the order ${text(old)}`, is: `in the order ${text(now)}` }];
  }
  // A field that moves takes along all those behind it, which says nothing new.
  const places = new Map(is.fields.map((field) => [field.name, placeText(field)]));
  const moved = was.fields.find((field) => places.get(field.name) !== placeText(field));
  if (moved !== undefined) {
    const { name: field } = moved;
    return [{ field, was: placeText(moved), is: places.get(field) ?? ABSENT }];
  }
  const whole = ({ size, align }: PublishedStruct) => `${size} bytes, aligned to ${align}`;
  return whole(was) === whole(is) ? [] : [{ was: whole(was), is: whole(is) }];
}

const namesOf = ({ fields }: PublishedStruct) => fields.map(({ name }) => name);

function placeText({ offset, bitOffset }: FieldSchema): string {
  return bitOffset === undefined ? `at offset ${offset}` : `at bit ${bitOffset}`;
}
