import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MAX_PROGRAM, type Program, parseProgram } from "@luo/orchestrator";

/** The most bytes of a package.json; a longer one is passed over. */
const LONGEST = 1 << 20;

/**
 * Gives the name and version in the nearest package.json above the main module; symbolic links to
 * the module are followed first. A package.json that is damaged or has no name is passed over.
 * Without one, the program has the name of its main module, and no version.
 */
export function thisProgram(): Program {
  const main = mainModule();
  // The main module itself may be a folder, as with `node .`.
  for (let folder = main; ; folder = dirname(folder)) {
    const program = named(join(folder, "package.json"));
    if (program !== undefined) return program;
    if (folder === dirname(folder)) return { name: shown(basename(main)), version: "" };
  }
}

/** Makes the name of a file fit for a program: without control characters, and short enough. */
function shown(name: string): string {
  const text = name.replaceAll(/\p{C}/gu, "?");
  let length = Math.min(text.length, MAX_PROGRAM.name);
  while (Buffer.byteLength(text.slice(0, length)) > MAX_PROGRAM.name) length--;
  return text.slice(0, length) || "node";
}

/** Gives the path of the main module; that of Node where there is none, as with `node --eval`. */
function mainModule(): string {
  const [node = "node", main = node] = process.argv;
  try {
    return realpathSync(main);
  } catch {
    return main;
  }
}

function named(path: string): Program | undefined {
  try {
    const found = statSync(path);
    if (!found.isFile() || found.size > LONGEST) return undefined;
    const { name, version = "" } = JSON.parse(readFileSync(path, "utf8"));
    return parseProgram({ name, version });
  } catch {
    // There is no such file, it cannot be read, or it has no valid name.
    return undefined;
  }
}
