import { existsSync, readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";

/** The source file of a class, from the source map of its compiled module; undefined when none tells it. */
export function sourceOf(module: string, name: string): string | undefined {
  const map = `${module}.map`;
  if (!existsSync(map)) return undefined;
  let sources: readonly unknown[];
  let root = "";
  try {
    ({ sources, sourceRoot: root = "" } = JSON.parse(readFileSync(map, "utf8")));
  } catch {
    return undefined;
  }
  return sources
    .map((source) => resolve(dirname(map), root, String(source)))
    .find((source) => existsSync(source) && declares(readFileSync(source, "utf8"), name));
}

/** True when a source declares a class of this name. */
export function declares(source: string, name: string): boolean {
  return classNamed(name).test(source);
}

/**
 * The name of the enum in the annotation of a field, as a source has it. One of these classes declares
 * the field; undefined when the source has no such class.
 */
export function enumNameIn(
  source: string,
  classes: readonly string[],
  field: string,
): string | undefined {
  const annotated = new RegExp(
    `\\benumeration\\(\\s*[\\w$.]+\\s*,\\s*([\\p{L}_$][\\w$.]*)\\s*\\)(?:(?!enumeration\\()[^;=])*?[\\s"']${escaped(field)}["']?\\s*[!?:=;]`,
    "u",
  );
  for (const name of classes) {
    const start = source.search(classNamed(name));
    if (start < 0) continue;
    const [body = ""] = source.slice(start + 1).split(/\bclass\s+[\w$]+[^;]*?\{/, 1);
    const found = annotated.exec(body)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}

function classNamed(name: string): RegExp {
  return new RegExp(`\\bclass\\s+${escaped(name)}(?![\\w$])`);
}

const escaped = (text: string) => text.replace(/[$\\^.*+?()[\]{}|]/g, "\\$&");
