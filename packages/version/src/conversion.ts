import {
  describe,
  type FieldDescriptor,
  type FieldType,
  notation,
  type Sequence,
  type StructClass,
} from "@luo/struct";
import { FamilyError } from "./errors.js";
import { familyOf, related } from "./membership.js";

/** Makes an object of the adjacent version. */
export type Converter = (from: object) => object;

type FieldConverter = (from: Record<string, unknown>) => unknown;

/**
 * Finds out, once and at registration, where each field of `to` comes from: a function that the
 * step gives, or else the field of the same name and type in `from`. References and nested structs
 * whose classes are versions of one family count as the same type and are converted along.
 */
export function planConversion(
  family: string,
  from: StructClass,
  to: StructClass,
  given: object | undefined,
  direction: "upgrade" | "downgrade",
): Converter {
  const source = new Map(describe(from).fields.map((field) => [field.name, field.type]));
  const target = describe(to).fields;
  const functions = new Map<string, FieldConverter>(Object.entries(given ?? {}));
  for (const name of functions.keys()) {
    if (!target.some((field) => field.name === name)) {
      throw new FamilyError(
        family,
        `${direction}.${name} is given, but ${to.name} has no such field`,
      );
    }
  }
  const plan = target.map((field): readonly [string, FieldConverter] => {
    const own = functions.get(field.name);
    return [field.name, own ?? carry(family, from, to, source.get(field.name), field, direction)];
  });
  return (value) => {
    const result = new to() as Record<string, unknown>;
    for (const [name, convert] of plan) result[name] = convert(value as Record<string, unknown>);
    return result;
  };
}

function carry(
  family: string,
  from: StructClass,
  to: StructClass,
  source: FieldType | undefined,
  { name, type }: FieldDescriptor,
  direction: string,
): FieldConverter {
  const remedy = `give ${direction}: { ${name}: (from) => ... }`;
  if (source === undefined) {
    throw new FamilyError(
      family,
      `${to.name}.${name} has no counterpart in ${from.name}; ${remedy}`,
    );
  }
  if (sameType(source, type)) return (value) => value[name];
  const element = elements(source, type);
  if (element !== undefined) return (value) => element(value[name]);
  throw new FamilyError(
    family,
    `${name} is ${notation(source)} in ${from.name} but ${notation(type)} in ${to.name}; ${remedy}`,
  );
}

function sameType(a: FieldType, b: FieldType): boolean {
  if (notation(a) !== notation(b)) return false;
  if (a.kind === "scalar" && b.kind === "scalar") return a.value === b.value;
  if (a.kind === "array" && b.kind === "array") return sameType(a.of, b.of);
  return true;
}

/** Converts structs that are versions of one family, alone or in an array; undefined if they are not. */
function elements(from: FieldType, to: FieldType): ((value: unknown) => unknown) | undefined {
  if ((from.kind === "ref" || from.kind === "struct") && to.kind === from.kind) {
    const [source, target] = [from.of(), to.of()];
    if (!related(source, target)) return undefined;
    const { version } = describe(target);
    const convert = (value: object) => familyOf(target).convert(value, version);
    return to.kind === "struct"
      ? (value) => convert(value as object)
      : (value) => Array.from(value as Sequence<object>, convert);
  }
  if (from.kind === "array" && to.kind === "array" && from.length === to.length) {
    const convert = elements(from.of, to.of);
    return convert && ((value) => (value as unknown[]).map(convert));
  }
  return undefined;
}
