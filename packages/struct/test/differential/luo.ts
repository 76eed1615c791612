import {
  ABIS,
  type Abi,
  defineStruct,
  type FieldType,
  layoutOf,
  type StructClass,
  sizeOf,
} from "@luo/struct";
import { SCALARS, type ScalarType } from "../../src/types.js";
import {
  type Case,
  everyStruct,
  type Member,
  members,
  type StructSpec,
  type TypeSpec,
  tagOf,
} from "./specs.js";

/** What luo is given: the struct, and values for it. */

export type Value = Record<string, unknown>;
type Defined = StructClass<Value>;

const defined = new WeakMap<StructSpec, Defined>();
let names = 0;

/** The struct that a declaration describes. */
export function define(spec: StructSpec): Defined {
  const known = defined.get(spec);
  if (known !== undefined) return known;
  const fields = members(spec).map((member) => ({
    name: member.name,
    type: typeOf(member.type, member.helper),
    ...(member.align === null ? {} : { align: member.align }),
    ...(member.packed ? { packed: true } : {}),
    ...(member.endian === null ? {} : { endian: member.endian }),
  }));
  const { packed, overlay } = spec;
  const options = {
    packed,
    overlay,
    ...(spec.align === null ? {} : { align: spec.align }),
    ...(spec.endian === null ? {} : { endian: spec.endian }),
  };
  const made = defineStruct(`S${names++}`, 0, fields, options);
  defined.set(spec, made);
  return made;
}

function typeOf(type: TypeSpec, helper: string): FieldType {
  switch (type.kind) {
    case "scalar":
      return SCALARS[type.of];
    case "enum": {
      const values = type.members.map((n) => [n, type.text ? `e${n}` : n] as const);
      return { kind: "enum", of: SCALARS[type.of], members: new Map(values) };
    }
    case "bits":
      return { kind: "bits", of: SCALARS[type.of], width: type.width };
    case "char":
    case "bytes":
      return type;
    case "array":
      return { kind: "array", of: typeOf(type.of, ""), length: type.length };
    case "flexible": {
      const count = type.count === null ? undefined : helper;
      return { kind: "flexible", of: typeOf(type.of, ""), count };
    }
    case "struct":
      return { kind: "struct", of: () => define(type.of) };
    case "union": {
      const variants = type.of.map((spec, index) => [tagOf(index), define(spec)] as const);
      return { kind: "union", discriminator: helper, of: () => Object.fromEntries(variants) };
    }
    case "reserved":
      return { kind: "reserved", of: typeOf(type.of, ""), checked: type.checked };
  }
}

/** True when luo has a codec: all bytes have a value, and padding cannot pass for elements. */
export function hasCodec(spec: StructSpec, abi: Abi = ABIS["x86-64"]): boolean {
  if (!hasValues(spec)) return false;
  const { fields, size } = layoutOf(define(spec), abi);
  const tail = fields.at(-1);
  if (tail?.type.kind !== "flexible" || tail.type.count !== undefined) return true;
  return sizeOf(tail.type.of, abi) > size - tail.offset;
}

/** Whether the struct has values: nothing tells which field of a C union holds. */
function hasValues(spec: StructSpec): boolean {
  const valued = (type: TypeSpec): boolean => {
    if (type.kind === "struct") return hasValues(type.of);
    if (type.kind === "union") return type.of.every(hasValues);
    return type.kind === "array" || type.kind === "flexible" ? valued(type.of) : true;
  };
  return !spec.overlay && spec.fields.every(({ type }) => valued(type));
}

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Values for the struct; the first has every number at its end of the range more often. */
export function valuesOf({ struct, seed }: Case, count: number): Value[] {
  return Array.from({ length: count }, (_, index) =>
    structValue(struct, randomOf(seed + index * 7919)),
  );
}

function structValue(spec: StructSpec, random: () => number): Value {
  const value: Value = {};
  for (const member of members(spec)) {
    if (member.type.kind !== "reserved") setValue(spec, member, value, random);
  }
  return value;
}

function setValue(spec: StructSpec, member: Member, value: Value, random: () => number): void {
  const { type, name, helper } = member;
  if (type.kind === "union") {
    const index = Math.floor(random() * type.of.length);
    value[helper] = numberFor(type.tag, tagOf(index));
    value[name] = structValue(type.of[index] as StructSpec, random);
  } else if (type.kind === "flexible") {
    const length = type.count === null ? uncounted(spec, type.of) : Math.floor(random() * 4);
    if (type.count !== null) value[helper] = numberFor({ kind: "scalar", of: type.count }, length);
    value[name] = Array.from({ length }, () => fieldValue(type.of, random));
  } else value[name] = fieldValue(type, random);
}

/** So many elements reach to the end of the struct in every ABI: reading takes all that fit. */
function uncounted(spec: StructSpec, of: TypeSpec): number {
  const needed = Object.values<Abi>(ABIS).map((abi) => {
    const { size, fields } = layoutOf(define(spec), abi);
    return Math.ceil((size - (fields.at(-1)?.offset ?? 0)) / sizeOf(typeOf(of, ""), abi));
  });
  return Math.max(...needed);
}

function numberFor(type: TypeSpec, number: number): number | bigint {
  const of = type.kind === "scalar" || type.kind === "bits" ? SCALARS[type.of] : undefined;
  return of?.value === "bigint" ? BigInt(number) : number;
}

function fieldValue(type: TypeSpec, random: () => number): unknown {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  switch (type.kind) {
    case "scalar":
      return scalarValue(SCALARS[type.of], random);
    case "enum": {
      const number = pick(type.members);
      return type.text ? `e${number}` : number;
    }
    case "bits": {
      const of: ScalarType = SCALARS[type.of];
      if (of.value === "boolean") return random() < 0.5;
      const width = BigInt(type.width);
      const raw = pick([0n, 2n ** width - 1n, 2n ** (width - 1n), bigintOf(random)]);
      const signed = of.name.startsWith("i");
      const value = signed ? BigInt.asIntN(type.width, raw) : BigInt.asUintN(type.width, raw);
      return of.value === "bigint" ? value : Number(value);
    }
    case "char": {
      const most = type.terminated ? type.length - 1 : type.length;
      const letters = ["a", "Z", " ", "\u007f", "ö", "€", "𝄞"];
      let text = "";
      for (let tries = Math.floor(random() * 24); tries > 0; tries--) {
        const longer = text + pick(letters);
        if (Buffer.byteLength(longer) <= most) text = longer;
      }
      return text;
    }
    case "bytes":
      return Uint8Array.from({ length: type.length }, () => Math.floor(random() * 256));
    case "array":
      return Array.from({ length: type.length }, () => fieldValue(type.of, random));
    case "struct":
      return structValue(type.of, random);
    default:
      throw new TypeError(`${type.kind} has no value of its own`);
  }
}

const bigintOf = (random: () => number) =>
  (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32));

const DOUBLES = [0, -0, 1.5, -1, Math.PI, 1e300, 5e-324, Number.NaN, Infinity, -Infinity];

function scalarValue(type: ScalarType, random: () => number): unknown {
  const { name, value, bounds } = type;
  if (value === "boolean") return random() < 0.5;
  if (bounds === undefined) {
    const special = DOUBLES[Math.floor(random() * DOUBLES.length * 2)];
    const double = special ?? (random() - 0.5) * 2 ** Math.floor(random() * 200 - 100);
    if (name === "f64") return double;
    return Math.fround(Math.abs(double) > 1e38 && Number.isFinite(double) ? 1e38 : double);
  }
  const [low, high] = [BigInt(bounds[0]), BigInt(bounds[1])];
  const choice = random();
  const number =
    choice < 0.2 ? low : choice < 0.4 ? high : low + (bigintOf(random) % (high - low + 1n));
  return value === "bigint" ? number : Number(number);
}

/** The declaration as luo has it, for a report. */
export function luoSource({ struct }: Case): string {
  const all = everyStruct(struct);
  const name = (spec: StructSpec) => `S${all.indexOf(spec)}`;
  return all
    .map((spec) => {
      const replacer = (key: string, value: unknown) =>
        all.includes(value as StructSpec) && value !== spec
          ? name(value as StructSpec)
          : value === null || (value === false && key !== "checked")
            ? undefined
            : value;
      const { fields, ...options } = spec;
      const lines = members(spec).map(
        ({ helper, ...member }) => `  ${JSON.stringify(member, replacer)},`,
      );
      return `${name(spec)} ${JSON.stringify(options, replacer)}\n${lines.join("\n")}`;
    })
    .join("\n");
}
