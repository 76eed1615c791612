import type { Family } from "@luo/version";

/** The method by which Node's `console.log` and `util.inspect` show an object. */
export const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** `util.inspect`, which Node hands to such a method. */
export type Inspect = (value: unknown, options: object) => string;

/** Shows the content after a name, as Node shows an object after the name of its class. */
export function inspected(
  name: string,
  content: object,
  depth: number,
  options: object,
  inspect: Inspect,
): string {
  // What is shown has two levels, whatever it is a part of.
  return depth < 0 ? `[${name}]` : `${name} ${inspect(content, { ...options, depth: 2 })}`;
}

/** The family, and the version of the program's class: `counter@1`. */
export function familyLabel({ name, version }: Pick<Family, "name" | "version">): string {
  return `${name}@${version}`;
}
