import { descriptorOf, mentionedIn, type StructClass } from "@luo/struct";

/** A field that contains or refers to a version of a struct. */
export interface Container {
  readonly struct: StructClass;
  readonly field: string;
  /** The version that the field is of. */
  readonly of: StructClass;
}

/**
 * The fields that contain or refer to a version of a family. Each containing family shows its newest
 * class alone, because older classes never change.
 */
export function containersOf(family: string, structs: Iterable<StructClass>): readonly Container[] {
  const newest = new Map<string, StructClass>();
  for (const struct of structs) {
    const { family, version } = descriptorOf(struct);
    const known = newest.get(family);
    if (known === undefined || descriptorOf(known).version < version) newest.set(family, struct);
  }
  newest.delete(family);
  return [...newest.values()].flatMap((struct) =>
    descriptorOf(struct).fields.flatMap(({ name, type }) => {
      const of = mentionedIn(type).find((part) => descriptorOf(part).family === family);
      return of === undefined ? [] : [{ struct, field: name, of }];
    }),
  );
}
