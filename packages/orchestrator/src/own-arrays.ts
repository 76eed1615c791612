import {
  type FieldType,
  layoutOf,
  type PerKind,
  perKind,
  type Sequence,
  type StructClass,
} from "@luo/struct";

type ArrayOf = (view: Sequence<unknown>, of: StructClass) => unknown[];

/**
 * Replaces every view of preserved memory in a decoded object by an ordinary array, also behind
 * elements. Each array is copied once, so sharing and circles survive, and lists of any depth need
 * no stack.
 *
 * @throws {BadAddressError} when an array is damaged
 */
export function ownArrays(value: object, struct: StructClass): void {
  const pending: { readonly array: unknown[]; readonly of: StructClass }[] = [];
  const copies = new Map<StructClass, Map<unknown, unknown[]>>();
  const arrayOf: ArrayOf = (view, of) => {
    const known = copies.get(of) ?? new Map<unknown, unknown[]>();
    copies.set(of, known);
    const identity = view.identity ?? view;
    const copy = known.get(identity);
    if (copy !== undefined) return copy;
    const array = Array.from(view);
    known.set(identity, array);
    pending.push({ array, of });
    return array;
  };
  ownStruct(value, struct, arrayOf);
  // The list grows while it is walked, by the arrays behind elements.
  for (const { array, of } of pending) {
    for (const element of array) ownStruct(element as object, of, arrayOf);
  }
}

function ownStruct(value: object, struct: StructClass, arrayOf: ArrayOf): void {
  const { references, fields } = layoutOf(struct);
  if (!references) return;
  const members = value as Record<string, unknown>;
  for (const { name, type } of fields) {
    const found = members[name];
    const own = perKind(OWN, type, { value: found, arrayOf });
    if (own !== found) members[name] = own;
  }
}

interface Owning {
  readonly value: unknown;
  readonly arrayOf: ArrayOf;
}

const same = (_: FieldType, { value }: Owning) => value;

const elements = ({ of }: { readonly of: FieldType }, { value, arrayOf }: Owning): unknown => {
  for (const element of value as unknown[]) perKind(OWN, of, { value: element, arrayOf });
  return value;
};

/** By kind, gives a value with ordinary arrays behind it in place of views. */
const OWN: PerKind<unknown, Owning> = {
  scalar: same,
  enum: same,
  bits: same,
  char: same,
  bytes: same,
  array: elements,
  flexible: elements,
  struct: ({ of }, { value, arrayOf }) => {
    ownStruct(value as object, of(), arrayOf);
    return value;
  },
  union: (_, { value, arrayOf }) => {
    const chosen = value as { readonly constructor: StructClass };
    ownStruct(chosen, chosen.constructor, arrayOf);
    return value;
  },
  ref: ({ of }, { value, arrayOf }) => arrayOf(value as Sequence<unknown>, of()),
  reserved: same,
};
