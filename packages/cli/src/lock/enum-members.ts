/** By name, the numbers of an enum's members. */
export type EnumMembers = Readonly<Record<string, number>>;

/** The published members that have another number by now: stored numbers would change their meaning. */
export function renumbered(was: EnumMembers = {}, is: EnumMembers = {}): readonly string[] {
  return Object.entries(was)
    .filter(([name, number]) => Object.hasOwn(is, name) && is[name] !== number)
    .map(([name]) => name);
}

/** A member whose number has another name by now. */
export interface RenamedMember {
  readonly was: string;
  readonly is: string;
  readonly number: number;
}

/** The published members whose names are gone, where a new name has their number. */
export function renamedMembers(
  was: EnumMembers = {},
  is: EnumMembers = {},
): readonly RenamedMember[] {
  const added = Object.entries(is).filter(([name]) => !Object.hasOwn(was, name));
  return Object.entries(was).flatMap(([name, number]) => {
    const [now] = added.find(([, value]) => value === number) ?? [];
    return now === undefined || Object.hasOwn(is, name) ? [] : [{ was: name, is: now, number }];
  });
}

/** Some members as text: `User = 0, Admin = 1`. */
export function membersText(members: EnumMembers, names: readonly string[]): string {
  return names.map((name) => `${name} = ${members[name]}`).join(", ");
}
