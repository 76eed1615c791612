import { ArgumentError, show, UnknownFieldError } from "../errors.js";
import type { StructClass } from "../types.js";
import { descriptorOf } from "./registry.js";

/** The names of properties that take a value: neither methods nor reserved space, which is `unknown`. */
type Settable<T> = {
  [K in keyof T]-?: unknown extends T[K]
    ? never
    : T[K] extends (...args: never) => unknown
      ? never
      : K;
}[keyof T];

/** Values for some properties of an object. A name that the class does not have does not compile. */
export type StructValues<T> = string extends keyof T ? Partial<T> : Partial<Pick<T, Settable<T>>>;

/**
 * Makes an object of a struct class, with these values in place of the initial ones. Encoding, not
 * `create`, refuses a value that does not fit its field.
 *
 *     const counter = create(CounterV0, { hits: 1n });
 *
 * @throws {UnknownFieldError} when a name is neither a field with a value nor `@transient`
 * @throws {ArgumentError} when the values are no object
 * @throws {DeclarationError} when the class is no struct
 */
export function create<T extends object>(struct: StructClass<T>, values: StructValues<T>): T {
  const { name, fields, transient } = descriptorOf(struct);
  if (typeof values !== "object" || values === null) {
    const expected = "an object of its fields, such as {}";
    throw new ArgumentError(`values of ${name}`, { found: show(values), expected });
  }
  const settable = fields.filter(({ type }) => type.kind !== "reserved");
  for (const property of Reflect.ownKeys(values)) {
    if (transient.has(property) || settable.some((field) => field.name === property)) continue;
    const known = settable.map((field) => field.name);
    throw new UnknownFieldError(name, String(property), known);
  }
  return Object.assign(new struct(), values);
}
