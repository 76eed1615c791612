import { show } from "../errors.js";
import type { Memory } from "../memory.js";
import type { FieldFault } from "./field-fault.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Writes text in at most `length` bytes of UTF-8, and pads it with NUL to that length. */
export function writeText(
  fault: FieldFault,
  memory: Memory,
  position: number,
  length: number,
  value: unknown,
): void {
  if (typeof value !== "string" || value.includes("\0") || !isWellFormed(value))
    fault.reject(value);
  const target = memory.u8.subarray(position, position + length);
  const { read, written } = encoder.encodeInto(value, target);
  if (read !== value.length) fault.reject(value);
  target.fill(0, written);
}

/** Reads text up to its first NUL. All bytes behind that must be NUL too. */
export function readText(
  fault: FieldFault,
  memory: Memory,
  position: number,
  length: number,
  terminated: boolean,
): string {
  const { u8 } = memory;
  let end = position;
  while (end < position + length && u8[end] !== 0) end++;
  if (terminated && end === position + length) fault.invalid(memory, end - 1, u8[end - 1]);
  fault.checkZeros(memory, end, position + length - end);
  try {
    // `slice` copies, because TextDecoder refuses shared memory in some runtimes.
    return decoder.decode(u8.slice(position, end));
  } catch {
    return fault.invalid(
      memory,
      position,
      `bytes ${show(u8.slice(position, end))} that are not UTF-8`,
    );
  }
}

/** String.prototype.isWellFormed, which Node has from 20 on but TypeScript's lib only from ES2024. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
