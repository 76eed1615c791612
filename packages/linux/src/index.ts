export { closeDescriptor, duplicate, setCloseOnExec } from "./descriptor.js";
export { SystemCallError } from "./errno.js";
export {
  ArgumentError,
  ClosedError,
  DetachError,
  NotMemfdError,
  UnsupportedPlatformError,
} from "./errors.js";
export { type Extent, Memfd, type MemfdOptions, type Seal } from "./memfd.js";
export type { SocketAddress } from "./socket-address.js";
export { isListening, type ListenOptions, listenTcp, socketAddress } from "./tcp.js";
