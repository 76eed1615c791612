import type { Endian } from "@luo/struct";
import * as fc from "fast-check";
import { SCALARS, type ScalarType } from "../../src/types.js";

/** Declarations as plain data: what luo and the C compilers are both given. */

type ScalarName = keyof typeof SCALARS;

export type TypeSpec =
  | { readonly kind: "scalar"; readonly of: ScalarName }
  | {
      readonly kind: "enum";
      readonly of: ScalarName;
      readonly members: readonly number[];
      /** Whether the program's values are text. */
      readonly text: boolean;
    }
  | { readonly kind: "bits"; readonly of: ScalarName; readonly width: number }
  | { readonly kind: "char"; readonly length: number; readonly terminated: boolean }
  | { readonly kind: "bytes"; readonly length: number }
  | { readonly kind: "array"; readonly of: TypeSpec; readonly length: number }
  | { readonly kind: "struct"; readonly of: StructSpec }
  /** Preceded by the field that tells the structs apart. */
  | { readonly kind: "union"; readonly tag: TypeSpec; readonly of: readonly StructSpec[] }
  /** Preceded by the field that counts its elements, if there is one. */
  | { readonly kind: "flexible"; readonly of: TypeSpec; readonly count: ScalarName | null }
  | { readonly kind: "reserved"; readonly of: TypeSpec; readonly checked: boolean };

interface FieldSpec {
  readonly type: TypeSpec;
  readonly align: number | null;
  readonly packed: boolean;
  readonly endian: Endian | null;
}

export interface StructSpec {
  readonly fields: readonly FieldSpec[];
  readonly packed: boolean;
  readonly align: number | null;
  readonly endian: Endian | null;
  /** A C union. */
  readonly overlay: boolean;
}

export interface Case {
  readonly struct: StructSpec;
  /** Of the values. */
  readonly seed: number;
}

/** A field as both sides declare it. */
export interface Member extends FieldSpec {
  readonly name: string;
  /** The name of the field that tells or counts. */
  readonly helper: string;
}

/** The fields with their names, and those that tell structs of a union apart or count elements. */
export function members({ fields }: StructSpec): Member[] {
  return fields.flatMap((field, index) => {
    const { type } = field;
    const helper = `h${index}`;
    const member = { ...field, name: `f${index}`, helper };
    const counter = type.kind === "flexible" && type.count !== null ? type.count : undefined;
    const help: TypeSpec | undefined =
      type.kind === "union" ? type.tag : counter && { kind: "scalar", of: counter };
    if (help === undefined) return [member];
    return [{ ...PLAIN, type: help, name: helper, helper: "" }, member];
  });
}

const PLAIN = { align: null, packed: false, endian: null } as const;

/** The number in memory that tells the struct at `index` of a union. */
export const tagOf = (index: number) => index * 3 + 1;

/** The bitfield that a type is, with a name or without. */
export function bitsOf(type: TypeSpec) {
  if (type.kind === "bits") return type;
  return type.kind === "reserved" && type.of.kind === "bits" ? type.of : undefined;
}

/** The structs directly inside a type. */
function inside(type: TypeSpec): readonly StructSpec[] {
  if (type.kind === "struct") return [type.of];
  if (type.kind === "union") return type.of;
  return "of" in type && typeof type.of === "object" ? inside(type.of as TypeSpec) : [];
}

/** The struct and all inside it, the innermost first. */
export function everyStruct(struct: StructSpec): StructSpec[] {
  const inner = struct.fields.flatMap(({ type }) => inside(type).flatMap(everyStruct));
  return [...inner, struct];
}

// What is generated.

const NAMES = Object.keys(SCALARS) as ScalarName[];
const INTEGERS = NAMES.filter((name) => "bounds" in SCALARS[name] && name !== "address");
const SMALL = INTEGERS.filter((name) => SCALARS[name].size <= 4);
const aligns = fc.constantFrom(1, 2, 4, 8, 16, 32, 64);
const endians = fc.constantFrom<Endian>("little", "big");
const rarely = <T>(arbitrary: fc.Arbitrary<T>, weight = 6) =>
  fc.oneof({ arbitrary: fc.constant(null), weight }, { arbitrary, weight: 1 });
const flag = (weight: number) =>
  fc.oneof({ arbitrary: fc.constant(false), weight }, { arbitrary: fc.constant(true), weight: 1 });

const scalar = fc.constantFrom(...NAMES).map((of): TypeSpec => ({ kind: "scalar", of }));

const enumeration = fc.constantFrom(...SMALL).chain((of) => {
  const { bounds = [0, 0] }: ScalarType = SCALARS[of];
  const [min, max] = [Number(bounds[0]), Number(bounds[1])];
  const numbers = fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 4 });
  return fc
    .record({ members: numbers, text: fc.boolean() })
    .map((rest): TypeSpec => ({ kind: "enum", of, ...rest }));
});

const bits = (least: number) =>
  fc.constantFrom<ScalarName>(...INTEGERS, "bool").chain((of) => {
    const { size, value } = SCALARS[of];
    const most = value === "boolean" ? 1 : value === "number" && size === 8 ? 53 : size * 8;
    return fc
      .integer({ min: least, max: most })
      .map((width) => ({ kind: "bits", of, width }) as const);
  });

const char = fc
  .record({ length: fc.integer({ min: 2, max: 20 }), terminated: fc.boolean() })
  .map((rest): TypeSpec => ({ kind: "char", ...rest }));

const bytes = fc
  .integer({ min: 1, max: 20 })
  .map((length): TypeSpec => ({ kind: "bytes", length }));

const array = (of: fc.Arbitrary<TypeSpec>, dimensions = 3): fc.Arbitrary<TypeSpec> => {
  const inner =
    dimensions === 1
      ? of
      : fc.oneof({ arbitrary: of, weight: 3 }, { arbitrary: array(of, dimensions - 1), weight: 1 });
  return fc
    .record({ of: inner, length: fc.integer({ min: 1, max: 4 }) })
    .map((rest) => ({ kind: "array", ...rest }));
};

const reserved = (of: fc.Arbitrary<TypeSpec>) =>
  fc.record({ of, checked: fc.boolean() }).map((rest): TypeSpec => ({ kind: "reserved", ...rest }));

const simple = fc.oneof(scalar, scalar, scalar, enumeration, char, bytes);

function hasByteOrder(type: TypeSpec): boolean {
  if (type.kind === "array" || type.kind === "flexible") return hasByteOrder(type.of);
  return type.kind === "scalar" || type.kind === "enum";
}

const fieldOf = (type: fc.Arbitrary<TypeSpec>): fc.Arbitrary<FieldSpec> =>
  fc
    .record({ type, align: rarely(aligns), packed: flag(6), endian: rarely(endians) })
    .map((field) => (hasByteOrder(field.type) ? field : { ...field, endian: null }));

const struct = (of: StructSpec): TypeSpec => ({ kind: "struct", of });

/** The types of fields, with structs up to so many levels inside. */
function types(depth: number, overlay: boolean): fc.Arbitrary<TypeSpec> {
  const inner = depth > 0 ? structs(depth - 1, false).map(struct) : undefined;
  const overlays = depth > 0 ? [structs(depth - 1, true).map(struct)] : [];
  const element = inner === undefined ? simple : fc.oneof(simple, simple, inner);
  const told =
    inner === undefined || overlay
      ? []
      : [
          fc
            .record({
              tag: fc.oneof(
                fc
                  .constantFrom<ScalarName>("u32", "u32", "u8", "i16", "u64", "i64Number")
                  .map((of): TypeSpec => ({ kind: "scalar", of })),
                fc.constant<TypeSpec>({ kind: "bits", of: "u32", width: 5 }),
                fc.constant<TypeSpec>({ kind: "bits", of: "i64", width: 5 }),
              ),
              of: fc.array(structs(depth - 1, false), { minLength: 1, maxLength: 3 }),
            })
            .map((rest): TypeSpec => ({ kind: "union", ...rest })),
        ];
  const composed = inner ? [inner, inner, reserved(inner), ...told, ...told] : [];
  return fc.oneof(
    { arbitrary: scalar, weight: 8 },
    { arbitrary: bits(1), weight: 14 },
    { arbitrary: simple, weight: 3 },
    { arbitrary: reserved(bits(0)), weight: 3 },
    { arbitrary: reserved(bits(0).map(({ of }) => ({ kind: "bits", of, width: 0 }))), weight: 1 },
    { arbitrary: reserved(simple), weight: 1 },
    { arbitrary: array(element), weight: 3 },
    ...[...composed, ...overlays].map((arbitrary) => ({ arbitrary, weight: 1 })),
  );
}

const isNamed = ({ type }: FieldSpec) => type.kind !== "reserved";

/**
 * Without a field that has a name, C does not define the struct; such are not generated. Nor are
 * fields behind a flexible array.
 */
function structs(depth: number, overlay: boolean): fc.Arbitrary<StructSpec> {
  return fc.record({
    fields: fc
      .array(fieldOf(types(depth, overlay)), { minLength: 1, maxLength: 8 })
      .filter((fields) => fields.some(isNamed)),
    packed: flag(4),
    align: rarely(aligns),
    endian: rarely(endians),
    overlay: fc.constant(overlay),
  });
}

const flexible = fieldOf(
  fc
    .record({
      of: fc.oneof(simple, array(simple), structs(1, false).map(struct)),
      count: fc.option(fc.constantFrom<ScalarName>("u32", "u8", "u64", "i16", "u64Number")),
    })
    .map((rest) => ({ kind: "flexible", ...rest })),
);

const outermost = fc
  .tuple(
    fc.oneof(
      { arbitrary: structs(2, false), weight: 19 },
      { arbitrary: structs(1, true), weight: 1 },
    ),
    rarely(flexible, 4),
  )
  .map(([spec, tail]) =>
    tail === null || spec.overlay ? spec : { ...spec, fields: [...spec.fields, tail] },
  );

export const cases: fc.Arbitrary<Case> = fc.record({
  struct: outermost,
  seed: fc.noShrink(fc.nat()),
});
