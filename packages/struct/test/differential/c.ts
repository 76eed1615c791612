import type { Endian } from "@luo/struct";
import { SCALARS, type ScalarType } from "../../src/types.js";
import type { Value } from "./luo.js";
import {
  bitsOf,
  everyStruct,
  type Member,
  members,
  type StructSpec,
  type TypeSpec,
  tagOf,
} from "./specs.js";

/** What a C compiler is given: declarations, and constants that hold what is to be compared. */

/** What the C text depends on beside the declaration. */
export interface Dialect {
  /** The byte order of the machine. */
  readonly endian: Endian;
  /** Whether the compiler knows `scalar_storage_order`; bitfields have no other way. */
  readonly storageOrder: boolean;
}

const C_TYPES: Record<string, string> = {
  u8: "unsigned char",
  u16: "unsigned short",
  u32: "unsigned int",
  u64: "unsigned long long",
  i8: "signed char",
  i16: "short",
  i32: "int",
  i64: "long long",
  address: "unsigned long long",
  f32: "float",
  f64: "double",
  bool: "_Bool",
};

const UNSIGNED: Record<number, string> = {
  1: "unsigned char",
  2: "unsigned short",
  4: "unsigned int",
  8: "unsigned long long",
};

const hasBits = (spec: StructSpec) => members(spec).some(({ type }) => bitsOf(type) !== undefined);

/**
 * The byte order that the compiler itself uses for the fields of the struct. Not for structs with a
 * flexible array: whether gcc reverses the elements that are given to it in an initializer depends
 * on what other arrays it has seen.
 */
export function storageOrder(spec: StructSpec, { endian, storageOrder }: Dialect): Endian {
  const reversible = storageOrder && hasBits(spec) && spec.fields.at(-1)?.type.kind !== "flexible";
  return reversible ? (spec.endian ?? endian) : endian;
}

/** Whether the compiler can be asked for the bytes: some cannot reverse the bits of a struct. */
export function canWrite(spec: StructSpec, dialect: Dialect): boolean {
  return everyStruct(spec).every(
    (inner) => !hasBits(inner) || storageOrder(inner, dialect) === (inner.endian ?? dialect.endian),
  );
}

/** Writes C for structs, each of which gets a name. */
export class CWriter {
  readonly #dialect: Dialect;
  readonly #names = new Map<StructSpec, string>();
  readonly #lines: string[] = [];

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  get text(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  /** Declares the struct and those inside it. */
  declare(spec: StructSpec): void {
    for (const inner of everyStruct(spec)) {
      if (!this.#names.has(inner)) this.#declareOne(inner);
    }
  }

  #declareOne(spec: StructSpec): void {
    const name = `${spec.overlay ? "union" : "struct"} s${this.#names.size}`;
    const { endian } = this.#dialect;
    const order = storageOrder(spec, this.#dialect);
    const fields = members(spec).map((member) => {
      const swapped = this.#swapped(spec, member);
      return `  ${this.#declarator(member, swapped)}${attributes(member)};`;
    });
    const extra = order === endian ? [] : [`scalar_storage_order("${order}-endian")`];
    const [keyword, tag] = name.split(" ");
    this.#lines.push(`${keyword}${attributes(spec, extra)} ${tag} {\n${fields.join("\n")}\n};`);
    this.#names.set(spec, name);
  }

  #name(spec: StructSpec): string {
    const name = this.#names.get(spec);
    if (name === undefined) throw new Error("the struct is not declared yet");
    return name;
  }

  #swapped(spec: StructSpec, { endian }: Pick<Member, "endian">): boolean {
    const wanted = endian ?? spec.endian ?? this.#dialect.endian;
    return wanted !== storageOrder(spec, this.#dialect);
  }

  #declarator({ type, name }: Pick<Member, "type" | "name">, swapped: boolean): string {
    switch (type.kind) {
      case "scalar":
        return `${swapped ? UNSIGNED[SCALARS[type.of].size] : cType(type.of)} ${name}`;
      case "enum":
        return `${swapped ? UNSIGNED[SCALARS[type.of].size] : enumType(type.of, type.members)} ${name}`;
      case "bits":
        return `${cType(type.of)} ${name} : ${type.width}`;
      case "char":
        return `char ${name}[${type.length}]`;
      case "bytes":
        return `unsigned char ${name}[${type.length}]`;
      case "array":
        return this.#declarator({ type: type.of, name: `${name}[${type.length}]` }, swapped);
      case "flexible":
        return this.#declarator({ type: type.of, name: `${name}[]` }, swapped);
      case "struct":
        return `${this.#name(type.of)} ${name}`;
      case "union": {
        const variants = type.of.map((spec, index) => `${this.#name(spec)} v${index};`);
        return `union { ${variants.join(" ")} } ${name}`;
      }
      case "reserved": {
        const unnamed = type.of.kind === "bits";
        return this.#declarator({ type: type.of, name: unnamed ? "" : name }, swapped);
      }
    }
  }

  /** Numbers, under a symbol. */
  numbers(symbol: string, spec: StructSpec): void {
    const name = this.#name(spec);
    const offsets = members(spec)
      .filter(({ type }) => bitsOf(type) === undefined)
      .map((member) => `__builtin_offsetof(${name}, ${member.name})`);
    const list = [`sizeof(${name})`, `_Alignof(${name})`, ...offsets];
    this.#lines.push(`const unsigned int ${symbol}[] = { ${list.join(", ")} };`);
  }

  /** The struct with only one bitfield, all of whose bits are set. */
  ones(symbol: string, spec: StructSpec, { name }: Member): void {
    this.#lines.push(`const ${this.#name(spec)} ${symbol} = { .${name} = -1 };`);
  }

  value(symbol: string, spec: StructSpec, value: Value): void {
    this.#lines.push(`const ${this.#name(spec)} ${symbol} = ${this.#struct(spec, value)};`);
  }

  #struct(spec: StructSpec, value: Value): string {
    const fields = members(spec).flatMap((member) => {
      const { type, name, helper } = member;
      if (type.kind === "reserved") return [];
      const item = value[name];
      if (type.kind === "union") {
        const index = type.of.findIndex((_, k) => tagOf(k) === Number(value[helper]));
        const chosen = this.#struct(type.of[index] as StructSpec, item as Value);
        return [`.${name} = { .v${index} = ${chosen} }`];
      }
      return [`.${name} = ${this.#constant(type, item, this.#swapped(spec, member))}`];
    });
    return `{ ${fields.join(", ")} }`;
  }

  #constant(type: TypeSpec, value: unknown, swapped: boolean): string {
    switch (type.kind) {
      case "scalar":
        return scalar(SCALARS[type.of], value, swapped);
      case "enum": {
        const number = type.members.find((n) => value === (type.text ? `e${n}` : n));
        return scalar(SCALARS[type.of], number, swapped);
      }
      case "bits":
        return `${BigInt.asUintN(64, BigInt(value as bigint))}ULL`;
      case "char":
        return `{ ${[...Buffer.from(value as string), 0].slice(0, type.length).join(", ")} }`;
      case "bytes":
        return `{ ${[...(value as Uint8Array)].join(", ")} }`;
      case "array":
      case "flexible": {
        const items = (value as unknown[]).map((item) => this.#constant(type.of, item, swapped));
        return `{ ${items.join(", ")} }`;
      }
      case "struct":
        return this.#struct(type.of, value as Value);
      default:
        throw new TypeError(`${type.kind} has no constant`);
    }
  }
}

function attributes(
  { packed, align }: { readonly packed: boolean; readonly align: number | null },
  extra: readonly string[] = [],
): string {
  const list = [
    ...(packed ? ["packed"] : []),
    ...(align === null ? [] : [`aligned(${align})`]),
    ...extra,
  ];
  return list.length === 0 ? "" : ` __attribute__((${list.join(", ")}))`;
}

function cType(name: keyof typeof SCALARS): string {
  return C_TYPES[SCALARS[name].name] ?? name;
}

let enums = 0;

/** An enum of just that size: the smallest for its members, which include the ends of the range. */
function enumType(of: keyof typeof SCALARS, numbers: readonly number[]): string {
  const { size, bounds = [0, 0] }: ScalarType = SCALARS[of];
  const id = enums++;
  const list = [...new Set([...bounds.map(Number), ...numbers])];
  const constants = list.map((number, index) => `e${id}_${index} = ${cNumber(number)}`);
  return `enum${size < 4 ? " __attribute__((packed))" : ""} { ${constants.join(", ")} }`;
}

const cNumber = (number: number) => (number === -(2 ** 31) ? "(-2147483647 - 1)" : `${number}`);

function scalar(type: ScalarType, value: unknown, swapped: boolean): string {
  const { size, bounds, name } = type;
  if (name === "bool") return value ? "1" : "0";
  if (bounds === undefined && !swapped) return float(name, value as number);
  const swap = swapped && size > 1 ? `__builtin_bswap${size * 8}` : "";
  return `${swap}(0x${bitsIn(type, value).toString(16)}ULL)`;
}

function bitsIn({ size, bounds, name }: ScalarType, value: unknown): bigint {
  if (bounds !== undefined) return BigInt.asUintN(size * 8, BigInt(value as number));
  const view = new DataView(new ArrayBuffer(8));
  if (name === "f64") view.setFloat64(0, value as number);
  else view.setFloat32(4, value as number);
  return view.getBigUint64(0);
}

function float(name: string, value: number): string {
  const suffix = name === "f32" ? "f" : "";
  if (Number.isNaN(value)) return `__builtin_nan${suffix}("")`;
  if (!Number.isFinite(value)) return `${value < 0 ? "-" : ""}__builtin_inf${suffix}()`;
  return `${Object.is(value, -0) ? "-" : ""}${value.toExponential()}`;
}
