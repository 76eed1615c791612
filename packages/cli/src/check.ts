import { descriptorOf } from "@luo/struct";
import { command, EXIT, JSON_OPTION, LOCK_OPTION } from "./command.js";
import { everyStruct } from "./declared.js";
import { checkLock } from "./lock/check-lock.js";
import type { Lock } from "./lock/lock.js";
import { explainNote, lockNotes } from "./lock/lock-note.js";
import { explainProblem, type LockProblem } from "./lock/lock-problem.js";
import { type Exported, load } from "./modules.js";
import { projectOf, readLock, shown } from "./project.js";

export const check = command({
  usage: "[module ...] [--lock file] [--json]",
  summary: "compares the classes with the lock of published layouts",
  details: [
    "A published layout that has changed, a version that is gone although a supported release needs",
    "it, versions that do not lead to each other any more, and a version that can never cross are",
    "problems: exit code 1.",
  ],
  options: { lock: LOCK_OPTION, json: JSON_OPTION },
  async run(modules, { lock: path, json }, { cwd, out }) {
    const project = projectOf(cwd, modules, path);
    const lock = readLock(project.lock, cwd, { must: true });
    const exported = await load(project, cwd);
    const problems = checkLock(lock, exported);
    const notes = lockNotes(lock, exported);
    const added = unpublished(lock, exported);
    if (json) out(JSON.stringify({ problems, notes, unpublished: added }, null, 2));
    else if (problems.length > 0) out(complain(problems));
    else
      out(
        [
          `${shown(project.lock, cwd)}: ${praise(lock)}${hint(added)}`,
          ...notes.map(explainNote),
        ].join("\n"),
      );
    return problems.length > 0 ? EXIT.problems : EXIT.fine;
  },
});

/** The text of all problems, and their number. */
export function complain(problems: readonly LockProblem[]): string {
  const count = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
  return [...problems.map(explainProblem), count].join("\n\n");
}

function praise({ structs, releases }: Lock): string {
  const names = Object.keys(releases);
  const layouts = `${structs.length} published ${structs.length === 1 ? "layout is as it was" : "layouts are as they were"}`;
  if (names.length === 0) return layouts;
  return `${layouts}, ${names.join(", ")} can be updated and rolled back to`;
}

function hint(names: readonly string[]): string {
  return names.length === 0 ? "" : `\nnot published yet: ${names.join(", ")}`;
}

/** The versions that are declared and not in the lock, as `family@version`. */
export function unpublished({ structs }: Lock, exported: Exported): readonly string[] {
  const known = new Set(structs.map(({ family, version }) => `${family}@${version}`));
  const names = Array.from(
    everyStruct(exported, () => undefined),
    (struct) => {
      const { family, version } = descriptorOf(struct);
      return `${family}@${version}`;
    },
  );
  return [...new Set(names)].filter((name) => !known.has(name)).sort();
}
