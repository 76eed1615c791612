export { type AlongsidePolicy, alongside } from "./alongside.js";
export {
  type DefaultDecorator,
  lossy,
  type MustHold,
  type Primitive,
  renamed,
  since,
} from "./annotations.js";
export { checkLock } from "./check-lock.js";
export { type Compatibility, compatibility, type Passage, type Releases } from "./compatibility.js";
export { compatibilitySvg } from "./compatibility-svg.js";
export { compatibilityTable } from "./compatibility-table.js";
export { type Declared, everyStruct } from "./declared.js";
export { ConversionError, FamilyError, ManifestError } from "./errors.js";
export { type Family, type FamilyOptions, family, familyOf, type VersionRange } from "./family.js";
export { dropped, follows } from "./follows.js";
export { formatLock, formatManifest } from "./format.js";
export {
  EMPTY_LOCK,
  type Lock,
  LockError,
  type PublishedStruct,
  publish,
} from "./lock.js";
export { explainProblem, type LockProblem } from "./lock-problem.js";
export { type FamilyManifest, type Manifest, manifestOf } from "./manifest.js";
export { negotiate } from "./negotiate.js";
export { type Lacking, NegotiationError } from "./negotiation-error.js";
export { parseLock } from "./parse-lock.js";
export { parseManifest } from "./parse-manifest.js";
