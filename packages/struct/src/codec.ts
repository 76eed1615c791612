import { BoundsError, FieldRangeError } from "./errors.js";
import { type Access, Generator } from "./generate.js";
import { layoutOf } from "./layout.js";
import type { Memory } from "./memory.js";
import type { Sequence, StructClass } from "./types.js";

/** Where arrays behind `@ref` fields are kept: preserved memory, as codecs see it. */
export interface RefResolver {
  /** Writes an array of structs and returns its address. */
  store(elements: Sequence<object>, of: StructClass): bigint;
  /** The array at an address, checked before it is trusted. */
  load(address: bigint, of: StructClass): Sequence<object>;
}

/**
 * Reads and writes one struct. Compiled once per class.
 *
 * Offsets are in bytes from the start of the memory. Aligned offsets (to the struct's alignment)
 * are the fast path, others work. Every method throws a `BoundsError` where the struct would not
 * lie within the memory; those that write throw a `FieldRangeError` for a value that does not fit,
 * those that read an `InvalidBytesError` for bytes that no value has. What was written before an
 * error stays written.
 */
export interface StructCodec<T extends object> {
  /** In bytes. */
  readonly size: number;
  /** In bytes. */
  readonly align: number;
  encode(value: T, memory: Memory, offset: number, refs?: RefResolver): void;
  decode(memory: Memory, offset: number, refs?: RefResolver): T;
  /** Writes `values` one after the other. */
  encodeArray(values: readonly T[], memory: Memory, offset: number, refs?: RefResolver): void;
  /** Reads `count` structs that lie one after the other. */
  decodeArray(memory: Memory, offset: number, count: number, refs?: RefResolver): T[];
}

const codecs = new WeakMap<StructClass, unknown>();

/**
 * The codec of an annotated class.
 *
 * @throws {DeclarationError} when the class is no struct or has no layout
 */
export function codecOf<T extends object>(struct: StructClass<T>): StructCodec<T> {
  const known = codecs.get(struct) as StructCodec<T> | undefined;
  if (known !== undefined) return known;
  const codec = compile(struct);
  codecs.set(struct, codec);
  return codec;
}

/** Typed arrays have the byte order of the machine; layouts are little-endian. */
const LITTLE_ENDIAN_HOST = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

function compile<T extends object>(struct: StructClass<T>): StructCodec<T> {
  const layout = layoutOf(struct);
  const { name, size, align } = layout;
  const constants: unknown[] = [];
  const outside = (memory: Memory, offset: number, count: number): never => {
    throw new BoundsError(
      count === 1 ? name : `${count} x ${name}`,
      offset,
      count * size,
      memory.byteLength,
    );
  };
  const notAnObject = (value: unknown): never => {
    throw new FieldRangeError(name, "(itself)", value, `an object with the fields of ${name}`);
  };

  /** Statements for either kind of access, chosen by where the struct lies. */
  const either = (statements: (generator: Generator, step: string) => string): string => {
    const branch = (access: Access, step: string) =>
      statements(new Generator(access, constants), step);
    const unaligned = branch("unaligned", `p += ${size}`);
    if (!LITTLE_ENDIAN_HOST) return unaligned;
    const sizes = [1, 2, 4, 8].filter((bytes) => bytes <= align);
    const positions = sizes.map((bytes) => `p${bytes} = p / ${bytes}`);
    const steps = [`p += ${size}`, ...sizes.map((bytes) => `p${bytes} += ${size / bytes}`)];
    return `if (p % ${align} === 0 && p <= 0xffffffff) {
      let ${positions.join(", ")};
      ${branch("aligned", steps.join(", "))}
    } else {
      ${unaligned}
    }`;
  };

  const encode = (generator: Generator) => `
    if (typeof value !== "object" || value === null) notAnObject(value);
    ${generator.encode(layout, "value")}`;
  const inside = (count: string) =>
    `if (!(Number.isSafeInteger(o) && o >= 0 && o + ${count} * ${size} <= m.byteLength)) outside(m, o, ${count});
    let p = m.base + o;`;

  const source = `"use strict"; return {
  size: ${size},
  align: ${align},
  encode(value, m, o, refs) {
    ${inside("1")}
    ${either(encode)}
  },
  decode(m, o, refs) {
    ${inside("1")}
    ${either((generator) => {
      const { body, result } = generator.decode(layout);
      return `${body}\nreturn ${result};`;
    })}
  },
  encodeArray(values, m, o, refs) {
    const count = values.length;
    ${inside("count")}
    ${either(
      (generator, step) => `for (let k = 0; k < count; k++, ${step}) {
        const value = values[k];
        ${encode(generator)}
      }`,
    )}
  },
  decodeArray(m, o, count, refs) {
    ${inside("count")}
    const values = new Array(count);
    ${either((generator, step) => {
      const { body, result } = generator.decode(layout);
      return `for (let k = 0; k < count; k++, ${step}) {
        ${body}
        values[k] = ${result};
      }`;
    })}
    return values;
  },
};`;
  const names = constants.map((_, index) => `c${index}`);
  const make = new Function("outside", "notAnObject", ...names, source);
  return make(outside, notAnObject, ...constants) as StructCodec<T>;
}
