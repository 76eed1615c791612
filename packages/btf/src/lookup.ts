import { BtfError } from "./errors.js";
import { unmodified } from "./resolve.js";
import type { Btf, BtfComposite } from "./types.js";

/** A struct or union and its id. */
export interface Found {
  readonly typeId: number;
  readonly type: BtfComposite;
}

/**
 * Finds a struct or union by its name, the name of a typedef, or its id.
 *
 * @throws {BtfError} when there is none, or more than one
 */
export function findStruct(btf: Btf, target: string | number): Found {
  const found = typeof target === "number" ? byId(btf, target) : byName(btf, target);
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) return first;
  const ids = found.map(({ typeId }) => typeId);
  const shown = JSON.stringify(target);
  if (first === undefined) {
    const what = `no struct or union ${shown}`;
    const advice = "look for the name in `types`; the kernel may be built without it";
    throw new BtfError("LUO_BTF_NAME", {}, what, "one that is defined", advice);
  }
  const what = `${found.length} structs and unions named ${shown}`;
  throw new BtfError("LUO_BTF_NAME", {}, what, "one", `give its id: one of ${ids.join(", ")}`);
}

function byId(btf: Btf, id: number): Found[] {
  const found = asStruct(btf, id);
  return found === undefined ? [] : [found];
}

function byName(btf: Btf, wanted: string): Found[] {
  const typedefs = new Map<number, Found>();
  const tags: Found[] = [];
  for (const [id, { kind, name }] of btf.types.entries()) {
    if (name !== wanted || name === "") continue;
    const found = asStruct(btf, id);
    if (found === undefined) continue;
    if (kind === "typedef") typedefs.set(found.typeId, found);
    else tags.push(found);
  }
  // A tag and a typedef may have the same name in C. The tag wins, as the struct's own name.
  return tags.length > 0 ? tags : [...typedefs.values()];
}

function asStruct(btf: Btf, typeId: number): Found | undefined {
  if (btf.types[typeId] === undefined) return undefined;
  const { id, type } = unmodified(btf, typeId);
  return type.kind === "struct" || type.kind === "union" ? { typeId: id, type } : undefined;
}
