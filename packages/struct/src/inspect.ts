import type { FieldType, StructClass } from "./types.js";

/**
 * The key of the method that `console.log` of Node, Bun and Deno calls to show an object. The symbol
 * is a registered one, so this needs no module of theirs.
 */
export const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Adds a method to objects, not enumerable, so that `console.log` shows them as a text. */
export function shownBy<Shown extends object>(text: (object: Shown) => string) {
  const method = {
    value(this: Shown) {
      return text(this);
    },
  };
  return <T extends Shown>(object: T): T => Object.defineProperty(object, INSPECT, method);
}

/** The parts of a layout that `viewContents` needs. */
interface Viewed {
  readonly struct: StructClass;
  readonly fields: readonly { readonly name: string; readonly type: FieldType }[];
}

/** True when a struct has a field or a method of that name, which a view then keeps. */
export function hasOwnMeaning({ struct, fields }: Viewed, name: string | symbol): boolean {
  return name in struct.prototype || fields.some((field) => field.name === name);
}

/** Copies a view's fields into a plain object, for `JSON.stringify`. */
export function viewValues(view: object, { fields }: Viewed): Record<string, unknown> {
  const named = fields.filter(({ type }) => type.kind !== "reserved");
  return Object.fromEntries(named.map(({ name }) => [name, Reflect.get(view, name)]));
}

/**
 * Copies a view's fields into an object of the struct's class, for `console.log`. A view itself has
 * only accessors, which `console.log` does not call. A field that cannot be read shows its error.
 */
export function viewContents(view: object, { struct, fields }: Viewed): object {
  const contents: Record<string, unknown> = Object.create(struct.prototype);
  for (const { name, type } of fields) {
    if (type.kind === "reserved") continue;
    const value = attempt(() => (view as Record<string, unknown>)[name]);
    Object.defineProperty(contents, name, { value, enumerable: true });
  }
  return contents;
}

function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return String(error);
  }
}

/** Formats rows under their heads in columns. Numbers are aligned to the right. */
export function textTable(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => `${row[column]}`.length)),
  );
  return [heads, ...rows]
    .map((row) =>
      row
        .map((cell, column) => {
          const right = typeof (rows[0] ?? row)[column] === "number";
          return `${cell}`[right ? "padStart" : "padEnd"](widths[column] ?? 0);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
