import { ArgumentError, BoundsError, show } from "../errors.js";
import type { StructLayout } from "../layout/layout.js";
import type { Memory } from "../memory.js";

/**
 * Throws the error for bytes that reach outside of the memory, or for a memory that is none.
 *
 * @throws {BoundsError} or {ArgumentError} always
 */
export type Outside = (memory: Memory, offset: number, bytes: number) => never;

/** The `Outside` of a struct. */
export function outsideOf({ name }: StructLayout): Outside {
  return (memory, offset, bytes) => {
    refuseOther(memory, name);
    throw new BoundsError(name, offset, bytes, memory.byteLength);
  };
}

/**
 * The function that refuses the use of a cursor that stands on no element: before its first `next`,
 * or over no elements at all. It always throws a `BoundsError`.
 */
export function noElementOf({ name, size }: StructLayout): (memory: Memory) => never {
  return (memory) => {
    const what = `the cursor over ${name} stands before its first element,`;
    const remedy = "call next(), and use the cursor only after it gave true";
    throw new BoundsError(what, -size, size, memory.byteLength, remedy);
  };
}

/**
 * Refuses anything but a `Memory`, which may be of another copy of this package.
 *
 * @throws {ArgumentError} saying how to make one
 */
export function refuseOther(memory: unknown, struct: string): void {
  if (typeof memory === "object" && memory !== null && "base" in memory && "view" in memory) return;
  throw new ArgumentError(`the memory of ${struct}`, {
    found: show(memory),
    expected: "a Memory: new Memory(<buffer or bytes>), before the offset",
  });
}
