import { type BitsType, isSigned, type ScalarType } from "../types.js";

/** True for a Uint8Array, also one of another realm, such as a vm context or a test runner's. */
export function isBytes(value: unknown): value is Uint8Array {
  return (
    value instanceof Uint8Array ||
    (ArrayBuffer.isView(value) && Reflect.get(value, Symbol.toStringTag) === "Uint8Array")
  );
}

/** True for `@u64.number` and `@i64.number`: 8 bytes whose value is a number. */
export function isSafeInteger64({ size, value, bounds }: ScalarType): boolean {
  return size === 8 && value === "number" && bounds !== undefined;
}

/** The condition under which `value` does not fit the scalar. */
export function misfit({ name, size, value: kind, bounds }: ScalarType, value: string): string {
  if (kind === "boolean") return `typeof ${value} !== "boolean"`;
  if (kind === "bigint") return misfitBigint(value, size * 8, name === "i64");
  if (name === "f64") return `typeof ${value} !== "number"`;
  if (name === "f32") {
    return `typeof ${value} !== "number" || (Math.abs(Math.fround(${value})) === Infinity && Math.abs(${value}) !== Infinity)`;
  }
  if (size === 8) {
    return `!Number.isSafeInteger(${value})${bounds?.[0] === 0 ? ` || ${value} < 0` : ""}`;
  }
  return misfitInteger(value, size * 8, bounds?.[0] !== 0);
}

function misfitInteger(value: string, bits: number, signed: boolean): string {
  const shift = 32 - bits;
  const wrapped = `${value} << ${shift} ${signed ? ">>" : ">>>"} ${shift}`;
  return `typeof ${value} !== "number" || ${value} !== (${wrapped})`;
}

/**
 * Compares with bounds, because comparing allocates nothing, while wrapping the value or reading it
 * back makes a bigint. Comparing with the first integer that is too large is faster than with the last
 * that fits.
 */
function misfitBigint(value: string, bits: number, signed: boolean): string {
  const low = signed ? -(2n ** BigInt(bits - 1)) : 0n;
  const beyond = low + 2n ** BigInt(bits);
  return `typeof ${value} !== "bigint" || ${value} < ${low}n || ${value} >= ${beyond}n`;
}

/** The condition under which `value` does not fit the bitfield. */
export function misfitBits({ of, width }: BitsType, value: string): string {
  if (of.value === "boolean") return `typeof ${value} !== "boolean"`;
  if (of.value === "bigint") return misfitBigint(value, width, isSigned(of));
  if (width <= 32) return misfitInteger(value, width, isSigned(of));
  const [low, high] = isSigned(of) ? [-(2 ** (width - 1)), 2 ** (width - 1)] : [0, 2 ** width];
  return `!Number.isSafeInteger(${value}) || ${value} < ${low} || ${value} >= ${high}`;
}
