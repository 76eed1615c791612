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
export { defineHandler, type Handler } from "./handler.js";
export { Inheritance, type ReceiveOptions } from "./inheritance.js";
export { type Inspect, inspected } from "./inspect.js";
export { Inbox, type Link, type Message } from "./link.js";
export { Predecessor, type PredecessorSummary, type State } from "./predecessor.js";
export { MAX_PROGRAM, type Program, ProgramError, parseProgram } from "./program.js";
export type { UpdateOptions, UpdateReport, VersionCost } from "./report.js";
