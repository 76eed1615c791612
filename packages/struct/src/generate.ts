import { type FieldLayout, layoutOf, type StructLayout, sizeOf } from "./layout.js";
import { Site } from "./site.js";
import { type ArrayType, type FieldType, type PerKind, perKind, type ScalarType } from "./types.js";

/**
 * Turns a layout into the source of straight-line code. The statements know `m`, the Memory, and
 * `p`, the struct's absolute position in the buffer; aligned code also has `p1`, `p2`, `p4` and
 * `p8`, the position in elements of each size. Whatever the code needs from outside is a constant
 * `c<n>`; names of fields only ever appear as JSON strings.
 */
export type Access = "aligned" | "unaligned";

/** A place: bytes from the start of the struct, plus loop variables times their stride. */
interface Place {
  readonly offset: number;
  readonly loops: readonly { readonly variable: string; readonly stride: number }[];
}

const at = (place: Place, offset: number): Place => ({ ...place, offset: place.offset + offset });

export class Generator {
  readonly constants: unknown[] = [];
  #names = 0;
  #lines: string[] = [];
  readonly #access: Access;

  constructor(access: Access, constants: unknown[]) {
    this.#access = access;
    this.constants = constants;
  }

  /** Statements that write the fields of the object `value`. */
  encode(layout: StructLayout, value: string): string {
    this.#encodeStruct(layout, value, layout.name, "", { offset: 0, loops: [] });
    return this.#take();
  }

  /** Statements that read a new object, and the name of the variable that holds it. */
  decode(layout: StructLayout): { body: string; result: string } {
    const result = this.#decodeStruct(layout, layout.name, "", { offset: 0, loops: [] });
    return { body: this.#take(), result };
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
    return `c${this.constants.push(value) - 1}`;
  }

  #site(struct: string, path: string, type: FieldType): string {
    return this.#constant(new Site(struct, path, type));
  }

  // Places in memory.

  /** The absolute position in bytes. */
  #position({ offset, loops }: Place): string {
    return [
      "p",
      ...(offset ? [offset] : []),
      ...loops.map((l) => `${l.variable} * ${l.stride}`),
    ].join(" + ");
  }

  /** The index in a typed array of elements of `size` bytes. */
  #index({ offset, loops }: Place, size: number): string {
    const terms = loops.map(({ variable, stride }) =>
      stride === size ? variable : `${variable} * ${stride / size}`,
    );
    return [`p${size}`, ...(offset ? [offset / size] : []), ...terms].join(" + ");
  }

  #load(
    { size, array, accessor }: Pick<ScalarType, "size" | "array" | "accessor">,
    place: Place,
  ): string {
    if (this.#access === "aligned") return `m.${array}[${this.#index(place, size)}]`;
    return `m.view.get${accessor}(${this.#position(place)} - m.base${size > 1 ? ", true" : ""})`;
  }

  #store(
    { size, array, accessor }: Pick<ScalarType, "size" | "array" | "accessor">,
    place: Place,
    value: string,
  ): void {
    this.#emit(
      this.#access === "aligned"
        ? `m.${array}[${this.#index(place, size)}] = ${value};`
        : `m.view.set${accessor}(${this.#position(place)} - m.base, ${value}${size > 1 ? ", true" : ""});`,
    );
  }

  #zero(place: Place, size: number): void {
    const start = this.#position(place);
    if (size > 8) this.#emit(`m.u8.fill(0, ${start}, ${start} + ${size});`);
    else
      for (let byte = 0; byte < size; byte++)
        this.#emit(`m.u8[${this.#position(at(place, byte))}] = 0;`);
  }

  // Writing.

  #encodeStruct(
    layout: StructLayout,
    value: string,
    struct: string,
    path: string,
    place: Place,
  ): void {
    for (const { name, type, offset } of layout.fields) {
      const item = this.#name("v");
      this.#emit(`const ${item} = ${value}[${JSON.stringify(name)}];`);
      this.#encodeValue(type, item, struct, path ? `${path}.${name}` : name, at(place, offset));
    }
    for (const { offset, size } of layout.padding) this.#zero(at(place, offset), size);
  }

  #encodeValue(type: FieldType, value: string, struct: string, path: string, place: Place): void {
    const site = this.#site(struct, path, type);
    const write: PerKind<unknown> = {
      scalar: (scalar) => this.#encodeScalar(scalar, value, site, place),
      char: ({ length }) =>
        this.#emit(`${site}.writeText(m, ${this.#position(place)}, ${length}, ${value});`),
      bytes: ({ length }) => {
        this.#emit(
          `if (!(${value} instanceof Uint8Array) || ${value}.length !== ${length}) ${site}.reject(${value});`,
        );
        this.#emit(`m.u8.set(${value}, ${this.#position(place)});`);
      },
      array: (array) => {
        this.#emit(
          `if (!Array.isArray(${value}) || ${value}.length !== ${array.length}) ${site}.reject(${value});`,
        );
        this.#loop(array, place, (index, inner) => {
          const item = this.#name("v");
          this.#emit(`const ${item} = ${value}[${index}];`);
          this.#encodeValue(array.of, item, struct, `${path}[]`, inner);
        });
      },
      struct: ({ of }) => {
        this.#emit(
          `if (typeof ${value} !== "object" || ${value} === null) ${site}.reject(${value});`,
        );
        this.#encodeStruct(layoutOf(of()), value, struct, path, place);
      },
      ref: () => {
        this.#emit(`if (refs === undefined) ${site}.unresolved();`);
        this.#emit(
          `if (typeof ${value} !== "object" || ${value} === null || typeof ${value}.length !== "number") ${site}.reject(${value});`,
        );
        this.#store(ADDRESS, place, `refs.store(${value}, ${site}.target)`);
      },
    };
    perKind(write, type);
  }

  #encodeScalar(type: ScalarType, value: string, site: string, place: Place): void {
    this.#emit(`if (${misfit(type, value)}) ${site}.reject(${value});`);
    if (isSafeInteger64(type)) {
      // Two halves are far cheaper than a bigint.
      this.#store(LOW, place, `${value} >>> 0`);
      this.#store(LOW, at(place, 4), `Math.floor(${value} / 4294967296) >>> 0`);
    } else {
      this.#store(type, place, type.value === "boolean" ? `${value} ? 1 : 0` : value);
    }
  }

  // Reading.

  #decodeStruct(layout: StructLayout, struct: string, path: string, place: Place): string {
    const result = this.#name("r");
    const make = this.#constant(layout.struct);
    this.#emit(`const ${result} = new ${make}();`);
    for (const field of layout.fields) this.#decodeField(field, result, struct, path, place);
    return result;
  }

  #decodeField(
    { name, type, offset }: FieldLayout,
    result: string,
    struct: string,
    path: string,
    place: Place,
  ): void {
    const value = this.#decodeValue(
      type,
      struct,
      path ? `${path}.${name}` : name,
      at(place, offset),
    );
    this.#emit(`${result}[${JSON.stringify(name)}] = ${value};`);
  }

  #decodeValue(type: FieldType, struct: string, path: string, place: Place): string {
    const site = this.#site(struct, path, type);
    const position = this.#position(place);
    const read: PerKind<string> = {
      scalar: (scalar) => this.#decodeScalar(scalar, site, place),
      char: ({ length }) => `${site}.readText(m, ${position}, ${length})`,
      bytes: ({ length }) => `m.u8.slice(${position}, ${position} + ${length})`,
      array: (array) => {
        const items = this.#name("a");
        this.#emit(`const ${items} = new Array(${array.length});`);
        this.#loop(array, place, (index, inner) => {
          this.#emit(
            `${items}[${index}] = ${this.#decodeValue(array.of, struct, `${path}[]`, inner)};`,
          );
        });
        return items;
      },
      struct: ({ of }) => this.#decodeStruct(layoutOf(of()), struct, path, place),
      ref: () => {
        this.#emit(`if (refs === undefined) ${site}.unresolved();`);
        return `refs.load(${this.#load(ADDRESS, place)}, ${site}.target)`;
      },
    };
    return perKind(read, type);
  }

  #decodeScalar(type: ScalarType, site: string, place: Place): string {
    if (type.value === "boolean") {
      const byte = this.#name("b");
      this.#emit(`const ${byte} = ${this.#load(type, place)};`);
      this.#emit(`if (${byte} > 1) ${site}.invalid(m, ${this.#position(place)}, ${byte});`);
      return `${byte} === 1`;
    }
    if (!isSafeInteger64(type)) return this.#load(type, place);
    const number = this.#name("n");
    const high = type.name === "i64" ? HIGH_SIGNED : LOW;
    this.#emit(
      `const ${number} = ${this.#load(high, at(place, 4))} * 4294967296 + ${this.#load(LOW, place)};`,
    );
    this.#emit(
      `if (!Number.isSafeInteger(${number})) ${site}.invalid(m, ${this.#position(place)}, ${number});`,
    );
    return number;
  }

  #loop(
    { length, of }: ArrayType,
    place: Place,
    body: (index: string, place: Place) => void,
  ): void {
    const variable = this.#name("i");
    this.#emit(`for (let ${variable} = 0; ${variable} < ${length}; ${variable}++) {`);
    body(variable, { ...place, loops: [...place.loops, { variable, stride: sizeOf(of) }] });
    this.#emit("}");
  }
}

const ADDRESS = { size: 8, array: "u64", accessor: "BigUint64" } as const;
const LOW = { size: 4, array: "u32", accessor: "Uint32" } as const;
const HIGH_SIGNED = { size: 4, array: "i32", accessor: "Int32" } as const;

/** `@u64.number` and `@i64.number`: 8 bytes whose value is a number. */
function isSafeInteger64({ size, value, bounds }: ScalarType): boolean {
  return size === 8 && value === "number" && bounds !== undefined;
}

/** The condition under which `value` does not fit the scalar. */
function misfit({ name, size, value: kind, bounds }: ScalarType, value: string): string {
  if (kind === "boolean") return `typeof ${value} !== "boolean"`;
  if (kind === "bigint") {
    const wrap = name === "u64" ? "asUintN" : "asIntN";
    return `typeof ${value} !== "bigint" || BigInt.${wrap}(64, ${value}) !== ${value}`;
  }
  if (name === "f64") return `typeof ${value} !== "number"`;
  if (name === "f32") {
    return `typeof ${value} !== "number" || (Math.abs(Math.fround(${value})) === Infinity && Math.abs(${value}) !== Infinity)`;
  }
  if (size === 8)
    return `!Number.isSafeInteger(${value})${bounds?.[0] === 0 ? ` || ${value} < 0` : ""}`;
  const bits = size * 8;
  const wrapped =
    bounds?.[0] === 0
      ? `${value} << ${32 - bits} >>> ${32 - bits}`
      : `${value} << ${32 - bits} >> ${32 - bits}`;
  return `typeof ${value} !== "number" || ${value} !== ${wrapped}`;
}
