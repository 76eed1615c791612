import type { Abi, Endian } from "./abi.js";
import { bitUnit, readBits, writeBits } from "./bits.js";
import { type FieldLayout, layoutOf, type StructLayout, sizeOf } from "./layout.js";
import { Site } from "./site.js";
import {
  type BitsType,
  type FieldType,
  isSigned,
  type PerKind,
  perKind,
  SCALARS,
  type ScalarType,
} from "./types.js";

/**
 * Turns a layout into the source of straight-line code. The statements know `m`, the Memory, `refs`,
 * and `p`, the struct's absolute position in the buffer; aligned code also has `p1`, `p2`, `p4` and
 * `p8`, the position in elements of each size. Whatever the code needs from outside is a constant
 * `c<n>`; names of fields only ever appear as JSON strings.
 */
export type Access = "aligned" | "unaligned";

/** A place: bytes from the start of the outermost struct, plus loop variables times their stride. */
interface Place {
  readonly offset: number;
  readonly loops: readonly { readonly variable: string; readonly stride: number }[];
}

/** What a value's code depends on beside its type. */
interface Context {
  readonly place: Place;
  readonly endian: Endian;
  /** The field for messages: that of the outermost struct, and the path from there. */
  readonly struct: string;
  readonly path: string;
  /** The layout that the field belongs to, and the variable that holds its object. */
  readonly layout: StructLayout;
  readonly owner: string;
  readonly bitOffset?: number;
}

interface Writing extends Context {
  readonly value: string;
}

type NumberType = Pick<ScalarType, "size" | "array" | "accessor">;

/** Typed arrays have the byte order of the machine. */
const LITTLE_ENDIAN_HOST = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const UNSIGNED = { 1: SCALARS.u8, 2: SCALARS.u16, 4: SCALARS.u32, 8: SCALARS.u64 } as const;

const shifted = (place: Place, offset: number): Place => ({
  ...place,
  offset: place.offset + offset,
});

export class Generator {
  readonly #layout: StructLayout;
  readonly #access: Access;
  readonly #constants: unknown[];
  #names = 0;
  #lines: string[] = [];
  /** Whether a single field is written over what it was. */
  #inPlace = false;

  constructor(layout: StructLayout, access: Access, constants: unknown[]) {
    this.#layout = layout;
    this.#access = access;
    this.#constants = constants;
  }

  /** Statements that write the fields of the object `value`. */
  encode(value: string): string {
    this.#encodeStruct(this.#layout, value, this.#root());
    return this.#take();
  }

  /** Statements that read a new object, and the name of the variable that holds it. */
  decode(): { body: string; result: string } {
    const result = this.#decodeStruct(this.#layout, this.#root());
    return { body: this.#take(), result };
  }

  /** Statements that read one field, and the expression that is its value. `owner` is a view. */
  get(field: FieldLayout, owner: string): { body: string; result: string } {
    const context = this.#member(field, this.#layout, this.#root(), owner);
    const result = perKind(this.#read, field.type, context);
    return { body: this.#take(), result };
  }

  /** Statements that write one field, which keeps its old value in case of an error. */
  set(field: FieldLayout, owner: string, value: string): string {
    this.#inPlace = true;
    const context = this.#member(field, this.#layout, this.#root(), owner);
    if (field.type.kind === "bits") this.#writeBits(field.type, { ...context, value }, true);
    else perKind(this.#write, field.type, { ...context, value });
    this.#inPlace = false;
    return this.#take();
  }

  #root(): Pick<Context, "place" | "struct" | "path"> {
    return { place: { offset: 0, loops: [] }, struct: this.#layout.name, path: "" };
  }

  #member(
    { name, offset, endian, bitOffset }: FieldLayout,
    layout: StructLayout,
    { place, struct, path }: Pick<Context, "place" | "struct" | "path">,
    owner: string,
  ): Context {
    const inner = path ? `${path}.${name}` : name;
    const bits = bitOffset === undefined ? {} : { bitOffset };
    // Bits are placed from the start of their struct, everything else from the field on.
    const at = bitOffset === undefined ? shifted(place, offset) : place;
    return { place: at, endian, struct, path: inner, layout, owner, ...bits };
  }

  #take(): string {
    const body = this.#lines.join("\n");
    this.#lines = [];
    return body;
  }

  #emit(line: string): void {
    this.#lines.push(line);
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  #constant(value: unknown): string {
    return `c${this.#constants.push(value) - 1}`;
  }

  #site(type: FieldType, { struct, path }: Context): string {
    return this.#constant(new Site(struct, path, type));
  }

  get #abi(): Abi {
    return this.#layout.abi;
  }

  // Numbers in memory.

  /** The absolute position in bytes. */
  #position({ offset, loops }: Place): string {
    const terms = loops.map(({ variable, stride }) => `${variable} * ${stride}`);
    return ["p", ...(offset ? [offset] : []), ...terms].join(" + ");
  }

  /** Whether a typed array can be used: everything is a multiple of the number's size. */
  #typed(size: number, { offset, loops }: Place, endian: Endian): boolean {
    const multiples = [this.#layout.align, offset, ...loops.map(({ stride }) => stride)];
    return (
      this.#access === "aligned" &&
      (size === 1 || endian === (LITTLE_ENDIAN_HOST ? "little" : "big")) &&
      multiples.every((bytes) => bytes % size === 0)
    );
  }

  #element({ size, array }: NumberType, { offset, loops }: Place): string {
    const terms = loops.map(({ variable, stride }) =>
      stride === size ? variable : `${variable} * ${stride / size}`,
    );
    return `m.${array}[${[`p${size}`, ...(offset ? [offset / size] : []), ...terms].join(" + ")}]`;
  }

  #load(number: NumberType, place: Place, endian: Endian): string {
    if (this.#typed(number.size, place, endian)) return this.#element(number, place);
    const order = number.size > 1 ? `, ${endian === "little"}` : "";
    return `m.view.get${number.accessor}(${this.#position(place)} - m.base${order})`;
  }

  #store(number: NumberType, place: Place, endian: Endian, value: string): void {
    const order = number.size > 1 ? `, ${endian === "little"}` : "";
    this.#emit(
      this.#typed(number.size, place, endian)
        ? `${this.#element(number, place)} = ${value};`
        : `m.view.set${number.accessor}(${this.#position(place)} - m.base, ${value}${order});`,
    );
  }

  #zero(place: Place, size: number): void {
    if (size > 16) {
      const start = this.#position(place);
      this.#emit(`m.u8.fill(0, ${start}, ${start} + ${size});`);
      return;
    }
    for (let done = 0; done < size; ) {
      const at = shifted(place, done);
      const widths = [8, 4, 2, 1] as const;
      const width =
        widths.find((bytes) => bytes <= size - done && this.#typed(bytes, at, "little")) ?? 1;
      this.#store(UNSIGNED[width], at, "little", width === 8 ? "0n" : "0");
      done += width;
    }
  }

  // Writing.

  #encodeStruct(
    layout: StructLayout,
    value: string,
    root: Pick<Context, "place" | "struct" | "path">,
  ): void {
    // First of all, because the elements of a flexible array begin in the padding at the end.
    // First, as a flexible array may begin in the padding at the end.
    for (const { offset, size } of layout.padding) this.#zero(shifted(root.place, offset), size);
    for (const { offset, size } of bitRuns(layout)) this.#zero(shifted(root.place, offset), size);
    for (const field of layout.fields) {
      const context = this.#member(field, layout, root, value);
      if (field.type.kind === "reserved") {
        if (field.bitOffset === undefined) this.#zero(context.place, field.size);
        continue;
      }
      const item = this.#name("v");
      this.#emit(`const ${item} = ${value}[${JSON.stringify(field.name)}];`);
      perKind(this.#write, field.type, { ...context, value: item });
    }
  }

  readonly #write: PerKind<unknown, Writing> = {
    scalar: (type, context) => {
      const { value } = context;
      const site = this.#site(type, context);
      if (type.value === "bigint" && !this.#inPlace) {
        // What was stored is compared: on Node 20 that is cheaper than a check of the bounds.
        this.#emit(`if (typeof ${value} !== "bigint") ${site}.reject(${value});`);
        this.#storeScalar(type, context, value);
        const stored = this.#load(type, context.place, context.endian);
        this.#emit(`if (${stored} !== ${value}) ${site}.reject(${value});`);
        return;
      }
      this.#emit(`if (${misfit(type, value)}) ${site}.reject(${value});`);
      this.#storeScalar(type, context, value);
    },
    enum: (type, context) => {
      const numbers = new Map(Array.from(type.members, ([number, member]) => [member, number]));
      const number = this.#name("n");
      this.#emit(`const ${number} = ${this.#constant(numbers)}.get(${context.value});`);
      this.#emit(
        `if (${number} === undefined) ${this.#site(type, context)}.reject(${context.value});`,
      );
      this.#storeScalar(type.of, context, number);
    },
    bits: (type, context) => this.#writeBits(type, context, false),
    char: (type, context) => {
      const most = type.terminated ? type.length - 1 : type.length;
      const position = this.#position(context.place);
      this.#emit(
        `${this.#site(type, context)}.writeText(m, ${position}, ${most}, ${context.value});`,
      );
      if (type.terminated) this.#zero(shifted(context.place, most), 1);
    },
    bytes: (type, context) => {
      const { value, place } = context;
      this.#emit(
        `if (!(${value} instanceof Uint8Array) || ${value}.length !== ${type.length}) ${this.#site(type, context)}.reject(${value});`,
      );
      this.#emit(`m.u8.set(${value}, ${this.#position(place)});`);
    },
    array: (type, context) => {
      const { value } = context;
      this.#emit(
        `if (!Array.isArray(${value}) || ${value}.length !== ${type.length}) ${this.#site(type, context)}.reject(${value});`,
      );
      this.#writeElements(type.of, `${type.length}`, context);
    },
    flexible: (type, context) => {
      const { value, owner } = context;
      const counted =
        type.count === undefined
          ? ""
          : ` || BigInt(${owner}[${JSON.stringify(type.count)}]) !== BigInt(${value}.length)`;
      this.#emit(
        `if (!Array.isArray(${value})${counted}) ${this.#site(type, context)}.reject(${value});`,
      );
      this.#writeElements(type.of, `${value}.length`, context);
    },
    struct: (type, context) => {
      const { value } = context;
      this.#emit(
        `if (typeof ${value} !== "object" || ${value} === null) ${this.#site(type, context)}.reject(${value});`,
      );
      this.#encodeStruct(layoutOf(type.of(), this.#abi), value, context);
    },
    union: (type, context) => {
      const { value, owner } = context;
      const site = this.#site(type, context);
      this.#emit(
        `if (typeof ${value} !== "object" || ${value} === null) ${site}.reject(${value});`,
      );
      this.#zero(context.place, sizeOf(type, this.#abi));
      this.#choose(
        type.of(),
        type.discriminator,
        context,
        `${owner}[${JSON.stringify(type.discriminator)}]`,
        `${site}.reject(${value})`,
        (layout) => this.#encodeStruct(layout, value, context),
      );
    },
    ref: (type, context) => {
      const { value, place, endian } = context;
      const site = this.#site(type, context);
      this.#emit(`if (refs === undefined) ${site}.unresolved();`);
      this.#emit(
        `if (typeof ${value} !== "object" || ${value} === null || typeof ${value}.length !== "number") ${site}.reject(${value});`,
      );
      this.#store(SCALARS.u64, place, endian, `refs.store(${value}, ${site}.target)`);
    },
    // Written as zeros with the struct.
    reserved: () => undefined,
  };

  #storeScalar(type: ScalarType, { place, endian }: Context, value: string): void {
    if (isSafeInteger64(type)) {
      // Two halves are far cheaper than a bigint.
      const [low, high] = endian === "little" ? [0, 4] : [4, 0];
      this.#store(SCALARS.u32, shifted(place, low), endian, `${value} >>> 0`);
      this.#store(
        SCALARS.u32,
        shifted(place, high),
        endian,
        `Math.floor(${value} / 4294967296) >>> 0`,
      );
    } else {
      this.#store(type, place, endian, type.value === "boolean" ? `${value} ? 1 : 0` : value);
    }
  }

  /** Writes into bits that are zero; those of a view are cleared first. */
  #writeBits(type: BitsType, context: Writing, clear: boolean): void {
    const { value, place, endian, layout, bitOffset = 0 } = context;
    const { of, width } = type;
    const big = endian === "big";
    this.#emit(`if (${misfitBits(type, value)}) ${this.#site(type, context)}.reject(${value});`);
    const unit = bitUnit(bitOffset, width, layout.size, big);
    const integer = of.value === "boolean" ? `(${value} ? 1 : 0)` : value;
    if (unit === undefined) {
      const position = this.#position(shifted(place, Math.floor(bitOffset / 8)));
      const write = this.#constant(writeBits);
      this.#emit(
        `${write}(m, ${position}, ${bitOffset % 8}, ${width}, ${big}, BigInt(${integer}));`,
      );
      return;
    }
    const { size, offset, shift } = unit;
    const at = shifted(place, offset);
    const mask = ((1n << BigInt(width)) - 1n) << BigInt(shift);
    let old = this.#load(UNSIGNED[size], at, endian);
    if (size === 8) {
      if (clear) old = `(${old} & ${~mask & (2n ** 64n - 1n)}n)`;
      const bits = `(BigInt.asUintN(${width}, BigInt(${integer})) << ${shift}n)`;
      this.#store(UNSIGNED[size], at, endian, `${old} | ${bits}`);
    } else {
      if (clear) old = `(${old} & ${~Number(mask)})`;
      const number = of.value === "bigint" ? `Number(${integer})` : integer;
      const bits = width === 32 ? number : `(${number} & ${2 ** width - 1}) << ${shift}`;
      this.#store(UNSIGNED[size], at, endian, `(${old} | ${bits})${size === 4 ? " >>> 0" : ""}`);
    }
  }

  #writeElements(of: FieldType, length: string, context: Writing): void {
    this.#loop(of, length, context, (index, inner) => {
      const item = this.#name("v");
      this.#emit(`const ${item} = ${context.value}[${index}];`);
      perKind(this.#write, of, { ...inner, value: item });
    });
  }

  // Reading.

  #decodeStruct(layout: StructLayout, root: Pick<Context, "place" | "struct" | "path">): string {
    const result = this.#name("r");
    this.#emit(`const ${result} = new ${this.#constant(layout.struct)}();`);
    for (const field of layout.fields) {
      const value = perKind(this.#read, field.type, this.#member(field, layout, root, result));
      if (field.type.kind !== "reserved") {
        this.#emit(`${result}[${JSON.stringify(field.name)}] = ${value};`);
      }
    }
    return result;
  }

  readonly #read: PerKind<string, Context> = {
    scalar: (type, context) => this.#loadScalar(type, context),
    enum: (type, context) => {
      const [number, member] = [this.#name("n"), this.#name("e")];
      this.#emit(`const ${number} = ${this.#loadScalar(type.of, context)};`);
      this.#emit(`const ${member} = ${this.#constant(type.members)}.get(${number});`);
      this.#invalidIf(`${member} === undefined`, type, context, number);
      return member;
    },
    bits: (type, context) => this.#loadBits(type, context),
    char: (type, context) => {
      const position = this.#position(context.place);
      return `${this.#site(type, context)}.readText(m, ${position}, ${type.length}, ${type.terminated})`;
    },
    bytes: ({ length }, { place }) => {
      const position = this.#position(place);
      return `m.u8.slice(${position}, ${position} + ${length})`;
    },
    array: ({ of, length }, context) => this.#readElements(of, `${length}`, context),
    flexible: (type, context) => {
      const length = this.#name("n");
      const stride = sizeOf(type.of, this.#abi);
      const { size } = context.layout;
      const position = this.#position(context.place);
      const room = `(m.byteLength + m.base - (${position})) / ${stride}`;
      this.#emit(
        type.count === undefined
          ? `const ${length} = Math.floor(${room});`
          : `const ${length} = Number(${context.owner}[${JSON.stringify(type.count)}]);`,
      );
      // Before anything is allocated.
      this.#emit(
        `if (!(${length} >= 0 && ${length} <= ${room})) outside(m, p - m.base, ${size} + ${length} * ${stride});`,
      );
      return this.#readElements(type.of, length, context);
    },
    struct: ({ of }, context) => this.#decodeStruct(layoutOf(of(), this.#abi), context),
    union: (type, context) => {
      const result = this.#name("u");
      const value = `${context.owner}[${JSON.stringify(type.discriminator)}]`;
      const position = this.#position(context.place);
      this.#emit(`let ${result};`);
      this.#choose(
        type.of(),
        type.discriminator,
        context,
        value,
        `${this.#site(type, context)}.invalid(m, ${position}, ${value})`,
        (layout) => this.#emit(`${result} = ${this.#decodeStruct(layout, context)};`),
      );
      return result;
    },
    ref: (type, context) => {
      const site = this.#site(type, context);
      this.#emit(`if (refs === undefined) ${site}.unresolved();`);
      return `refs.load(${this.#load(SCALARS.u64, context.place, context.endian)}, ${site}.target)`;
    },
    reserved: (type, context) => {
      if (!type.checked) return "undefined";
      if (type.of.kind === "bits") {
        const bits = this.#loadBits(type.of, context);
        this.#invalidIf(`Number(${bits}) !== 0`, type, context, `${bits}`);
      } else {
        const position = this.#position(context.place);
        const size = sizeOf(type, this.#abi);
        this.#emit(`${this.#site(type, context)}.checkZero(m, ${position}, ${size});`);
      }
      return "undefined";
    },
  };

  #loadScalar(type: ScalarType, context: Context): string {
    const { place, endian } = context;
    if (type.value === "boolean") {
      const byte = this.#name("b");
      this.#emit(`const ${byte} = ${this.#load(type, place, endian)};`);
      this.#invalidIf(`${byte} > 1`, type, context, byte);
      return `${byte} === 1`;
    }
    if (!isSafeInteger64(type)) return this.#load(type, place, endian);
    const number = this.#name("n");
    const [low, high] = endian === "little" ? [0, 4] : [4, 0];
    const upper = this.#load(
      isSigned(type) ? SCALARS.i32 : SCALARS.u32,
      shifted(place, high),
      endian,
    );
    const lower = this.#load(SCALARS.u32, shifted(place, low), endian);
    this.#emit(`const ${number} = ${upper} * 4294967296 + ${lower};`);
    this.#invalidIf(`!Number.isSafeInteger(${number})`, type, context, number);
    return number;
  }

  #loadBits({ of, width }: BitsType, { place, endian, layout, bitOffset = 0 }: Context): string {
    if (width === 0) return "0";
    const big = endian === "big";
    const unit = bitUnit(bitOffset, width, layout.size, big);
    const wrap = isSigned(of) ? "asIntN" : "asUintN";
    if (unit === undefined || unit.size === 8) {
      const position = this.#position(shifted(place, Math.floor(bitOffset / 8)));
      const raw =
        unit === undefined
          ? `${this.#constant(readBits)}(m, ${position}, ${bitOffset % 8}, ${width}, ${big})`
          : `${this.#load(SCALARS.u64, shifted(place, unit.offset), endian)} >> ${unit.shift}n`;
      const value = `BigInt.${wrap}(${width}, ${raw})`;
      if (of.value === "boolean") return `${value} === 1n`;
      return of.value === "bigint" ? value : `Number(${value})`;
    }
    const { size, offset, shift } = unit;
    const raw = this.#load(UNSIGNED[size], shifted(place, offset), endian);
    const top = shift + width === size * 8;
    const number = isSigned(of)
      ? `(${raw} << ${32 - shift - width} >> ${32 - width})`
      : top
        ? `(${raw} >>> ${shift})`
        : `(${raw} >>> ${shift} & ${2 ** width - 1})`;
    if (of.value === "boolean") return `${number} === 1`;
    return of.value === "bigint" ? `BigInt(${number})` : number;
  }

  #readElements(of: FieldType, length: string, context: Context): string {
    const items = this.#name("a");
    this.#emit(`const ${items} = new Array(${length});`);
    this.#loop(of, length, context, (index, inner) => {
      this.#emit(`${items}[${index}] = ${perKind(this.#read, of, inner)};`);
    });
    return items;
  }

  #invalidIf(condition: string, type: FieldType, context: Context, found: string): void {
    const position = this.#position(context.place);
    this.#emit(`if (${condition}) ${this.#site(type, context)}.invalid(m, ${position}, ${found});`);
  }

  // Control flow.

  #loop(
    of: FieldType,
    length: string,
    context: Context,
    body: (index: string, context: Context) => void,
  ): void {
    const variable = this.#name("i");
    const stride = sizeOf(of, this.#abi);
    const loops = [...context.place.loops, { variable, stride }];
    this.#emit(`for (let ${variable} = 0; ${variable} < ${length}; ${variable}++) {`);
    body(variable, { ...context, path: `${context.path}[]`, place: { ...context.place, loops } });
    this.#emit("}");
  }

  /** The statements for the variant that the discriminator names, or else those for none. */
  #choose(
    variants: Readonly<Record<string, unknown>>,
    discriminator: string,
    { layout }: Context,
    value: string,
    otherwise: string,
    body: (layout: StructLayout) => void,
  ): void {
    const type = layout.fields.find(({ name }) => name === discriminator)?.type;
    const of = type?.kind === "bits" ? type.of : type;
    this.#emit(`switch (${value}) {`);
    for (const [key, struct] of Object.entries(variants)) {
      const bigint = of?.kind === "scalar" && of.value === "bigint";
      const number = /^-?\d+$/.test(key);
      this.#emit(
        `case ${bigint ? `${BigInt(key)}n` : number ? Number(key) : JSON.stringify(key)}: {`,
      );
      body(layoutOf(struct as StructLayout["struct"], this.#abi));
      this.#emit("break; }");
    }
    this.#emit(`default: ${otherwise}; }`);
  }
}

/** The bytes that bitfields touch, as few runs as possible: they are zeroed before bits are set. */
function bitRuns({ fields }: StructLayout): { offset: number; size: number }[] {
  const runs: { offset: number; size: number }[] = [];
  for (const { bitOffset, offset, size } of fields) {
    const last = runs.at(-1);
    if (bitOffset === undefined || size === 0) continue;
    if (last !== undefined && offset <= last.offset + last.size) {
      last.size = Math.max(last.size, offset + size - last.offset);
    } else runs.push({ offset, size });
  }
  return runs;
}

/** `@u64.number` and `@i64.number`: 8 bytes whose value is a number. */
function isSafeInteger64({ size, value, bounds }: ScalarType): boolean {
  return size === 8 && value === "number" && bounds !== undefined;
}

/** The condition under which `value` does not fit the scalar. */
function misfit({ name, size, value: kind, bounds }: ScalarType, value: string): string {
  if (kind === "boolean") return `typeof ${value} !== "boolean"`;
  if (kind === "bigint") {
    const wrap = name === "i64" ? "asIntN" : "asUintN";
    return `typeof ${value} !== "bigint" || BigInt.${wrap}(64, ${value}) !== ${value}`;
  }
  if (name === "f64") return `typeof ${value} !== "number"`;
  if (name === "f32") {
    return `typeof ${value} !== "number" || (Math.abs(Math.fround(${value})) === Infinity && Math.abs(${value}) !== Infinity)`;
  }
  if (size === 8) {
    return `!Number.isSafeInteger(${value})${bounds?.[0] === 0 ? ` || ${value} < 0` : ""}`;
  }
  return misfitInteger(value, size * 8, bounds?.[0] !== 0);
}

function misfitInteger(value: string, bits: number, signed: boolean): string {
  const shift = 32 - bits;
  const wrapped = `${value} << ${shift} ${signed ? ">>" : ">>>"} ${shift}`;
  return `typeof ${value} !== "number" || ${value} !== (${wrapped})`;
}

function misfitBits({ of, width }: BitsType, value: string): string {
  if (of.value === "boolean") return `typeof ${value} !== "boolean"`;
  if (of.value === "bigint") {
    const wrap = isSigned(of) ? "asIntN" : "asUintN";
    return `typeof ${value} !== "bigint" || BigInt.${wrap}(${width}, ${value}) !== ${value}`;
  }
  if (width <= 32) return misfitInteger(value, width, isSigned(of));
  const [low, high] = isSigned(of) ? [-(2 ** (width - 1)), 2 ** (width - 1)] : [0, 2 ** width];
  return `!Number.isSafeInteger(${value}) || ${value} < ${low} || ${value} >= ${high}`;
}
