import type { Family } from "@luo/version";

/** The `util.inspect` that Node passes to an object's `INSPECT` method. */
export type Inspect = (value: unknown, options: object) => string;

/** Shows the content after a name, as Node shows an object after the name of its class. */
export function inspected(
  name: string,
  content: object,
  depth: number,
  options: object,
  inspect: Inspect,
): string {
  // The content always shows two levels, also when it is a part of something else.
  return depth < 0 ? `[${name}]` : `${name} ${inspect(content, { ...options, depth: 2 })}`;
}

/** Gives the name of a family and the version of the program's class: `counter@1`. */
export function familyLabel({ name, version }: Pick<Family, "name" | "version">): string {
  return `${name}@${version}`;
}
