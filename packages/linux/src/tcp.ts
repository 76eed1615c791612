import { closeDescriptor } from "./descriptor.js";
import { SystemCallError } from "./errno.js";
import { checkInteger, MAX_INT } from "./errors.js";
import { call } from "./libc.js";
import {
  ADDRESS_BYTES,
  decodeAddress,
  encodeAddress,
  type SocketAddress,
} from "./socket-address.js";

const SOCK_STREAM_CLOEXEC = 0x1 | 0x80000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ACCEPTCONN = 30;
const MAX_PORT = 65535;

/** The address and the backlog of a new listening socket. */
export interface ListenOptions {
  /** An IPv4 or IPv6 literal without a zone; "127.0.0.1" by default. */
  readonly host?: string;
  /** 0 to 65535; 0 (the default) lets the kernel choose. */
  readonly port?: number;
  /** Connections that may wait to be accepted, 0 to 2^31 - 1; 511 by default. */
  readonly backlog?: number;
}

/**
 * Opens a listening TCP socket, for `net.Server.listen({ fd })`, and gives its descriptor. Child
 * processes do not inherit it; the caller closes it. See socket(2), bind(2), listen(2), and
 * SO_REUSEADDR in socket(7).
 *
 * @throws {ArgumentError} for a host, port or backlog outside the ranges of ListenOptions
 * @throws {SystemCallError} EADDRINUSE, EADDRNOTAVAIL, EACCES, EMFILE, or EAFNOSUPPORT when the
 *   machine has no IPv6
 */
export function listenTcp(options: ListenOptions = {}): number {
  const { host = "127.0.0.1", port = 0, backlog = 511 } = options;
  checkInteger("port", port, MAX_PORT);
  checkInteger("backlog", backlog, MAX_INT);
  const { number, bytes } = encodeAddress(host, port);
  const fd = call("socket", number, SOCK_STREAM_CLOEXEC, 0);
  try {
    call("setsockopt", fd, SOL_SOCKET, SO_REUSEADDR, Int32Array.of(1), 4);
    call("bind", fd, bytes, bytes.length);
    call("listen", fd, backlog);
    return fd;
  } catch (error) {
    closeDescriptor(fd);
    if (!(error instanceof SystemCallError)) throw error;
    throw new SystemCallError(error.syscall, `${host} port ${port}`, error.errno);
  }
}

/**
 * Gives the address that a socket is bound to. See getsockname(2).
 *
 * @throws {ArgumentError} unless `fd` is an integer from 0 to 2^31 - 1 and an IPv4 or IPv6 socket
 * @throws {SystemCallError} EBADF when `fd` is not open, ENOTSOCK when it is not a socket
 */
export function socketAddress(fd: number): SocketAddress {
  checkInteger("fd", fd, MAX_INT);
  const bytes = new Uint8Array(ADDRESS_BYTES);
  call("getsockname", fd, bytes, Uint32Array.of(bytes.length));
  return decodeAddress(bytes);
}

/**
 * Gives true when a socket listens. See SO_ACCEPTCONN in socket(7).
 *
 * @throws {ArgumentError} unless `fd` is an integer from 0 to 2^31 - 1
 * @throws {SystemCallError} EBADF when `fd` is not open, ENOTSOCK when it is not a socket
 */
export function isListening(fd: number): boolean {
  checkInteger("fd", fd, MAX_INT);
  const value = new Int32Array(1);
  call("getsockopt", fd, SOL_SOCKET, SO_ACCEPTCONN, value, Uint32Array.of(value.byteLength));
  return value[0] !== 0;
}
