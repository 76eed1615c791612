export { type SpawnOptions, spawnCarrier } from "@luo/carriers";
export { Memfd, SystemCallError } from "@luo/linux";
export {
  type Alongside,
  type Carrier,
  defineHandler,
  type Handler,
  LostSuccessorError,
  PreserveError,
  type Program,
  ProgramError,
  RefusedError,
  type State,
  StateError,
  UndoError,
  UpdateError,
  type UpdateOptions,
  type UpdateReport,
  type VersionCost,
} from "@luo/orchestrator";
export { Listener, type ListenOptions } from "@luo/socket";
export * from "@luo/struct";
export {
  type AlongsidePolicy,
  alongside,
  ConversionError,
  dropped,
  type Family,
  FamilyError,
  type FamilyOptions,
  family,
  follows,
  lossy,
  type Manifest,
  ManifestError,
  manifestOf,
  NegotiationError,
  parseManifest,
  renamed,
  since,
} from "@luo/version";
export { UndeclaredFamilyError } from "./declared-families.js";
export {
  type Create,
  type Initial,
  LiveUpdate,
  type LiveUpdateOptions,
  liveUpdate,
} from "./live-update.js";
