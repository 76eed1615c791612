import { INSIDE, MENTIONED, structsOf } from "../declare/declaration.js";
import { descriptorOf } from "../declare/registry.js";
import { refuseUndecorated } from "../declare/undecorated.js";
import { DeclarationError } from "../errors.js";
import { type Abi, DEFAULT_ABI } from "../layout/abi.js";
import { type FieldLayout, layoutOf, type StructLayout, sizeOf } from "../layout/layout.js";
import { targetOf } from "../layout/struct-bounds.js";
import { perKind, type StructClass } from "../types.js";
import { closures } from "./closures.js";
import type { Operations, StructCodec } from "./codec-contract.js";
import { compile } from "./compile.js";

const codecs = new WeakMap<StructClass, Map<Abi, unknown>>();

/**
 * The codec of an annotated class.
 *
 * @param abi the platform whose layout and byte order to use; images always use the default
 * @throws {DeclarationError} when the class is no struct, or has no layout or no codec. The first call
 *   of an operation throws it when the constructor sets a property that is neither annotated nor
 *   `@transient`
 */
export function codecOf<T extends object>(
  struct: StructClass<T>,
  abi: Abi = DEFAULT_ABI,
): StructCodec<T> {
  const known = codecs.get(struct)?.get(abi) as StructCodec<T> | undefined;
  if (known !== undefined) return known;
  const layout = layoutOf(struct, abi);
  refuseOverlay(struct);
  // Images of an earlier release may hold such structs, and are bounded by their schemas.
  if (descriptorOf(struct).places === undefined) refuseElements(layout);
  const codec = lazily<T>(layout);
  const perAbi = codecs.get(struct) ?? new Map();
  codecs.set(struct, perAbi.set(abi, codec));
  return codec;
}

/** @throws {DeclarationError} for an overlay, or a struct with one outside of reserved space */
function refuseOverlay(struct: StructClass): void {
  const { name, options, fields } = descriptorOf(struct);
  if (options.overlay) {
    const problem = "is an overlay, and nothing tells which field holds; use @union for a codec";
    throw new DeclarationError(name, undefined, problem);
  }
  for (const { type } of fields) {
    if (type.kind !== "reserved") perKind(INSIDE, type).forEach(refuseOverlay);
  }
}

/**
 * Refuses a flexible array whose elements cannot be counted by the bytes: because they have none, or
 * because padding at the end of the struct has room for some.
 *
 * @throws {DeclarationError} saying the count or the reserved bytes to add
 */
function refuseElements({ name: struct, fields, size, abi }: StructLayout): void {
  const tail = fields.at(-1);
  if (tail?.type.kind !== "flexible") return;
  const { name, offset, type } = tail;
  const stride = sizeOf(type.of, abi);
  if (stride === 0) {
    const found = "is a flexible array of elements of no bytes";
    throw new DeclarationError(struct, name, { found, do: "give its elements a size" });
  }
  const padding = size - offset;
  if (type.count !== undefined || stride > padding) return;
  throw new DeclarationError(struct, name, {
    found: `is a flexible array without a count that begins in ${padding} bytes of padding, which would be read as elements`,
    do: `add { count: "<field>" }, or in front of it @reserved(bytes(${padding})) _: unknown`,
  });
}

/** Refuses a reference to structs of no bytes, which an array could not count. */
function refuseTarget(struct: string, { name, type }: FieldLayout): void {
  const target = targetOf(type);
  if (target === undefined || layoutOf(target).size > 0) return;
  const found = `refers to an array of ${target.name}, which has no bytes`;
  throw new DeclarationError(struct, name, { found, do: "give the struct a field with a size" });
}

/** True when `new Function` works; a page's Content-Security-Policy can forbid it. */
let compiles: boolean | undefined;

function mayCompile(): boolean {
  try {
    compiles ??= new Function("return true")() === true;
  } catch {
    compiles = false;
  }
  return compiles;
}

/** A codec whose operations compile at their first call, and then replace themselves. */
function lazily<T extends object>(layout: StructLayout): StructCodec<T> {
  const make = <K extends keyof Operations<T>>(name: K): Operations<T>[K] => {
    refuseUndecorated(layout.struct);
    for (const field of layout.fields) {
      structsOf(layout.name, field, MENTIONED);
      refuseTarget(layout.name, field);
    }
    return mayCompile() ? compile<T, K>(layout, name, codecOf) : closures<T>(layout, codecOf)[name];
  };
  const codec: { -readonly [K in keyof StructCodec<T>]: StructCodec<T>[K] } = {
    size: layout.size,
    align: layout.align,
    sizeOf: sizeOfValue(layout),
    encode(value, memory, offset, refs) {
      codec.encode = make("encode");
      codec.encode(value, memory, offset, refs);
    },
    decode(memory, offset, refs) {
      codec.decode = make("decode");
      return codec.decode(memory, offset, refs);
    },
    encodeArray(...args) {
      codec.encodeArray = make("encodeArray");
      codec.encodeArray(...args);
    },
    decodeArray(...args) {
      codec.decodeArray = make("decodeArray");
      return codec.decodeArray(...args);
    },
    view(memory, offset, refs) {
      codec.view = make("view");
      return codec.view(memory, offset, refs);
    },
    cursor(memory, offset, count, refs) {
      codec.cursor = make("cursor");
      return codec.cursor(memory, offset, count, refs);
    },
  };
  return codec;
}

function sizeOfValue({ fields, size, flexible, abi }: StructLayout): (value: object) => number {
  const tail = flexible ? fields.at(-1) : undefined;
  if (tail?.type.kind !== "flexible") return () => size;
  const { name, offset } = tail;
  const stride = sizeOf(tail.type.of, abi);
  return (value) => {
    const elements = (value as Record<string, { length?: number } | undefined>)[name];
    return Math.max(size, offset + (elements?.length ?? 0) * stride);
  };
}
