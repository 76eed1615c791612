import {
  codecOf,
  defineStruct,
  FieldRangeError,
  type FieldType,
  Memory,
  type RefResolver,
  type StructCodec,
} from "@luo/struct";

/** Does not follow references. The arrays behind them are checked when they are written. */
const NOWHERE: RefResolver = { store: () => 0n, load: () => [] };

/** Kinds whose values depend on other fields, so a value alone cannot be encoded. */
const DEPENDENT: readonly FieldType["kind"][] = ["union", "flexible"];

/** The value found, and the values that the type has. */
interface ValueFault {
  readonly found: string;
  readonly expected: string;
}

interface Probe {
  readonly codec: StructCodec<Record<string, unknown>>;
  readonly memory: Memory;
}

const probes = new WeakMap<FieldType, Probe>();

/** The reason why a value does not fit a type, found by encoding it; undefined when it fits. */
export function misfitOf(type: FieldType, value: unknown): ValueFault | undefined {
  if (DEPENDENT.includes(type.kind)) {
    return value === undefined
      ? { found: "undefined", expected: `a value of the ${type.kind}` }
      : undefined;
  }
  const { codec, memory } = probes.get(type) ?? probeOf(type);
  try {
    codec.encode({ value }, memory, 0, NOWHERE);
    return undefined;
  } catch (error) {
    if (!(error instanceof FieldRangeError)) throw error;
    const { found, expected = "another value" } = error;
    return { found, expected };
  }
}

function probeOf(type: FieldType): Probe {
  const codec = codecOf(defineStruct("Probe", 0, [{ name: "value", type }]));
  const probe = { codec, memory: new Memory(new ArrayBuffer(codec.size)) };
  probes.set(type, probe);
  return probe;
}
