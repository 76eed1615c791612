import { descriptorOf } from "@luo/struct";
import { type Declared, everyStruct } from "../declared.js";
import { type RenamedMember, renamedMembers } from "./enum-members.js";
import { type Lock, publishedAs, publishedIn } from "./lock.js";
import { type Place, placeOf } from "./lock-problem.js";

/** A member of a published enum that has another name by now, and the same number. */
export interface LockNote extends Place, RenamedMember {
  readonly field: string;
}

/**
 * The members of published enums that were renamed. Only the program's name for the number has changed,
 * so this breaks nothing. An enum that several fields share is told once.
 */
export function lockNotes(lock: Lock, declared: Declared): readonly LockNote[] {
  const told = new Set<string>();
  return [...everyStruct(declared, () => undefined)].flatMap((struct) => {
    const { family, version } = descriptorOf(struct);
    const published = publishedIn(lock, family, version);
    const now = new Map(publishedAs(struct).fields.map(({ name, members }) => [name, members]));
    return (published?.fields ?? []).flatMap(({ name, members }): LockNote[] => {
      const renamed = renamedMembers(members, now.get(name));
      const key = JSON.stringify([members, renamed]);
      if (told.has(key)) return [];
      told.add(key);
      return renamed.map((member) => ({ ...placeOf(struct, declared), field: name, ...member }));
    });
  });
}

/** A note as one line. */
export function explainNote({ file, struct, field, family, version, was, is, number }: LockNote) {
  const at = `${file === undefined ? "" : `${file}: `}${struct}.${field} (${family}@${version})`;
  return `${at}: ${was} is called ${is} by now; if ${number} does not mean the same any more, undo the edit`;
}
