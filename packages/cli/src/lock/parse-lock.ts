import { readJson } from "@luo/version/json";
import { type Lock, LockError } from "./lock.js";
import { lockShape } from "./lock-shape.js";

/**
 * Reads a lock from JSON, as text or parsed. Unknown members are ignored, so that later releases can add
 * some.
 *
 * @throws {LockError} with the path of the first fault
 */
export function parseLock(input: unknown): Lock {
  return readJson(lockShape, input, (...wrong) => new LockError(...wrong));
}
