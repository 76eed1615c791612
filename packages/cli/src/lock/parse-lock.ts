import { readJson } from "@luo/version/json";
import { type Lock, LockError } from "./lock.js";
import { lockShape } from "./lock-shape.js";

/**
 * A lock from its JSON, as text or parsed. What is not known is ignored, so that later releases can
 * say more.
 *
 * @throws {LockError} that names the path of what is wrong
 */
export function parseLock(input: unknown): Lock {
  return readJson(lockShape, input, (...wrong) => new LockError(...wrong));
}
