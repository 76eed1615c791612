export type { Alongside } from "./alongside.js";
export type {
  Arrival,
  Carrier,
  ImageFile,
  NamedDescriptor,
  Successor,
} from "./carrier.js";
export {
  LinkClosedError,
  LinkTimeoutError,
  LostSuccessorError,
  PreserveError,
  ProtocolError,
  RefusedError,
  StateError,
  SuccessorError,
  UndoError,
  UpdateError,
} from "./errors.js";
export type { Handler } from "./handler.js";
export { Inheritance } from "./inheritance.js";
export { Inbox, type Link, type Message } from "./link.js";
export { Predecessor, type State } from "./predecessor.js";
export type { UpdateOptions, UpdateReport, VersionCost } from "./report.js";
