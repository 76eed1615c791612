import type { Manifest } from "@luo/version";
import type { Lock } from "./lock.js";

/** Writes a manifest as text with a line for each family, so that changes are easy to review. */
export function formatManifest(manifest: Manifest): string {
  return `${manifestText(manifest, "")}\n`;
}

/** Writes a lock as text with a line for each field and for each family of a release. */
export function formatLock({ format, structs, releases }: Lock): string {
  const layouts = structs.map(
    ({ fields, ...struct }) =>
      `${line(struct).slice(0, -2)}, "fields": ${lines("[", fields.map(line), "]", "    ")} }`,
  );
  const manifests = Object.entries(releases).map(
    ([name, manifest]) => `${JSON.stringify(name)}: ${manifestText(manifest, "    ")}`,
  );
  const members = [
    `"format": ${format}`,
    `"structs": ${lines("[", layouts, "]", "  ")}`,
    `"releases": ${lines("{", manifests, "}", "  ")}`,
  ];
  return `${lines("{", members, "}", "")}\n`;
}

function manifestText({ format, families }: Manifest, indent: string): string {
  const entries = Object.entries(families).map(
    ([family, entry]) => `${JSON.stringify(family)}: ${line(entry)}`,
  );
  const members = [`"format": ${format}`, `"families": ${lines("{", entries, "}", `${indent}  `)}`];
  return lines("{", members, "}", indent);
}

/** An object or a list with a line for each item. */
function lines(open: string, items: readonly string[], close: string, indent: string): string {
  if (items.length === 0) return open + close;
  return `${open}\n${items.map((item) => `${indent}  ${item}`).join(",\n")}\n${indent}${close}`;
}

/** JSON on one line. */
function line(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(line).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, of]) => `${JSON.stringify(name)}: ${line(of)}`);
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}
