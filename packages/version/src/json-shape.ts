import { show } from "@luo/struct";
import * as v from "valibot";

/**
 * The shape of JSON that is a `T`: a valibot schema, of which the check and the published JSON Schema
 * are made. Each of its messages completes "expected ...". The types that packages publish stay free
 * of valibot's, which need the types of a browser; `satisfies JsonShape<T>` holds the two together.
 */
export type JsonShape<T = unknown> = v.GenericSchema<unknown, T>;

/** An error of the caller's kind: where, as in `families.memfd.reads[0]`, and what is wrong there. */
export type JsonFailure = (path: string, fault: JsonFault, options?: ErrorOptions) => Error;

/** What JSON has in a place, and what should be there. */
interface JsonFault {
  readonly found: string;
  readonly expected: string;
}

/**
 * Gives JSON, as text or parsed, in its shape. Members that the shape does not name are left out, so
 * that later releases can say more. The first mismatch ends the check, so hostile JSON costs no more
 * than its length.
 *
 * @throws what `fail` makes of the first mismatch
 */
export function readJson<T>(shape: JsonShape<T>, input: unknown, fail: JsonFailure): T {
  const value = typeof input === "string" ? parseText(input, fail) : input;
  const { success, output, issues } = v.safeParse(shape, value, { abortEarly: true });
  if (success) return output;
  const [{ input: found, message, path = [] }] = issues;
  throw fail(jsonPath(path.map(({ key }) => key)), { found: show(found), expected: message });
}

function parseText(text: string, fail: JsonFailure): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The engine's message may show the text, over several lines.
    const [reason = ""] = String((cause as Error).message).split("\n", 1);
    throw fail("", { found: `text that is not JSON (${reason})`, expected: "JSON" }, { cause });
  }
}

/** Members and indices as JavaScript writes them: `releases["1.0"].families.memfd.reads[0]`. */
export function jsonPath(keys: readonly unknown[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === "number") return `${path}[${key}]`;
    if (!/^[\w$]+$/.test(String(key))) return `${path}[${JSON.stringify(key)}]`;
    return path === "" ? String(key) : `${path}.${key}`;
  }, "");
}

/** An object with these members, each its own; an array is no object. */
export function jsonObject<const E extends v.ObjectEntries>(entries: E): v.ObjectSchema<E, string> {
  const members = Object.entries(entries);
  return byMembers(v.object(entries, "an object"), (found) =>
    members.filter(([name, of]) => of.type !== "exact_optional" || Object.hasOwn(found, name)),
  );
}

/** An object whose members are all of one shape. Every name is kept, `__proto__` like any other. */
export function jsonRecord<S extends JsonShape>(
  of: S,
): v.RecordSchema<v.StringSchema<undefined>, S, string> {
  return byMembers(v.record(v.string(), of, "an object"), (found) =>
    Object.keys(found).map((name) => [name, of]),
  );
}

/** An integer from 0. */
export function jsonCount(most = Number.MAX_SAFE_INTEGER, expected = "an integer from 0") {
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(0, expected),
    v.maxValue(most, expected),
  );
}

/** A rule that no single member tells: gives where it is broken, or undefined. */
export function jsonRule<T>(broken: (value: T) => Broken | undefined): v.RawCheckAction<T> {
  return v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { at, found, expected } = broken(dataset.value) ?? {};
    if (at === undefined) return;
    const { value } = dataset;
    addIssue({
      message: expected,
      input: found,
      path: [{ type: "unknown", origin: "value", input: value, key: at, value: found }],
    });
  });
}

/** Where a rule is broken: the member or index, what is there, and what should be. */
export interface Broken {
  readonly at: string | number;
  readonly found: unknown;
  readonly expected: string;
}

/** The first of a list that occurs a second time. */
export function repeated(list: readonly unknown[], expected: string): Broken | undefined {
  const seen = new Set<unknown>();
  const at = list.findIndex((entry) => seen.size === seen.add(entry).size);
  return at < 0 ? undefined : { at, found: list[at], expected };
}

/**
 * Checks own members one by one, to the first mismatch, and makes an object of them. valibot's own
 * objects accept arrays and inherited members, do not say what a missing member must be, and drop
 * `__proto__` and `constructor` from records.
 */
function byMembers<S extends JsonShape>(
  shape: S,
  membersOf: (found: object) => readonly (readonly [name: string, of: JsonShape])[],
): S {
  const run: JsonShape["~run"] = (dataset, config) => {
    const found = dataset.value;
    if (!isObject(found)) return v.never("an object")["~run"](dataset, config);
    const members: [string, unknown][] = [];
    for (const [key, of] of membersOf(found)) {
      const value = Object.hasOwn(found, key) ? found[key] : undefined;
      const checked = of["~run"]({ value }, config);
      if (checked.issues !== undefined) {
        const [first] = checked.issues;
        const item = { type: "object", origin: "value", input: found, key, value } as const;
        const issue: v.BaseIssue<unknown> = { ...first, path: [item, ...(first.path ?? [])] };
        return { typed: false, value: found, issues: [issue] };
      }
      members.push([key, checked.value]);
    }
    return { typed: true, value: Object.fromEntries(members) };
  };
  return { ...shape, "~run": run };
}

function isObject(found: unknown): found is Record<string, unknown> {
  return typeof found === "object" && found !== null && !Array.isArray(found);
}
