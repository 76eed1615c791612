import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MAX_PROGRAM, type Program, parseProgram } from "@luo/orchestrator";

/** A package.json that is longer than this, in bytes, is passed over. */
const LONGEST = 1 << 20;

/**
 * Names this program as the nearest package.json above its main module does, from the file that links
 * lead to. One that is damaged, or has no name, is passed over. Without any, the program has the name
 * of its main module, and no version.
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

/** The name of a file, as a program may be called. */
function shown(name: string): string {
  const text = name.replaceAll(/\p{C}/gu, "?");
  let length = Math.min(text.length, MAX_PROGRAM.name);
  while (Buffer.byteLength(text.slice(0, length)) > MAX_PROGRAM.name) length--;
  return text.slice(0, length) || "node";
}

/** The path that the program was started from; that of Node where there is none, as with `node --eval`. */
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
    // There is none, it cannot be read, or it says no name.
    return undefined;
  }
}
