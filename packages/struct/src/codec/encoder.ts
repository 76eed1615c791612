import { type FieldLayout, layoutOf, type StructLayout, sizeOf } from "../layout/layout.js";
import {
  type BitsType,
  type FieldType,
  type PerKind,
  perKind,
  SCALARS,
  type ScalarType,
  type StructClass,
} from "../types.js";
import { bitUnit, writeBits } from "./bits.js";
import { type Context, type Emitter, type Root, shifted, UNSIGNED } from "./emitter.js";
import { writeText } from "./text-codec.js";
import { isBytes, isSafeInteger64, misfit, misfitBits } from "./value-check.js";

interface Writing extends Context {
  readonly value: string;
}

/** Writes the source that writes values. */
export class EncoderSource {
  readonly #code: Emitter;
  /** True while writing one field of a view, over its old value. */
  #inPlace = false;

  constructor(code: Emitter) {
    this.#code = code;
  }

  /** Source that writes all fields of the object `value`, whose class is not checked. */
  struct(value: string): string {
    this.#encodeStruct(this.#code.layout, value, this.#code.root);
    return this.#code.take();
  }

  /**
   * Source that writes one field of a view. The field keeps its old value when the check of the new
   * one fails.
   */
  field(field: FieldLayout, view: string, value: string): string {
    this.#inPlace = true;
    const context = this.#code.member(field, this.#code.layout, this.#code.root, view);
    perKind(this.#write, field.type, { ...context, value });
    this.#inPlace = false;
    return this.#code.take();
  }

  /** Source that writes all fields of the array element `value`, and checks its class. */
  element(value: string): string {
    const { layout, root } = this.#code;
    const type = { kind: "struct", of: () => layout.struct } as const;
    const context = { ...root, path: "(itself)" };
    this.#code.emit(checkClass(value, this.#code, layout.struct, type, context));
    return this.struct(value);
  }

  #encodeStruct(layout: StructLayout, value: string, root: Root): void {
    // Padding comes first, because a flexible array may begin in the padding at the end.
    for (const { offset, size } of layout.padding)
      this.#code.zero(shifted(root.place, offset), size);
    for (const { offset, size } of bitRuns(layout))
      this.#code.zero(shifted(root.place, offset), size);
    for (const field of layout.fields) {
      const context = this.#code.member(field, layout, root, value);
      if (field.type.kind === "reserved") {
        if (field.bitOffset === undefined) this.#code.zero(context.place, field.size);
        continue;
      }
      const item = this.#code.name("v");
      this.#code.emit(`const ${item} = ${value}[${JSON.stringify(field.name)}];`);
      perKind(this.#write, field.type, { ...context, value: item });
    }
  }

  #encodeNested(layout: StructLayout, type: FieldType, context: Writing): void {
    this.#code.emit(checkClass(context.value, this.#code, layout.struct, type, context));
    this.#encodeStruct(layout, context.value, context);
  }

  readonly #write: PerKind<unknown, Writing> = {
    scalar: (type, context) => {
      const { value } = context;
      const fault = this.#code.fault(type, context);
      this.#code.emit(`if (${misfit(type, value)}) ${fault}.reject(${value});`);
      this.#storeScalar(type, context, value);
    },
    enum: (type, context) => {
      const numbers = new Map(Array.from(type.members, ([number, member]) => [member, number]));
      const number = this.#code.name("n");
      this.#code.emit(`const ${number} = ${this.#code.constant(numbers)}.get(${context.value});`);
      this.#code.emit(
        `if (${number} === undefined) ${this.#code.fault(type, context)}.reject(${context.value});`,
      );
      this.#storeScalar(type.of, context, number);
    },
    bits: (type, context) => this.#writeBits(type, context),
    char: (type, context) => {
      const most = type.terminated ? type.length - 1 : type.length;
      const position = this.#code.position(context.place);
      this.#code.emit(
        `${this.#code.constant(writeText)}(${this.#code.fault(type, context)}, m, ${position}, ${most}, ${context.value});`,
      );
      if (type.terminated) this.#code.zero(shifted(context.place, most), 1);
    },
    bytes: (type, context) => {
      const { value, place } = context;
      this.#code.emit(
        `if (!${this.#code.constant(isBytes)}(${value}) || ${value}.length !== ${type.length}) ${this.#code.fault(type, context)}.reject(${value});`,
      );
      this.#code.emit(`m.u8.set(${value}, ${this.#code.position(place)});`);
    },
    array: (type, context) => {
      const { value } = context;
      this.#code.emit(
        `if (!Array.isArray(${value}) || ${value}.length !== ${type.length}) ${this.#code.fault(type, context)}.reject(${value});`,
      );
      this.#writeElements(type.of, `${type.length}`, context);
    },
    flexible: (type, context) => {
      const { value, owner } = context;
      const counted =
        type.count === undefined
          ? ""
          : ` || BigInt(${owner}[${JSON.stringify(type.count)}]) !== BigInt(${value}.length)`;
      this.#code.emit(
        `if (!Array.isArray(${value})${counted}) ${this.#code.fault(type, context)}.reject(${value});`,
      );
      // A setter of a view has no size to check before, and a getter of the program can give another
      // array than the one whose size was checked.
      const length = this.#code.name("n");
      const stride = sizeOf(type.of, this.#code.abi);
      const position = this.#code.position(context.place);
      this.#code.emit(`const ${length} = ${value}.length;`);
      this.#code.emit(
        `if (${position} + ${length} * ${stride} > m.byteLength + m.base) outside(m, p - m.base, ${context.place.offset} + ${length} * ${stride});`,
      );
      this.#writeElements(type.of, length, context);
    },
    struct: (type, context) => {
      const { value } = context;
      this.#code.emit(
        `if (typeof ${value} !== "object" || ${value} === null) ${this.#code.fault(type, context)}.reject(${value});`,
      );
      this.#encodeNested(layoutOf(type.of(), this.#code.abi), type, context);
    },
    union: (type, context) => {
      const { value, owner } = context;
      const fault = this.#code.fault(type, context);
      this.#code.emit(
        `if (typeof ${value} !== "object" || ${value} === null) ${fault}.reject(${value});`,
      );
      this.#code.zero(context.place, sizeOf(type, this.#code.abi));
      this.#code.choose(
        type.of(),
        type.discriminator,
        context,
        `${owner}[${JSON.stringify(type.discriminator)}]`,
        `${fault}.reject(${value})`,
        (layout) => this.#encodeNested(layout, type, context),
      );
    },
    ref: (type, context) => {
      const { value, place, endian } = context;
      const [fault, of] = [this.#code.fault(type, context), this.#code.constant(type.of)];
      this.#code.emit(`if (refs === undefined) ${fault}.unresolved(${of}());`);
      this.#code.emit(
        `if (typeof ${value} !== "object" || ${value} === null || typeof ${value}.length !== "number") ${fault}.reject(${value});`,
      );
      this.#code.store(SCALARS.u64, place, endian, `refs.store(${value}, ${of}())`);
    },
    // `#encodeStruct` writes the zeros.
    reserved: () => undefined,
  };

  #storeScalar(type: ScalarType, { place, endian }: Context, value: string): void {
    if (isSafeInteger64(type)) {
      // Two 32-bit halves are far cheaper than a bigint.
      const [low, high] = endian === "little" ? [0, 4] : [4, 0];
      this.#code.store(SCALARS.u32, shifted(place, low), endian, `${value} >>> 0`);
      this.#code.store(
        SCALARS.u32,
        shifted(place, high),
        endian,
        `Math.floor(${value} / 4294967296) >>> 0`,
      );
    } else {
      this.#code.store(type, place, endian, type.value === "boolean" ? `${value} ? 1 : 0` : value);
    }
  }

  /** Source that sets bits, which are zero in a struct; in a view it clears the old ones first. */
  #writeBits(type: BitsType, context: Writing): void {
    const { value, place, endian, layout, bitOffset = 0 } = context;
    const { of, width } = type;
    const big = endian === "big";
    this.#code.emit(
      `if (${misfitBits(type, value)}) ${this.#code.fault(type, context)}.reject(${value});`,
    );
    const unit = bitUnit(bitOffset, width, layout.size, big);
    const integer = of.value === "boolean" ? `(${value} ? 1 : 0)` : value;
    if (unit === undefined) {
      const position = this.#code.position(shifted(place, Math.floor(bitOffset / 8)));
      const write = this.#code.constant(writeBits);
      this.#code.emit(
        `${write}(m, ${position}, ${bitOffset % 8}, ${width}, ${big}, BigInt(${integer}));`,
      );
      return;
    }
    const { size, offset, shift } = unit;
    const at = shifted(place, offset);
    const mask = ((1n << BigInt(width)) - 1n) << BigInt(shift);
    let old = this.#code.load(UNSIGNED[size], at, endian);
    if (size === 8) {
      if (this.#inPlace) old = `(${old} & ${~mask & (2n ** 64n - 1n)}n)`;
      const bits = `(BigInt.asUintN(${width}, BigInt(${integer})) << ${shift}n)`;
      this.#code.store(UNSIGNED[size], at, endian, `${old} | ${bits}`);
    } else {
      if (this.#inPlace) old = `(${old} & ${~Number(mask)})`;
      const number = of.value === "bigint" ? `Number(${integer})` : integer;
      const bits = width === 32 ? number : `(${number} & ${2 ** width - 1}) << ${shift}`;
      this.#code.store(
        UNSIGNED[size],
        at,
        endian,
        `(${old} | ${bits})${size === 4 ? " >>> 0" : ""}`,
      );
    }
  }

  #writeElements(of: FieldType, length: string, context: Writing): void {
    this.#code.loop(of, length, context, (index, inner) => {
      const item = this.#code.name("v");
      this.#code.emit(`const ${item} = ${context.value}[${index}];`);
      perKind(this.#write, of, { ...inner, value: item });
    });
  }
}

/**
 * Source that refuses an object of another struct class. Most objects are of the class itself, so
 * one comparison tells; `FieldFault.checkClass` looks at all others.
 */
function checkClass(
  value: string,
  code: Emitter,
  struct: StructClass,
  type: FieldType,
  context: Pick<Context, "struct" | "path">,
): string {
  const of = code.constant(struct);
  const fault = code.fault(type, context);
  return `if (${value}.constructor !== ${of} && ${value}.constructor !== Object) ${fault}.checkClass(${value}, ${of});`;
}

/** The bytes that bitfields touch, in as few runs as possible. Encoding zeroes them, then sets bits. */
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
