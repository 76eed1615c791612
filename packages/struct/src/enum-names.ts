import { type FieldType, type PerKind, perKind } from "./types.js";

type Names = ReadonlyMap<string, number>;

const none = () => undefined;

const NAMES: PerKind<Names | undefined> = {
  enum: ({ names }) => names,
  array: ({ of }) => perKind(NAMES, of),
  flexible: ({ of }) => perKind(NAMES, of),
  reserved: none,
  scalar: none,
  bits: none,
  char: none,
  bytes: none,
  struct: none,
  union: none,
  ref: none,
};

/**
 * The names of the members of a TypeScript enum, with their numbers: of the type itself, or of its
 * elements. Undefined for any other type, and for an enum that was declared as a list.
 */
export function enumNamesOf(type: FieldType): Names | undefined {
  return perKind(NAMES, type);
}
