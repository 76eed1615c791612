import type { Abi, Endian } from "../layout/abi.js";
import { type FieldLayout, layoutOf, type StructLayout, sizeOf } from "../layout/layout.js";
import {
  type EnumType,
  type FieldType,
  SCALARS,
  type ScalarType,
  type StructClass,
} from "../types.js";
import { FieldFault } from "./field-fault.js";

/**
 * Turns a layout into the source of straight-line code. The statements use `m`, the Memory, `refs`, and
 * `p`, the struct's absolute position in the buffer. Aligned code also uses `p1`, `p2`, `p4` and `p8`,
 * the position in elements of each size, and the typed arrays `$u8`, `$u16` and so on. Values from
 * outside are constants `c<n>`. Names of fields appear only as JSON strings, so they cannot inject code.
 */
export type Access = "aligned" | "unaligned";

/** An offset from the start of the outermost struct in bytes, plus loop variables times their stride. */
export interface Place {
  readonly offset: number;
  readonly loops: readonly { readonly variable: string; readonly stride: number }[];
}

/** The facts that a value's code depends on beside its type. */
export interface Context {
  readonly place: Place;
  readonly endian: Endian;
  /** The outermost struct and the path of the field from there, for messages. */
  readonly struct: string;
  readonly path: string;
  /** The layout that has the field, and the variable that holds its object. */
  readonly layout: StructLayout;
  readonly owner: string;
  readonly bitOffset?: number;
}

/** The struct around a field. */
export type Root = Pick<Context, "place" | "struct" | "path">;

type NumberType = Pick<ScalarType, "size" | "array" | "accessor">;

/** Typed arrays use the byte order of the machine. */
const LITTLE_ENDIAN_HOST = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The unsigned integers by size in bytes. */
export const UNSIGNED = { 1: SCALARS.u8, 2: SCALARS.u16, 4: SCALARS.u32, 8: SCALARS.u64 } as const;

/** The place `offset` bytes further. */
export const shifted = (place: Place, offset: number): Place => ({
  ...place,
  offset: place.offset + offset,
});

/** Collects the statements of one function, and writes the source of accesses to memory. */
export class Emitter {
  readonly layout: StructLayout;
  readonly #access: Access;
  readonly #constants: unknown[];
  readonly #arrays = new Set<ScalarType["array"]>();
  readonly #members = new Map<EnumType, ReadonlySet<number | string>>();
  #names = 0;
  #lines: string[] = [];

  constructor(layout: StructLayout, access: Access, constants: unknown[]) {
    this.layout = layout;
    this.#access = access;
    this.#constants = constants;
  }

  get abi(): Abi {
    return this.layout.abi;
  }

  /** The typed arrays that the code so far refers to. */
  get arrays(): readonly ScalarType["array"][] {
    return [...this.#arrays];
  }

  /** The struct of the function itself, as the outermost one. */
  get root(): Root {
    return { place: { offset: 0, loops: [] }, struct: this.layout.name, path: "" };
  }

  /** Returns the statements so far and forgets them. */
  take(): string {
    const body = this.#lines.join("\n");
    this.#lines = [];
    return body;
  }

  #membersOf(type: EnumType): ReadonlySet<number | string> {
    const known = this.#members.get(type);
    if (known !== undefined) return known;
    const members = new Set(type.members.values());
    this.#members.set(type, members);
    return members;
  }

  emit(line: string): void {
    this.#lines.push(line);
  }

  /** Makes an unused name. */
  name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  /** Adds a constant and returns its name. */
  constant(value: unknown): string {
    return `c${this.#constants.push(value) - 1}`;
  }

  /** Adds the field's `FieldFault` as a constant and returns its name. */
  fault(type: FieldType, { struct, path }: Pick<Context, "struct" | "path">): string {
    return this.constant(new FieldFault(struct, path, type));
  }

  member(
    { name, offset, endian, bitOffset }: FieldLayout,
    layout: StructLayout,
    { place, struct, path }: Root,
    owner: string,
  ): Context {
    const inner = path ? `${path}.${name}` : name;
    const bits = bitOffset === undefined ? {} : { bitOffset };
    // A bitfield's place is the start of its struct, every other field's is its own.
    const at = bitOffset === undefined ? shifted(place, offset) : place;
    return { place: at, endian, struct, path: inner, layout, owner, ...bits };
  }

  // Numbers in memory.

  /** Source of the absolute position, in bytes. */
  position({ offset, loops }: Place): string {
    const terms = loops.map(({ variable, stride }) => `${variable} * ${stride}`);
    return ["p", ...(offset ? [offset] : []), ...terms].join(" + ");
  }

  /** True when a typed array can access the number: every part of its place is a multiple of `size`. */
  typed(size: number, { offset, loops }: Place, endian: Endian): boolean {
    const multiples = [this.layout.align, offset, ...loops.map(({ stride }) => stride)];
    return (
      this.#access === "aligned" &&
      (size === 1 || endian === (LITTLE_ENDIAN_HOST ? "little" : "big")) &&
      multiples.every((bytes) => bytes % size === 0)
    );
  }

  element({ size, array }: NumberType, { offset, loops }: Place): string {
    const terms = loops.map(({ variable, stride }) =>
      stride === size ? variable : `${variable} * ${stride / size}`,
    );
    return `${this.#array(array)}[${[`p${size}`, ...(offset ? [offset / size] : []), ...terms].join(" + ")}]`;
  }

  /** Notes the use of a typed array and returns its name. */
  #array(array: ScalarType["array"]): string {
    this.#arrays.add(array);
    return `$${array}`;
  }

  load(number: NumberType, place: Place, endian: Endian): string {
    if (this.typed(number.size, place, endian)) return this.element(number, place);
    const order = number.size > 1 ? `, ${endian === "little"}` : "";
    return `m.view.get${number.accessor}(${this.position(place)} - m.base${order})`;
  }

  store(number: NumberType, place: Place, endian: Endian, value: string): void {
    const order = number.size > 1 ? `, ${endian === "little"}` : "";
    this.emit(
      this.typed(number.size, place, endian)
        ? `${this.element(number, place)} = ${value};`
        : `m.view.set${number.accessor}(${this.position(place)} - m.base, ${value}${order});`,
    );
  }

  zero(place: Place, size: number): void {
    if (size > 16) {
      const start = this.position(place);
      this.emit(`m.u8.fill(0, ${start}, ${start} + ${size});`);
      return;
    }
    for (let done = 0; done < size; ) {
      const at = shifted(place, done);
      const widths = [8, 4, 2, 1] as const;
      const width =
        widths.find((bytes) => bytes <= size - done && this.typed(bytes, at, "little")) ?? 1;
      this.store(UNSIGNED[width], at, "little", width === 8 ? "0n" : "0");
      done += width;
    }
  }

  // Control flow.

  loop(
    of: FieldType,
    length: string,
    context: Context,
    body: (index: string, context: Context) => void,
  ): void {
    const variable = this.name("i");
    const stride = sizeOf(of, this.abi);
    const loops = [...context.place.loops, { variable, stride }];
    this.emit(`for (let ${variable} = 0; ${variable} < ${length}; ${variable}++) {`);
    body(variable, { ...context, path: `${context.path}[]`, place: { ...context.place, loops } });
    this.emit("}");
  }

  /** Emits a `switch` over the discriminator, with the body for each variant and `otherwise` for none. */
  choose(
    variants: Readonly<Record<string, StructClass>>,
    discriminator: string,
    { layout }: Context,
    value: string,
    otherwise: string,
    body: (layout: StructLayout) => void,
  ): void {
    const type = layout.fields.find(({ name }) => name === discriminator)?.type;
    const of = type?.kind === "bits" ? type.of : type;
    const texts = of?.kind === "enum" ? this.#membersOf(of) : undefined;
    this.emit(`switch (${value}) {`);
    for (const [key, struct] of Object.entries(variants)) {
      const bigint = of?.kind === "scalar" && of.value === "bigint";
      // An enum may have a text as its member that looks like a number.
      const number = !texts?.has(key) && /^(?:0|-?[1-9]\d*)$/.test(key);
      const value = number ? `${Number(key)}` : JSON.stringify(key);
      this.emit(`case ${bigint && number ? `${BigInt(key)}n` : value}: {`);
      body(layoutOf(struct, this.abi));
      this.emit("break; }");
    }
    this.emit(`default: ${otherwise}; }`);
  }
}
