import { DeclarationError, FieldRangeError } from "../errors.js";
import { hasOwnMeaning, INSPECT, viewContents, viewValues } from "../inspect.js";
import type { FieldLayout, StructLayout } from "../layout/layout.js";
import type { Memory } from "../memory.js";
import { noElementOf, type Outside, outsideOf } from "./bounds.js";
import type { CodecOf, Operations } from "./codec-contract.js";
import { DecoderSource } from "./decoder.js";
import { type Access, Emitter } from "./emitter.js";
import { EncoderSource } from "./encoder.js";
import { isSafeInteger64 } from "./value-check.js";

/** The functions that the source of every operation can call. */
interface Surroundings {
  /** Throws the error for bytes that reach outside of the memory. */
  readonly outside: Outside;
  /** Throws the error for a cursor that stands on no element. */
  readonly noElement: (memory: Memory) => never;
  /** Throws the error for a value that is no object. */
  readonly notAnObject: (value: unknown) => never;
  /** Throws the error for values that are no array. */
  readonly notAnArray: (values: unknown) => never;
}

/**
 * Compiles one operation to a function with the code for aligned structs. The first unaligned struct
 * compiles a second function for those.
 */
export function compile<T extends object, K extends keyof Operations<T>>(
  layout: StructLayout,
  operation: K,
  codecOf: CodecOf,
): Operations<T>[K] {
  return build(layout, operation, "aligned", codecOf) as Operations<T>[K];
}

type Anything = (...args: never[]) => unknown;

function build(
  layout: StructLayout,
  operation: keyof Operations<object>,
  access: Access,
  codecOf: CodecOf,
): Anything {
  const constants: unknown[] = [];
  const emitter = new Emitter(layout, access, constants);
  const encoder = new EncoderSource(emitter);
  const decoder = new DecoderSource(emitter);
  const source = SOURCE[operation]({
    layout,
    emitter,
    encoder,
    decoder,
    access,
    constants,
    codecOf,
  });
  let unaligned: Anything | undefined;
  const scope: Record<string, unknown> = {
    ...surroundings(layout),
    slow: (...args: never[]) => {
      unaligned ??= build(layout, operation, "unaligned", codecOf);
      return unaligned(...args);
    },
    ...Object.fromEntries(constants.map((constant, index) => [`c${index}`, constant])),
  };
  const make = new Function(...Object.keys(scope), `"use strict"; ${source}`);
  return make(...Object.values(scope));
}

function surroundings(layout: StructLayout): Surroundings & Record<string, unknown> {
  const { name } = layout;
  return {
    outside: outsideOf(layout),
    noElement: noElementOf(layout),
    notAnObject: (value) => {
      throw new FieldRangeError(name, "(itself)", value, `an object with the fields of ${name}`);
    },
    notAnArray: (values) => {
      throw new FieldRangeError(name, "(itself)", values, `an array of ${name}`);
    },
  };
}

/** The element sizes for which aligned code keeps a position, in bytes. */
const strides = ({ align }: StructLayout) => [1, 2, 4, 8].filter((size) => size <= align);
const shift = (stride: number) => Math.log2(stride);

/** Source that checks the bounds and computes `p`, or calls `slow` when `p` is not aligned. */
function enter(layout: StructLayout, access: Access, bytes: string, args: string): string {
  const inside = `if (!(o >= 0 && o + ${bytes} <= m?.byteLength && Number.isSafeInteger(o))) outside(m, o, ${bytes});`;
  if (access === "unaligned")
    return `${inside} let p = m.base + o; if (!(p >= 0)) outside(m, o, ${bytes});`;
  const mask = Math.min(layout.align, 8) - 1;
  const aligned = `(p & ${mask}) === 0 && p <= 0xffffffff`;
  return `${inside} let p = m.base + o; if (!(${aligned})) return slow(${args}); ${positions(layout)}`;
}

/** Source that refuses a count that is no safe integer from 0 up. */
function counted(count: string, { size }: StructLayout): string {
  return `if (!(Number.isSafeInteger(${count}) && ${count} >= 0)) outside(m, o, (${count}) * ${size});`;
}

function positions(layout: StructLayout): string {
  return `let ${strides(layout)
    .map((stride) => `p${stride} = p >>> ${shift(stride)}`)
    .join(", ")};`;
}

function step(layout: StructLayout, access: Access): string {
  const aligned = access === "aligned" ? strides(layout) : [];
  return [
    `p += ${layout.size}`,
    ...aligned.map((stride) => `p${stride} += ${layout.size / stride}`),
  ].join(", ");
}

/** The variables that hold positions in aligned or unaligned code. */
const places = (layout: StructLayout, access: Access): readonly string[] => [
  "p",
  ...(access === "aligned" ? strides(layout).map((stride) => `p${stride}`) : []),
];

/** Source that takes the typed arrays in use from the memory, once per call. */
function arrays({ arrays }: Emitter): string {
  return arrays.length > 0 ? `const { ${arrays.map((name) => `${name}: $${name}`)} } = m;` : "";
}

const OBJECT = `if (typeof value !== "object" || value === null) notAnObject(value);`;

interface Making {
  readonly layout: StructLayout;
  readonly emitter: Emitter;
  readonly encoder: EncoderSource;
  readonly decoder: DecoderSource;
  readonly access: Access;
  /** The values that the source calls `c<n>`. */
  readonly constants: unknown[];
  readonly codecOf: CodecOf;
}

const SOURCE: { readonly [K in keyof Operations<object>]: (making: Making) => string } = {
  encode: ({ layout, emitter, encoder, access, constants, codecOf }) => {
    let bytes = `${layout.size}`;
    if (layout.flexible) {
      constants.push(codecOf(layout.struct, layout.abi).sizeOf);
      bytes = `c${constants.length - 1}(value)`;
    }
    const body = encoder.struct("value");
    return `return (value, m, o, refs) => {
      ${OBJECT}
      ${enter(layout, access, bytes, "value, m, o, refs")} ${arrays(emitter)}
      ${body}
    }`;
  },
  decode: ({ layout, emitter, decoder, access }) => {
    const { body, result } = decoder.struct();
    return `return (m, o, refs) => {
      ${enter(layout, access, `${layout.size}`, "m, o, refs")} ${arrays(emitter)}
      ${body}
      return ${result};
    }`;
  },
  encodeArray: ({ layout, emitter, encoder, access }) => {
    const body = encoder.element("value");
    const state = [...places(layout, access), ...emitter.arrays.map((name) => `$${name}`)].join(
      ", ",
    );
    // The engine optimises a function after some calls, but a single long loop only by replacing it
    // while it runs.
    return `const write = (value, m, refs, ${state}) => {
        ${OBJECT}
        ${body}
      };
      return (values, m, o, refs, from = 0, to = values?.length) => {
      if (!Array.isArray(values)) notAnArray(values);
      ${counted("to - from", layout)}
      ${enter(fixed(layout), access, `(to - from) * ${layout.size}`, "values, m, o, refs, from, to")}
      ${arrays(emitter)}
      for (let k = from; k < to; k++, ${step(layout, access)}) {
        write(values[k], m, refs, ${state});
      }
    }`;
  },
  decodeArray: ({ layout, emitter, decoder, access }) => {
    const { body, result } = decoder.struct();
    return `return (m, o, count, refs, into, at = 0) => {
      ${counted("count", layout)}
      ${enter(fixed(layout), access, `count * ${layout.size}`, "m, o, count, refs, into, at")}
      ${arrays(emitter)}
      const values = into ?? new Array(count);
      for (let k = 0; k < count; k++, ${step(layout, access)}) {
        ${body}
        values[at + k] = ${result};
      }
      return values;
    }`;
  },
  view: (making) => `
    ${viewClass(making, false)}
    return (m, o, refs) => {
      ${enter(making.layout, making.access, `${making.layout.size}`, "m, o, refs")}
      return new View(m, p / ${unit(making)}, refs);
    }`,
  cursor: (making) => {
    const { size } = fixed(making.layout);
    return `
    ${viewClass(making, true)}
    return (m, o, count, refs) => {
      ${counted("count", making.layout)}
      ${enter(making.layout, making.access, `count * ${size}`, "m, o, count, refs")}
      p /= ${unit(making)};
      return new View(m, p, refs, count * ${size / unit(making)});
    }`;
  },
};

/** The layout itself, if structs of it can lie in a row. @throws {DeclarationError} otherwise */
function fixed(layout: StructLayout): StructLayout {
  if (!layout.flexible) return layout;
  const problem =
    "ends with a flexible array, so there is no array of it; go through them one by one";
  throw new DeclarationError(layout.name, undefined, problem);
}

/** Source of the methods for `console.log` and `JSON.stringify`, unless the class has its own. */
function shown({ layout, constants }: Making): string {
  const methods: [string | symbol, (view: object) => object][] = [
    [INSPECT, (view) => viewContents(view, layout)],
    ["toJSON", (view) => viewValues(view, layout)],
  ];
  return methods
    .filter(([name]) => !hasOwnMeaning(layout, name))
    .map(([name, show]) => {
      const [key, method] = [constants.push(name) - 1, constants.push(show) - 1];
      return `[c${key}]() { return c${method}(this); }`;
    })
    .join("\n");
}

/**
 * The position of a cursor before its first element, in units. It is a small integer of the engine, and
 * so far before the memory that no field of a struct up to as many bytes reaches it.
 */
const BEFORE = -(2 ** 30);

/** True when a getter gives an element of a typed array as it is. */
function isElement({ type, offset, endian }: FieldLayout, { emitter }: Making): boolean {
  if (type.kind !== "scalar" || type.value === "boolean" || isSafeInteger64(type)) return false;
  return emitter.typed(type.size, { offset, loops: [] }, endian);
}

/** The unit of a view's position, in bytes. */
const unit = ({ layout, access }: Making) => (access === "aligned" ? Math.min(layout.align, 8) : 1);

/** Source that lets views inherit `constructor` from the class, so that they pass for its objects. */
const INHERITED = "delete View.prototype.constructor;";

/**
 * Source of the class whose accessors read and write the bytes. Programs make many views, so it
 * holds only what the accessors use.
 */
function viewClass(making: Making, cursor: boolean): string {
  const { layout, emitter, encoder, decoder, access, constants, codecOf } = making;
  const accessors = layout.fields.flatMap((field) => {
    const { name, type } = field;
    if (type.kind === "reserved") return [];
    if (cursor && name === "next") {
      const problem = "has the name of the cursor's method; use a view";
      throw new DeclarationError(layout.name, name, problem);
    }
    const key = JSON.stringify(name);
    const on = cursor ? "if (this.#at < 0) noElement(m);" : "";
    // A typed array has undefined there, which the getter sees without a check of its own.
    const seen = isElement(field, making) && layout.size <= -BEFORE;
    const set = `m.byteLength; ${on} ${encoder.field(field, "this", "value")}`;
    const { body, result } =
      decoder.nestedView(field, "this", codecOf) ?? decoder.field(field, "this");
    const get = `${seen ? "" : on} ${body} const result = ${result}; if (result === undefined) { m.byteLength; ${on} } return result;`;
    return [
      { head: `get [${key}]()`, code: get },
      { head: `set [${key}](value)`, code: set },
    ];
  });
  constants.push(layout.struct.prototype);
  const prototype = `c${constants.length - 1}`;
  const at = unit(making);
  const positions = access === "aligned" ? strides(layout) : [];
  // A match may be the name of a field in a string. The view then holds a variable that it does not use.
  const uses = (code: string, name: string) => new RegExp(`(?<![$\\w])${name}\\b`).test(code);
  const held = ["m", "refs"].filter((name) => accessors.some(({ code }) => uses(code, name)));
  const prologue = (code: string) =>
    [
      ...held.filter((name) => uses(code, name)).map((name) => `${name} = this.#${name}`),
      ...emitter.arrays
        .filter((name) => uses(code, `\\$${name}`))
        .map((name) => `$${name} = this.#${name}`),
      ...["", ...positions]
        .filter((stride) => uses(code, `p${stride}`))
        .map((stride) => `p${stride} = this.#at * ${at / Number(stride || 1)}`),
    ]
      .map((binding) => `const ${binding};`)
      .join(" ");
  const start = [
    ...held.map((name) => `this.#${name} = ${name};`),
    ...emitter.arrays.map((name) => `this.#${name} = m.${name};`),
  ].join(" ");
  // The position is negative until the first call of `next`.
  const next = `next() {
      const at = this.#following;
      if (at === this.#end) return false;
      this.#at = at;
      this.#following = at + ${layout.size / at};
      return true;
    }`;
  return `class View {
    #at; ${[...held, ...emitter.arrays].map((name) => `#${name};`).join(" ")} ${cursor ? "#following; #end;" : ""}
    constructor(m, at, refs, length) {
      ${cursor ? `this.#at = ${BEFORE}; this.#following = at; this.#end = at + length;` : "this.#at = at;"} ${start}
    }
    ${accessors.map(({ head, code }) => `${head} { ${prologue(code)} ${code} }`).join("\n")}
    ${cursor ? next : ""}
    ${shown(making)}
  }
  Object.setPrototypeOf(View.prototype, ${prototype});
  ${layout.fields.some(({ name }) => name === "constructor") ? "" : INHERITED}`;
}
