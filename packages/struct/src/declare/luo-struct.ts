import { DeclarationError, show } from "../errors.js";
import type { StructClass } from "../types.js";
import { checkAlign, checkCycles, checkFields, checkUnionKeys } from "./declaration.js";
import {
  addField,
  addStruct,
  type FieldDescriptor,
  fieldsOf,
  type StructOptions,
  transientOf,
} from "./registry.js";

/** The names of families: words, because notations refer to structs as `family@version`. */
export const FAMILY = /^[\p{L}\p{N}_$./-]+$/u;

/**
 * Makes a class a struct: its annotated fields, in the order of declaration, get the layout of the C
 * ABI. The fields of a base class come first. A derived class may redeclare an inherited field with
 * other classes of nested structs, such as newer versions; the field keeps its place.
 *
 * @param version the version within the family, 0 to 2^32 - 1
 * @throws {DeclarationError} naming class and field, when the annotations have no layout
 */
export function LuoStruct(version: number, options: StructOptions = {}) {
  if (typeof version === "function") {
    throw new DeclarationError(show(version), undefined, "has no version; write @LuoStruct(0)");
  }
  return <C extends StructClass>(target: C, context?: ClassDecoratorContext<C>): void => {
    const { name } = target;
    if (!Number.isInteger(version) || version < 0 || version > 0xffff_ffff) {
      throw new DeclarationError(
        name,
        undefined,
        `the version is ${show(version)}, expected an integer from 0 to 4294967295`,
      );
    }
    const family = options.family ?? name.replace(/V\d+$/, "");
    if (!FAMILY.test(family)) {
      const problem = `the family is ${show(family)}, expected letters, digits and any of _ $ . / -; say { family: "..." }`;
      throw new DeclarationError(name, undefined, problem);
    }
    if (options.align !== undefined) checkAlign(name, options.align);
    const owner = typeof context === "object" ? context.metadata : target.prototype;
    const fields = fieldsOf(owner, name);
    checkFields(name, fields);
    checkUnionKeys(name, fields);
    const transient = transientOf(owner);
    for (const { name: field } of fields) {
      if (!transient.has(field)) continue;
      const problem = "is a field and @transient, which says that it is none; remove one";
      throw new DeclarationError(name, field, problem);
    }
    addStruct({ struct: target, name, version, family, fields, transient, options });
    checkCycles(target);
  };
}

/**
 * Makes a struct class from descriptors of its fields, for tools that have no class in a source.
 *
 * @throws {DeclarationError} as `@LuoStruct` does, and when `name` cannot name a struct
 */
export function defineStruct(
  name: string,
  version: number,
  fields: readonly FieldDescriptor[],
  options: StructOptions = {},
): StructClass<Record<string, unknown>> {
  const made = { [name]: class {} as StructClass<Record<string, unknown>> }[name];
  if (made === undefined) throw new DeclarationError(name, undefined, "is no name for a struct");
  for (const descriptor of fields) addField(made.prototype, name, descriptor);
  LuoStruct(version, options)(made);
  return made;
}
