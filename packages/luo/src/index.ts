export { type SpawnOptions, spawnCarrier } from "@luo/carriers";
export { Memfd, SystemCallError } from "@luo/linux";
export {
  type Alongside,
  type Carrier,
  type Handler,
  LostSuccessorError,
  PreserveError,
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
export { LiveUpdate, type LiveUpdateOptions, liveUpdate } from "./live-update.js";
