import { show } from "@luo/struct";
import * as v from "valibot";

/**
 * The shape of JSON that is a `T`: a valibot schema. It gives both the check and the published JSON
 * Schema. Each of its messages completes "expected ...". The public types of the packages do not use
 * valibot's, which need the types of a browser; `satisfies JsonShape<T>` keeps the two in step.
 */
export type JsonShape<T = unknown> = v.GenericSchema<unknown, T>;

/**
 * Makes the caller's error from the path of a mismatch, such as `families.memfd.reads[0]`, and the
 * fault.
 */
export type JsonFailure = (path: string, fault: JsonFault, options?: ErrorOptions) => Error;

/** The value found in a place, and the value expected there. */
interface JsonFault {
  readonly found: string;
  readonly expected: string;
}

/**
 * Reads JSON, as text or parsed, in a shape. The result leaves out members that the shape does not
 * name, so later releases can add some. The check ends at the first mismatch, so the cost of hostile
 * JSON is proportional to its length.
 *
 * @throws the error that `fail` makes for the first mismatch
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
    // The engine's message may quote the text over several lines, so only its first line is kept.
    const [reason = ""] = String((cause as Error).message).split("\n", 1);
    throw fail("", { found: `text that is not JSON (${reason})`, expected: "JSON" }, { cause });
  }
}

/** Writes members and indices as JavaScript does: `releases["1.0"].families.memfd.reads[0]`. */
export function jsonPath(keys: readonly unknown[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === "number") return `${path}[${key}]`;
    if (!/^[\w$]+$/.test(String(key))) return `${path}[${JSON.stringify(key)}]`;
    return path === "" ? String(key) : `${path}.${key}`;
  }, "");
}

/** The shape of an object with these members as own properties. An array does not match. */
export function jsonObject<const E extends v.ObjectEntries>(entries: E): v.ObjectSchema<E, string> {
  const members = Object.entries(entries);
  return byMembers(v.object(entries, "an object"), (found) =>
    members.filter(([name, of]) => of.type !== "exact_optional" || Object.hasOwn(found, name)),
  );
}

/** The shape of an object whose members all have one shape. Every name is kept, also `__proto__`. */
export function jsonRecord<S extends JsonShape>(
  of: S,
): v.RecordSchema<v.StringSchema<undefined>, S, string> {
  return byMembers(v.record(v.string(), of, "an object"), (found) =>
    Object.keys(found).map((name) => [name, of]),
  );
}

/** The shape of an integer from 0 to `most`. */
export function jsonCount(most = Number.MAX_SAFE_INTEGER, expected = "an integer from 0") {
  return v.pipe(
    v.number(expected),
    v.integer(expected),
    v.minValue(0, expected),
    v.maxValue(most, expected),
  );
}

/** A rule over several members. `broken` returns the place that breaks it, or undefined. */
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

/** A broken rule: the member or index, the value found there, and the value expected. */
export interface Broken {
  readonly at: string | number;
  readonly found: unknown;
  readonly expected: string;
}

/** The first entry of a list that repeats an earlier one; undefined when none does. */
export function repeated(list: readonly unknown[], expected: string): Broken | undefined {
  const seen = new Set<unknown>();
  const at = list.findIndex((entry) => seen.size === seen.add(entry).size);
  return at < 0 ? undefined : { at, found: list[at], expected };
}

/**
 * Checks own members one by one up to the first mismatch, and makes a new object of them. valibot's own
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
