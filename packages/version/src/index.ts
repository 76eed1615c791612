export { type AlongsidePolicy, alongside } from "./alongside.js";
export {
  type DefaultDecorator,
  lossy,
  type MustHold,
  type Primitive,
  renamed,
  since,
} from "./annotations.js";
export { ConversionError, FamilyError, ManifestError } from "./errors.js";
export {
  checkFamily,
  type Family,
  type FamilyOptions,
  family,
  familyOf,
  type VersionRange,
} from "./family.js";
export { dropped, follows } from "./follows.js";
export { type FamilyManifest, type Manifest, manifestOf } from "./manifest.js";
export { negotiate } from "./negotiate.js";
export { type Lacking, NegotiationError } from "./negotiation-error.js";
export { parseManifest } from "./parse-manifest.js";
