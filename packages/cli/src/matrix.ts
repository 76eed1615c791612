import { readFileSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { ArgumentError } from "@luo/struct";
import { type Manifest, parseManifest } from "@luo/version";
import { command, EXIT, JSON_OPTION, LOCK_OPTION } from "./command.js";
import { compatibility } from "./compatibility/compatibility.js";
import { compatibilitySvg } from "./compatibility/compatibility-svg.js";
import { compatibilityTable } from "./compatibility/compatibility-table.js";
import { reasonOf, UsageError } from "./errors.js";
import { projectOf, readLock, shown } from "./project.js";

export const matrix = command({
  usage: "[manifest.json ...] [--svg file] [--lock file] [--json]",
  summary: "tells which release can be updated to which",
  details: [
    "Releases are named after their files. Without files, the releases of the lock are shown.",
  ],
  options: {
    svg: { type: "string", value: "file", help: "write a picture as well" },
    lock: LOCK_OPTION,
    json: JSON_OPTION,
  },
  run(files, { svg, lock, json }, { cwd, out }) {
    const releases =
      files.length > 0
        ? files.map((file) => [basename(file, ".json"), read(file, cwd)] as const)
        : released(cwd, lock);
    const found = attempt(() => compatibility(releases));
    if (svg !== undefined) writeFileSync(resolve(cwd, svg), compatibilitySvg(found));
    out(json ? JSON.stringify(found, null, 2) : compatibilityTable(found));
    return EXIT.fine;
  },
});

function released(cwd: string, lock: string | undefined): readonly (readonly [string, Manifest])[] {
  const path = projectOf(cwd, [], lock).lock;
  const releases = Object.entries(readLock(path, cwd, { must: true }).releases);
  if (releases.length > 0) return releases;
  throw new UsageError({
    found: `${shown(path, cwd)} has no release`,
    do: "give manifests as arguments, or luo publish --release <name>",
  });
}

function read(file: string, cwd: string): Manifest {
  try {
    return parseManifest(readFileSync(resolve(cwd, file), "utf8"));
  } catch (cause) {
    throw new UsageError(`${file}: ${reasonOf(cause)}`, { cause });
  }
}

function attempt<T>(compare: () => T): T {
  try {
    return compare();
  } catch (cause) {
    if (cause instanceof ArgumentError) throw new UsageError(cause.message, { cause });
    throw cause;
  }
}
