import { writeFileSync } from "node:fs";
import { complain, unpublished } from "./check.js";
import { command, EXIT, JSON_OPTION, LOCK_OPTION } from "./command.js";
import { UsageError } from "./errors.js";
import { checkLock } from "./lock/check-lock.js";
import { formatLock } from "./lock/format.js";
import { LockError, publish as published } from "./lock/lock.js";
import { load } from "./modules.js";
import { projectOf, readLock, shown } from "./project.js";

export const publish = command({
  usage: "[module ...] [--release name] [--lock file] [--json]",
  summary: "adds new versions, and a release, to the lock",
  details: [
    "Nothing that is in the lock changes, and nothing is added while luo check has problems. A release",
    "is supported while it is in the lock: take it out by hand when its support ends.",
  ],
  options: {
    release: { type: "string", value: "name", help: "add the manifest under this name" },
    lock: LOCK_OPTION,
    json: JSON_OPTION,
  },
  async run(modules, { release, lock: path, json }, { cwd, out }) {
    if (release === "")
      throw new UsageError({ found: "--release needs a name", do: "say --release <name>" });
    const project = projectOf(cwd, modules, path);
    const lock = readLock(project.lock, cwd, { must: false });
    const exported = await load(project, cwd);
    const problems = checkLock(lock, exported);
    if (problems.length > 0) {
      out(json ? JSON.stringify({ problems }, null, 2) : complain(problems));
      return EXIT.problems;
    }
    const added = unpublished(lock, exported);
    const next = attempt(() => published(lock, exported, release));
    writeFileSync(project.lock, formatLock(next));
    const news = [...added, ...(release === undefined ? [] : [`release ${release}`])];
    if (json) out(JSON.stringify({ published: added, release }, null, 2));
    else out(`${shown(project.lock, cwd)}: ${news.length > 0 ? news.join(", ") : "nothing new"}`);
    return EXIT.fine;
  },
});

function attempt<T>(add: () => T): T {
  try {
    return add();
  } catch (cause) {
    if (cause instanceof LockError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}
