import { DeclarationError, FieldRangeError } from "../errors.js";
import { hasOwnMeaning, INSPECT, viewContents, viewValues } from "../inspect.js";
import type { Endian } from "../layout/abi.js";
import { type FieldLayout, layoutOf, type StructLayout, sizeOf } from "../layout/layout.js";
import type { Memory } from "../memory.js";
import {
  bitBounds,
  type FieldType,
  isSigned,
  type PerKind,
  perKind,
  SCALARS,
  type ScalarType,
  type Sequence,
} from "../types.js";
import { readBits, writeBits } from "./bits.js";
import { noElementOf, outsideOf, refuseOther } from "./bounds.js";
import type { CodecOf, Operations, RefResolver } from "./codec-contract.js";
import { FieldFault } from "./field-fault.js";
import { readText, writeText } from "./text-codec.js";
import { isBytes } from "./value-check.js";

/**
 * The operations without generated code, for pages whose Content-Security-Policy forbids it. Each field
 * has a function over a DataView. They are slower than compiled code and behave the same.
 */

/** The place of a value, and the object that it belongs to. */
interface At {
  readonly memory: Memory;
  /** The absolute position in the buffer, in bytes. */
  readonly position: number;
  /** The object or view that holds the field. */
  readonly owner: Record<string, unknown>;
  readonly refs: RefResolver | undefined;
}

interface Accessor {
  read(at: At): unknown;
  write(at: At, value: unknown): void;
}

interface Context {
  readonly layout: StructLayout;
  readonly endian: Endian;
  readonly struct: string;
  readonly path: string;
  /** The first bit of a bitfield, from the start of its struct. */
  readonly bitOffset: number;
}

interface FieldAccessor extends Accessor {
  readonly field: FieldLayout;
}

const little = ({ endian }: Context) => endian === "little";
const within = ({ memory, position }: At) => position - memory.base;

function integerFits(value: unknown, low: bigint | number, high: bigint | number): boolean {
  return typeof value === "bigint"
    ? value >= low && value <= high
    : Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high;
}

function scalarFits({ value: kind, name, bounds }: ScalarType, value: unknown): boolean {
  if (typeof value !== kind) return false;
  if (bounds !== undefined) return integerFits(value, bounds[0], bounds[1]);
  if (name !== "f32") return true;
  return !Number.isFinite(value) || Number.isFinite(Math.fround(value as number));
}

const ACCESSOR: PerKind<Accessor, Context> = {
  scalar: (type, context) => {
    const fault = new FieldFault(context.struct, context.path, type);
    const get = `get${type.accessor}` as "getBigUint64";
    const set = `set${type.accessor}` as "setBigUint64";
    const order = little(context);
    const wide = type.value === "number" && type.size === 8 && type.bounds !== undefined;
    return {
      read: (at) => {
        const found: unknown = at.memory.view[get](within(at), order);
        if (type.value === "boolean") {
          if (found !== 0 && found !== 1) fault.invalid(at.memory, at.position, found);
          return found === 1;
        }
        if (!wide) return found;
        const number = Number(found);
        return Number.isSafeInteger(number)
          ? number
          : fault.invalid(at.memory, at.position, number);
      },
      write: (at, value) => {
        if (!scalarFits(type, value)) fault.reject(value);
        const stored: unknown =
          type.value === "boolean" ? Number(value) : wide ? BigInt(value as number) : value;
        at.memory.view[set](within(at), stored as bigint, order);
      },
    };
  },
  enum: (type, context) => {
    const fault = new FieldFault(context.struct, context.path, type);
    const number = perKind(ACCESSOR, type.of, context);
    const numbers = new Map(Array.from(type.members, ([key, member]) => [member, key]));
    return {
      read: (at) => {
        const found = number.read(at);
        return type.members.get(found as number) ?? fault.invalid(at.memory, at.position, found);
      },
      write: (at, value) => {
        number.write(at, numbers.get(value as string) ?? fault.reject(value));
      },
    };
  },
  bits: (type, context) => {
    const fault = new FieldFault(context.struct, context.path, type);
    const { of, width } = type;
    const big = context.endian === "big";
    const first = context.bitOffset % 8;
    const [low, high] = bitBounds(of, width);
    const kind = of.value;
    return {
      read: ({ memory, position }) => {
        const raw = readBits(memory, position, first, width, big);
        if (kind === "boolean") return raw === 1n;
        const value = isSigned(of) ? BigInt.asIntN(width, raw) : raw;
        return kind === "bigint" ? value : Number(value);
      },
      write: ({ memory, position }, value) => {
        const fits = typeof value === kind && (kind === "boolean" || integerFits(value, low, high));
        if (!fits) fault.reject(value);
        writeBits(memory, position, first, width, big, BigInt(value as number));
      },
    };
  },
  char: (type, { struct, path }) => {
    const fault = new FieldFault(struct, path, type);
    const { length, terminated } = type;
    return {
      read: ({ memory, position }) => readText(fault, memory, position, length, terminated),
      write: ({ memory, position }, value) => {
        writeText(fault, memory, position, terminated ? length - 1 : length, value);
        if (terminated) memory.u8[position + length - 1] = 0;
      },
    };
  },
  bytes: (type, { struct, path }) => {
    const fault = new FieldFault(struct, path, type);
    const { length } = type;
    return {
      read: ({ memory, position }) => memory.u8.slice(position, position + length),
      write: ({ memory, position }, value) => {
        if (!isBytes(value) || value.length !== length) return fault.reject(value);
        memory.u8.set(value, position);
      },
    };
  },
  array: (type, context) => {
    const fault = new FieldFault(context.struct, context.path, type);
    const elements = repeated(type.of, context);
    return {
      read: (at) => elements.read(at, type.length),
      write: (at, value) => {
        if (!Array.isArray(value) || value.length !== type.length) return fault.reject(value);
        elements.write(at, value, type.length);
      },
    };
  },
  flexible: (type, context) => {
    const fault = new FieldFault(context.struct, context.path, type);
    const elements = repeated(type.of, context);
    const stride = sizeOf(type.of, context.layout.abi);
    const outside = outsideOf(context.layout);
    const offset = context.layout.fields.at(-1)?.offset ?? 0;
    const room = (at: At) => (at.memory.byteLength - within(at)) / stride;
    const refuse = (at: At, count: number) =>
      outside(at.memory, within(at) - offset, offset + count * stride);
    return {
      read: (at) => {
        const most = room(at);
        const count = type.count === undefined ? Math.floor(most) : Number(at.owner[type.count]);
        if (!(count >= 0 && count <= most)) refuse(at, count);
        return elements.read(at, count);
      },
      write: (at, value) => {
        const counted =
          type.count === undefined ||
          !Array.isArray(value) ||
          Number(at.owner[type.count]) === value.length;
        if (!Array.isArray(value) || !counted) return fault.reject(value);
        const { length } = value;
        if (length > room(at)) refuse(at, length);
        elements.write(at, value, length);
      },
    };
  },
  struct: (type, context) => {
    const fault = new FieldFault(context.struct, context.path, type);
    const layout = layoutOf(type.of(), context.layout.abi);
    const fields = accessors(layout, context);
    return {
      read: ({ memory, position, refs }) => readStruct(layout, fields, memory, position, refs),
      write: ({ memory, position, refs }, value) => {
        if (typeof value !== "object" || value === null) return fault.reject(value);
        fault.checkClass(value, layout.struct);
        writeStruct(layout, fields, value, memory, position, refs);
      },
    };
  },
  union: (type, context) => {
    const fault = new FieldFault(context.struct, context.path, type);
    const { abi } = context.layout;
    const size = sizeOf(type, abi);
    const variants = new Map(
      Object.entries(type.of()).map(([key, struct]) => {
        const layout = layoutOf(struct, abi);
        return [key, { layout, fields: accessors(layout, context) }] as const;
      }),
    );
    return {
      read: ({ memory, position, owner, refs }) => {
        const found = variants.get(String(owner[type.discriminator]));
        if (found === undefined) return fault.invalid(memory, position, owner[type.discriminator]);
        return readStruct(found.layout, found.fields, memory, position, refs);
      },
      write: ({ memory, position, owner, refs }, value) => {
        const found = variants.get(String(owner[type.discriminator]));
        if (typeof value !== "object" || value === null || found === undefined)
          return fault.reject(value);
        fault.checkClass(value, found.layout.struct);
        memory.u8.fill(0, position, position + size);
        writeStruct(found.layout, found.fields, value, memory, position, refs);
      },
    };
  },
  ref: (type, context) => {
    const fault = new FieldFault(context.struct, context.path, type);
    const address = perKind(ACCESSOR, SCALARS.u64, context);
    return {
      read: (at) => {
        const { refs = fault.unresolved(type.of()) } = at;
        return refs.load(address.read(at) as bigint, type.of());
      },
      write: (at, value) => {
        const { refs = fault.unresolved(type.of()) } = at;
        const sequence = value as Sequence<object> | null;
        if (typeof sequence !== "object" || typeof sequence?.length !== "number") {
          return fault.reject(value);
        }
        address.write(at, refs.store(sequence, type.of()));
      },
    };
  },
  reserved: (type, context) => {
    const fault = new FieldFault(context.struct, context.path, type);
    if (type.of.kind === "bits") {
      const bits =
        type.of.width > 0 && type.checked ? perKind(ACCESSOR, type.of, context) : undefined;
      return {
        read: (at) => {
          const found = bits?.read(at);
          if (bits && Number(found) !== 0) fault.invalid(at.memory, at.position, found);
        },
        write: () => {},
      };
    }
    const size = sizeOf(type, context.layout.abi);
    return {
      read: ({ memory, position }) => {
        if (type.checked) fault.checkZeros(memory, position, size);
      },
      write: ({ memory, position }) => {
        memory.u8.fill(0, position, position + size);
      },
    };
  },
};

function repeated(of: FieldType, context: Context) {
  const element = perKind(ACCESSOR, of, { ...context, path: `${context.path}[]` });
  const stride = sizeOf(of, context.layout.abi);
  return {
    read: (at: At, count: number) =>
      Array.from({ length: count }, (_, index) =>
        element.read({ ...at, position: at.position + index * stride }),
      ),
    write: (at: At, values: readonly unknown[], count: number) => {
      for (let index = 0; index < count; index++) {
        element.write({ ...at, position: at.position + index * stride }, values[index]);
      }
    },
  };
}

function accessors(
  layout: StructLayout,
  { struct, path }: Pick<Context, "struct" | "path">,
): FieldAccessor[] {
  return layout.fields.map((field) => {
    const { name, type, endian, bitOffset = 0 } = field;
    const inner = path ? `${path}.${name}` : name;
    return {
      field,
      ...perKind(ACCESSOR, type, { layout, endian, struct, path: inner, bitOffset }),
    };
  });
}

function readStruct(
  { struct }: StructLayout,
  fields: readonly FieldAccessor[],
  memory: Memory,
  start: number,
  refs: RefResolver | undefined,
): object {
  const owner = new struct() as Record<string, unknown>;
  for (const { field, read } of fields) {
    const value = read({ memory, position: start + field.offset, owner, refs });
    if (field.type.kind !== "reserved") owner[field.name] = value;
  }
  return owner;
}

function writeStruct(
  { padding }: StructLayout,
  fields: readonly FieldAccessor[],
  value: object,
  memory: Memory,
  start: number,
  refs: RefResolver | undefined,
): void {
  const owner = value as Record<string, unknown>;
  // Padding comes first, because a flexible array may begin in the padding at the end.
  for (const { offset, size } of padding) memory.u8.fill(0, start + offset, start + offset + size);
  for (const { field } of fields) {
    const { bitOffset, offset, size } = field;
    if (bitOffset !== undefined) memory.u8.fill(0, start + offset, start + offset + size);
  }
  for (const { field, write } of fields) {
    write({ memory, position: start + field.offset, owner, refs }, owner[field.name]);
  }
}

/** The function that gives a view of a nested struct, or of the struct of a union. */
function nestedView(
  { name, type }: FieldLayout,
  { abi, name: struct }: StructLayout,
  codecOf: CodecOf,
): ((at: At) => object) | undefined {
  if (type.kind === "struct") {
    const codec = codecOf(type.of(), abi);
    return (at) => codec.view(at.memory, within(at), at.refs);
  }
  if (type.kind !== "union") return undefined;
  const fault = new FieldFault(struct, name, type);
  const variants = new Map(
    Object.entries(type.of()).map(([key, of]) => [key, codecOf(of, abi)] as const),
  );
  return (at) => {
    const key = at.owner[type.discriminator];
    const codec = variants.get(String(key)) ?? fault.invalid(at.memory, at.position, key);
    return codec.view(at.memory, within(at), at.refs);
  };
}

/** The operations of a struct, made of one function per field. */
export function closures<T extends object>(layout: StructLayout, codecOf: CodecOf): Operations<T> {
  const { name, size, abi } = layout;
  const fields = accessors(layout, { struct: name, path: "" });
  const itself = new FieldFault(name, "(itself)", { kind: "struct", of: () => layout.struct });
  const [outside, noElement] = [outsideOf(layout), noElementOf(layout)];
  const inside = (memory: Memory, offset: number, bytes: number): number => {
    refuseOther(memory, name);
    const fits = offset >= 0 && offset + bytes <= memory.byteLength && Number.isSafeInteger(offset);
    if (!fits) outside(memory, offset, bytes);
    return memory.base + offset;
  };
  const row = (memory: Memory, offset: number, count: number): number => {
    if (layout.flexible) {
      const problem =
        "ends with a flexible array, so there is no array of it; go through them one by one";
      throw new DeclarationError(name, undefined, problem);
    }
    return inside(
      memory,
      offset,
      Number.isSafeInteger(count) && count >= 0 ? count * size : Number.NaN,
    );
  };
  const write = (value: T, memory: Memory, start: number, refs: RefResolver | undefined) => {
    if (typeof value !== "object" || value === null) {
      throw new FieldRangeError(name, "(itself)", value, `an object with the fields of ${name}`);
    }
    writeStruct(layout, fields, value, memory, start, refs);
  };
  const viewOf = (state: {
    readonly memory: Memory;
    /** The absolute position; undefined while a cursor stands on no element. */
    start: number | undefined;
    readonly refs: RefResolver | undefined;
  }) => {
    const view: Record<string, unknown> = Object.create(layout.struct.prototype);
    for (const { field, read, write } of fields) {
      const { type, offset } = field;
      if (type.kind === "reserved") continue;
      const at = () => {
        const { memory, start = noElement(memory), refs } = state;
        inside(memory, start - memory.base, size);
        return { memory, position: start + offset, owner: view, refs };
      };
      const viewed = nestedView(field, layout, codecOf);
      Object.defineProperty(view, field.name, {
        enumerable: true,
        get: () => (viewed ? viewed(at()) : read(at())),
        set: (value: unknown) => write(at(), value),
      });
    }
    if (!hasOwnMeaning(layout, INSPECT)) {
      Object.defineProperty(view, INSPECT, { value: () => viewContents(view, layout) });
    }
    if (!hasOwnMeaning(layout, "toJSON")) {
      Object.defineProperty(view, "toJSON", { value: () => viewValues(view, layout) });
    }
    return view;
  };
  return {
    encode: (value, memory, offset, refs) => {
      const bytes = layout.flexible && value ? codecOf(layout.struct, abi).sizeOf(value) : size;
      write(value, memory, inside(memory, offset, bytes), refs);
    },
    decode: (memory, offset, refs) =>
      readStruct(layout, fields, memory, inside(memory, offset, size), refs) as T,
    encodeArray: (values, memory, offset, refs, from = 0, to = values?.length) => {
      if (!Array.isArray(values)) {
        throw new FieldRangeError(name, "(itself)", values, `an array of ${name}`);
      }
      const start = row(memory, offset, to - from);
      for (let index = from; index < to; index++) {
        const value = values[index] as T;
        itself.checkClass(value, layout.struct);
        write(value, memory, start + (index - from) * size, refs);
      }
    },
    decodeArray: (memory, offset, count, refs, into, at = 0) => {
      const start = row(memory, offset, count);
      const values = into ?? new Array<T>(count);
      for (let index = 0; index < count; index++) {
        values[at + index] = readStruct(layout, fields, memory, start + index * size, refs) as T;
      }
      return values;
    },
    view: (memory, offset, refs) =>
      viewOf({ memory, start: inside(memory, offset, size), refs }) as T,
    cursor: (memory, offset, count, refs) => {
      const first = row(memory, offset, count);
      const state: Parameters<typeof viewOf>[0] = { memory, start: undefined, refs };
      let done = 0;
      const next = () => {
        if (done === count) return false;
        state.start = first + done++ * size;
        return true;
      };
      return Object.assign(viewOf(state), { next }) as T & { next: typeof next };
    },
  };
}
