export { ConversionError, FamilyError, type Lacking, NegotiationError } from "./errors.js";
export { type Conversions, Family, family, type Step } from "./family.js";
export { type FamilyManifest, type Manifest, manifestOf } from "./manifest.js";
export { familyOf } from "./membership.js";
export { negotiate } from "./negotiate.js";
