import type { FieldType, StructClass } from "./types.js";

/**
 * The name of the method that `console.log` of Node, Bun and Deno calls to show an object. It is a
 * registered symbol, so no module of theirs is needed.
 */
export const INSPECT = Symbol.for("nodejs.util.inspect.custom");

/** Gives objects the hidden method with which `console.log` shows them as a text. */
export function shownBy<Shown extends object>(text: (object: Shown) => string) {
  const method = {
    value(this: Shown) {
      return text(this);
    },
  };
  return <T extends Shown>(object: T): T => Object.defineProperty(object, INSPECT, method);
}

/** The parts of a layout that a view of the struct shows. */
interface Viewed {
  readonly struct: StructClass;
  readonly fields: readonly { readonly name: string; readonly type: FieldType }[];
}

/**
 * A view's fields for `console.log`, in an object of the struct's class: a view itself has nothing but
 * accessors. A field that cannot be read shows the error.
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

/** Rows under their heads, each column as wide as it must be; numbers stand to the right. */
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
