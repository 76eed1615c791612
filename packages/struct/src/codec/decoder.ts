import { type FieldLayout, layoutOf, type StructLayout, sizeOf } from "../layout/layout.js";
import {
  type BitsType,
  type FieldType,
  isSigned,
  type OfKind,
  type PerKind,
  perKind,
  SCALARS,
  type ScalarType,
  type StructClass,
} from "../types.js";
import { bitUnit, readBits } from "./bits.js";
import type { CodecOf } from "./codec-contract.js";
import { type Context, type Emitter, type Root, shifted, UNSIGNED } from "./emitter.js";
import { readText } from "./text-codec.js";
import { isSafeInteger64 } from "./value-check.js";

/** Statements, and an expression for their result. */
export interface Reading {
  readonly body: string;
  readonly result: string;
}

/** Writes the source that reads values. */
export class DecoderSource {
  readonly #code: Emitter;

  constructor(code: Emitter) {
    this.#code = code;
  }

  /** Source that reads a whole struct into a new object. */
  struct(): Reading {
    const result = this.#decodeStruct(this.#code.layout, this.#code.root);
    return { body: this.#code.take(), result };
  }

  /** Source that reads one field of a view. */
  field(field: FieldLayout, view: string): Reading {
    const context = this.#code.member(field, this.#code.layout, this.#code.root, view);
    const result = perKind(this.#read, field.type, context);
    return { body: this.#code.take(), result };
  }

  /**
   * Source that reads one field of a view whose value is a view itself: a struct, or the struct of a
   * union. Undefined for any other field.
   */
  nestedView(field: FieldLayout, view: string, codecOf: CodecOf): Reading | undefined {
    const { type } = field;
    const { abi } = this.#code;
    const context = this.#code.member(field, this.#code.layout, this.#code.root, view);
    const at = `${this.#code.position(context.place)} - m.base`;
    const viewOf = (of: StructClass) =>
      `${this.#code.constant(codecOf(of, abi))}.view(m, ${at}, refs)`;
    if (type.kind === "struct") return { body: "", result: viewOf(type.of()) };
    if (type.kind !== "union") return undefined;
    const result = this.#code.name("u");
    this.#code.emit(`let ${result};`);
    this.#chooseVariant(type, context, ({ struct }) =>
      this.#code.emit(`${result} = ${viewOf(struct)};`),
    );
    return { body: this.#code.take(), result };
  }

  /** Emits the code of each struct of a union, chosen by the discriminator that was read. */
  #chooseVariant(
    type: OfKind<"union">,
    context: Context,
    body: (layout: StructLayout) => void,
  ): void {
    const value = `${context.owner}[${JSON.stringify(type.discriminator)}]`;
    const position = this.#code.position(context.place);
    const invalid = `${this.#code.fault(type, context)}.invalid(m, ${position}, ${value})`;
    this.#code.choose(type.of(), type.discriminator, context, value, invalid, body);
  }

  #decodeStruct(layout: StructLayout, root: Root): string {
    const result = this.#code.name("r");
    this.#code.emit(`const ${result} = new ${this.#code.constant(layout.struct)}();`);
    for (const field of layout.fields) {
      const value = perKind(this.#read, field.type, this.#code.member(field, layout, root, result));
      if (field.type.kind !== "reserved") {
        this.#code.emit(`${result}[${JSON.stringify(field.name)}] = ${value};`);
      }
    }
    return result;
  }

  readonly #read: PerKind<string, Context> = {
    scalar: (type, context) => this.#loadScalar(type, context),
    enum: (type, context) => {
      const [number, member] = [this.#code.name("n"), this.#code.name("e")];
      this.#code.emit(`const ${number} = ${this.#loadScalar(type.of, context)};`);
      this.#code.emit(`const ${member} = ${this.#code.constant(type.members)}.get(${number});`);
      this.#invalidIf(`${member} === undefined`, type, context, number);
      return member;
    },
    bits: (type, context) => this.#loadBits(type, context),
    char: (type, context) => {
      const position = this.#code.position(context.place);
      return `${this.#code.constant(readText)}(${this.#code.fault(type, context)}, m, ${position}, ${type.length}, ${type.terminated})`;
    },
    bytes: ({ length }, { place }) => {
      const position = this.#code.position(place);
      return `m.u8.slice(${position}, ${position} + ${length})`;
    },
    array: ({ of, length }, context) => this.#readElements(of, `${length}`, context),
    flexible: (type, context) => {
      const length = this.#code.name("n");
      const stride = sizeOf(type.of, this.#code.abi);
      const position = this.#code.position(context.place);
      const room = `(m.byteLength + m.base - (${position})) / ${stride}`;
      this.#code.emit(
        type.count === undefined
          ? `const ${length} = Math.floor(${room});`
          : `const ${length} = Number(${context.owner}[${JSON.stringify(type.count)}]);`,
      );
      // The check comes before the allocation, whose size it bounds.
      this.#code.emit(
        `if (!(${length} >= 0 && ${length} <= ${room})) outside(m, p - m.base, ${context.place.offset} + ${length} * ${stride});`,
      );
      return this.#readElements(type.of, length, context);
    },
    struct: ({ of }, context) => this.#decodeStruct(layoutOf(of(), this.#code.abi), context),
    union: (type, context) => {
      const result = this.#code.name("u");
      this.#code.emit(`let ${result};`);
      this.#chooseVariant(type, context, (layout) =>
        this.#code.emit(`${result} = ${this.#decodeStruct(layout, context)};`),
      );
      return result;
    },
    ref: (type, context) => {
      const [fault, of] = [this.#code.fault(type, context), this.#code.constant(type.of)];
      this.#code.emit(`if (refs === undefined) ${fault}.unresolved(${of}());`);
      return `refs.load(${this.#code.load(SCALARS.u64, context.place, context.endian)}, ${of}())`;
    },
    reserved: (type, context) => {
      if (!type.checked) return "undefined";
      if (type.of.kind === "bits") {
        const bits = this.#loadBits(type.of, context);
        this.#invalidIf(`Number(${bits}) !== 0`, type, context, `${bits}`);
      } else {
        const position = this.#code.position(context.place);
        const size = sizeOf(type, this.#code.abi);
        this.#code.emit(`${this.#code.fault(type, context)}.checkZeros(m, ${position}, ${size});`);
      }
      return "undefined";
    },
  };

  #loadScalar(type: ScalarType, context: Context): string {
    const { place, endian } = context;
    if (type.value === "boolean") {
      const byte = this.#code.name("b");
      this.#code.emit(`const ${byte} = ${this.#code.load(type, place, endian)};`);
      this.#invalidIf(`${byte} > 1`, type, context, byte);
      return `${byte} === 1`;
    }
    if (!isSafeInteger64(type)) return this.#code.load(type, place, endian);
    const number = this.#code.name("n");
    const [low, high] = endian === "little" ? [0, 4] : [4, 0];
    const upper = this.#code.load(
      isSigned(type) ? SCALARS.i32 : SCALARS.u32,
      shifted(place, high),
      endian,
    );
    const lower = this.#code.load(SCALARS.u32, shifted(place, low), endian);
    this.#code.emit(`const ${number} = ${upper} * 4294967296 + ${lower};`);
    this.#invalidIf(`!Number.isSafeInteger(${number})`, type, context, number);
    return number;
  }

  #loadBits({ of, width }: BitsType, { place, endian, layout, bitOffset = 0 }: Context): string {
    if (width === 0) return "0";
    const big = endian === "big";
    const unit = bitUnit(bitOffset, width, layout.size, big);
    const wrap = isSigned(of) ? "asIntN" : "asUintN";
    if (unit === undefined || unit.size === 8) {
      const position = this.#code.position(shifted(place, Math.floor(bitOffset / 8)));
      const raw =
        unit === undefined
          ? `${this.#code.constant(readBits)}(m, ${position}, ${bitOffset % 8}, ${width}, ${big})`
          : `${this.#code.load(SCALARS.u64, shifted(place, unit.offset), endian)} >> ${unit.shift}n`;
      const value = `BigInt.${wrap}(${width}, ${raw})`;
      if (of.value === "boolean") return `${value} === 1n`;
      return of.value === "bigint" ? value : `Number(${value})`;
    }
    const { size, offset, shift } = unit;
    const raw = this.#code.load(UNSIGNED[size], shifted(place, offset), endian);
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
    const items = this.#code.name("a");
    this.#code.emit(`const ${items} = new Array(${length});`);
    this.#code.loop(of, length, context, (index, inner) => {
      this.#code.emit(`${items}[${index}] = ${perKind(this.#read, of, inner)};`);
    });
    return items;
  }

  #invalidIf(condition: string, type: FieldType, context: Context, found: string): void {
    const position = this.#code.position(context.place);
    this.#code.emit(
      `if (${condition}) ${this.#code.fault(type, context)}.invalid(m, ${position}, ${found});`,
    );
  }
}
