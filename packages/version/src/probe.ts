import {
  codecOf,
  defineStruct,
  FieldRangeError,
  type FieldType,
  Memory,
  type RefResolver,
  type StructCodec,
} from "@luo/struct";

/** References are not followed: only whether they can be written is asked. */
const NOWHERE: RefResolver = { store: () => 0n, load: () => [] };

/** What is read together with other fields, and cannot be written alone. */
const DEPENDENT: readonly FieldType["kind"][] = ["union", "flexible"];

const codecs = new WeakMap<FieldType, StructCodec<Record<string, unknown>>>();

/** Why a value cannot be of a type, found by encoding it; undefined when it can. */
export function misfitOf(type: FieldType, value: unknown): string | undefined {
  if (DEPENDENT.includes(type.kind)) return value === undefined ? "found undefined" : undefined;
  const codec = codecs.get(type) ?? codecOf(defineStruct("Probe", 0, [{ name: "value", type }]));
  codecs.set(type, codec);
  try {
    codec.encode({ value }, new Memory(new ArrayBuffer(codec.size)), 0, NOWHERE);
    return undefined;
  } catch (error) {
    if (!(error instanceof FieldRangeError)) throw error;
    return error.message.slice(error.message.indexOf("found"));
  }
}
