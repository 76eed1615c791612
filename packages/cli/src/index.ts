export {
  type Compatibility,
  compatibility,
  type Passage,
  type Releases,
} from "./compatibility/compatibility.js";
export { compatibilitySvg } from "./compatibility/compatibility-svg.js";
export { compatibilityTable } from "./compatibility/compatibility-table.js";
export type { Declared } from "./declared.js";
export { checkLock } from "./lock/check-lock.js";
export { formatLock, formatManifest } from "./lock/format.js";
export {
  EMPTY_LOCK,
  type Lock,
  LockError,
  type PublishedStruct,
  publish,
} from "./lock/lock.js";
export { explainNote, type LockNote, lockNotes } from "./lock/lock-note.js";
export { explainProblem, type LockProblem } from "./lock/lock-problem.js";
export { parseLock } from "./lock/parse-lock.js";
export { main } from "./main.js";
export type { Terminal } from "./terminal.js";
