import { BoundsError, DeclarationError, FieldRangeError } from "../errors.js";
import { INSPECT, viewContents } from "../inspect.js";
import type { StructLayout } from "../layout/layout.js";
import type { Memory } from "../memory.js";
import type { CodecOf, Operations } from "./codec-contract.js";
import { DecoderSource } from "./decoder.js";
import { type Access, Emitter } from "./emitter.js";
import { EncoderSource } from "./encoder.js";

/** What the source of each operation needs beside its constants. */
interface Surroundings {
  /** Throws: the bytes would not lie within the memory. */
  readonly outside: (memory: Memory, offset: number, bytes: number) => never;
  /** Throws: there is no object to write. */
  readonly notAnObject: (value: unknown) => never;
}

/**
 * Compiles one operation. The function holds the code for aligned structs; another with the code
 * for the rest is compiled when such a one comes along.
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

function surroundings({ name }: StructLayout): Surroundings & Record<string, unknown> {
  return {
    outside: (memory, offset, bytes) => {
      throw new BoundsError(name, offset, bytes, memory.byteLength);
    },
    notAnObject: (value) => {
      throw new FieldRangeError(name, "(itself)", value, `an object with the fields of ${name}`);
    },
  };
}

/** The element sizes whose positions aligned code uses. */
const strides = ({ align }: StructLayout) => [1, 2, 4, 8].filter((size) => size <= align);
const shift = (stride: number) => Math.log2(stride);

/** Checks the bounds and gives `p`; leaves for `slow` when that is not aligned. */
function enter(layout: StructLayout, access: Access, bytes: string, args: string): string {
  const inside = `if (!(o >= 0 && o + ${bytes} <= m.byteLength && Number.isSafeInteger(o))) outside(m, o, ${bytes});`;
  if (access === "unaligned") return `${inside} let p = m.base + o;`;
  const mask = Math.min(layout.align, 8) - 1;
  const aligned = `(p & ${mask}) === 0 && p <= 0xffffffff`;
  return `${inside} let p = m.base + o; if (!(${aligned})) return slow(${args}); ${positions(layout)}`;
}

/** Refuses what is no number of structs. */
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

/** The positions that aligned and unaligned code counts. */
const places = (layout: StructLayout, access: Access): readonly string[] => [
  "p",
  ...(access === "aligned" ? strides(layout).map((stride) => `p${stride}`) : []),
];

/** The typed arrays that the code uses, out of the memory once. */
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
  /** What the source refers to as `c<n>`. */
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
    const body = encoder.struct("value");
    const state = [...places(layout, access), ...emitter.arrays.map((name) => `$${name}`)].join(
      ", ",
    );
    // A function for each is compiled after some calls, while a loop over all would have to be replaced
    // as it runs.
    return `const write = (value, m, refs, ${state}) => {
        ${OBJECT}
        ${body}
      };
      return (values, m, o, refs, from = 0, to = values.length) => {
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
      return new View(m, p - ${size / unit(making)}, refs, p + (count - 1) * ${size / unit(making)});
    }`;
  },
};

/** A struct that can be repeated. */
function fixed(layout: StructLayout): StructLayout {
  if (!layout.flexible) return layout;
  const problem =
    "ends with a flexible array, so there is no array of it; go through them one by one";
  throw new DeclarationError(layout.name, undefined, problem);
}

/** The method that shows a view in `console.log`, unless the class has one of its own. */
function inspection({ layout, constants }: Making): string {
  if (INSPECT in layout.struct.prototype) return "";
  const contents = (view: object) => viewContents(view, layout);
  const [symbol, show] = [constants.push(INSPECT) - 1, constants.push(contents) - 1];
  return `[c${symbol}]() { return c${show}(this); }`;
}

/** The bytes that a view counts its position in. */
const unit = ({ layout, access }: Making) => (access === "aligned" ? Math.min(layout.align, 8) : 1);

/** The class whose accessors read and write the bytes. It holds just what they need, as it is made often. */
function viewClass(making: Making, cursor: boolean): string {
  const { layout, emitter, encoder, decoder, access, constants, codecOf } = making;
  const accessors = layout.fields.flatMap((field) => {
    const { name, type, offset } = field;
    if (type.kind === "reserved") return [];
    if (cursor && name === "next") {
      const problem = "has the name of the cursor's method; use a view";
      throw new DeclarationError(layout.name, name, problem);
    }
    const key = JSON.stringify(name);
    const set = `m.byteLength; ${encoder.field(field, "this", "value")}`;
    const { body, result } = decoder.field(field, "this");
    let get = `${body} const result = ${result}; if (result === undefined) m.byteLength; return result;`;
    if (type.kind === "struct") {
      constants.push(codecOf(type.of(), layout.abi));
      get = `return c${constants.length - 1}.view(m, p - m.base + ${offset}, refs);`;
    }
    return [
      { head: `get [${key}]()`, code: get },
      { head: `set [${key}](value)`, code: set },
    ];
  });
  constants.push(layout.struct.prototype);
  const prototype = `c${constants.length - 1}`;
  const at = unit(making);
  const positions = access === "aligned" ? strides(layout) : [];
  // A field may be called like one of these; then a view holds it although no code needs it.
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
  const next = `next() {
      if (this.#at === this.#last) return false;
      this.#at += ${layout.size / at};
      return true;
    }`;
  return `class View {
    #at; ${[...held, ...emitter.arrays].map((name) => `#${name};`).join(" ")} ${cursor ? "#last;" : ""}
    constructor(m, at, refs, last) {
      this.#at = at; ${start} ${cursor ? "this.#last = last;" : ""}
    }
    ${accessors.map(({ head, code }) => `${head} { ${prologue(code)} ${code} }`).join("\n")}
    ${cursor ? next : ""}
    ${inspection(making)}
  }
  Object.setPrototypeOf(View.prototype, ${prototype});`;
}
