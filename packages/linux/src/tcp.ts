import { isIP } from "node:net";
import { endianness } from "node:os";
import { closeDescriptor } from "./descriptor.js";
import { SystemCallError } from "./errno.js";
import { ArgumentError, checkInteger, MAX_INT } from "./errors.js";
import { call } from "./libc.js";

const SOCK_STREAM_CLOEXEC = 0x1 | 0x80000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_ACCEPTCONN = 30;
const MAX_PORT = 65535;

const littleEndian = endianness() === "LE";

/** The socket addresses of ip(7) and ipv6(7): their size, and where the address lies, in bytes. */
const families = [
  { family: "IPv4", version: 4, number: 2, size: 16, at: 4 },
  { family: "IPv6", version: 6, number: 10, size: 28, at: 8 },
] as const;

export interface ListenOptions {
  /** An IPv4 or IPv6 literal without a zone; "127.0.0.1" by default. */
  readonly host?: string;
  /** 0 to 65535; 0 (the default) lets the kernel choose. */
  readonly port?: number;
  /** Connections that may wait to be accepted, 0 to 2^31 - 1; 511 by default. */
  readonly backlog?: number;
}

export interface SocketAddress {
  /** A literal such as "127.0.0.1" or "::1". */
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  /** 0 to 65535; 0 for a socket that is not bound. */
  readonly port: number;
}

/**
 * Opens a TCP socket that listens, for `net.Server.listen({ fd })`. Child processes do not inherit
 * it; the caller closes it. See socket(2), bind(2), listen(2), and SO_REUSEADDR in socket(7).
 *
 * @returns the descriptor
 * @throws {ArgumentError} for a host, port or backlog that is not as ListenOptions says
 * @throws {SystemCallError} EADDRINUSE, EADDRNOTAVAIL, EACCES, EMFILE, or EAFNOSUPPORT when the
 *   machine has no IPv6
 */
export function listenTcp(options: ListenOptions = {}): number {
  const { host = "127.0.0.1", port = 0, backlog = 511 } = options;
  checkInteger("port", port, MAX_PORT);
  checkInteger("backlog", backlog, MAX_INT);
  const { number, bytes } = encode(host, port);
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
 * The address that a socket is bound to. See getsockname(2).
 *
 * @throws {ArgumentError} unless `fd` is an integer from 0 to 2^31 - 1 and an IPv4 or IPv6 socket
 * @throws {SystemCallError} EBADF when `fd` is not open, ENOTSOCK when it is not a socket
 */
export function socketAddress(fd: number): SocketAddress {
  checkInteger("fd", fd, MAX_INT);
  const bytes = new Uint8Array(128);
  call("getsockname", fd, bytes, Uint32Array.of(bytes.length));
  const view = new DataView(bytes.buffer);
  const number = view.getUint16(0, littleEndian);
  const found = families.find((family) => family.number === number);
  if (!found) {
    throw new ArgumentError("fd", `a socket of family ${number}`, "an IPv4 or IPv6 socket");
  }
  const text = Buffer.alloc(46);
  call("inet_ntop", number, bytes.subarray(found.at), text, text.length);
  return {
    address: text.toString("latin1", 0, text.indexOf(0)),
    family: found.family,
    port: view.getUint16(2),
  };
}

/**
 * Whether a socket listens: see SO_ACCEPTCONN in socket(7).
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

function encode(host: string, port: number) {
  const found = families.find(({ version }) => version === isIP(host));
  const bytes = new Uint8Array(found?.size ?? 0);
  // inet_pton gives 0 for what isIP lets through all the same: a literal with a zone.
  if (!found || call("inet_pton", found.number, host, bytes.subarray(found.at)) === 0) {
    throw new ArgumentError("host", host, "an IPv4 or IPv6 literal without a zone");
  }
  const view = new DataView(bytes.buffer);
  view.setUint16(0, found.number, littleEndian);
  view.setUint16(2, port);
  return { number: found.number, bytes };
}
