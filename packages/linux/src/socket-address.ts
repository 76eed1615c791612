import { isIP } from "node:net";
import { endianness } from "node:os";
import {
  ABIS,
  array,
  big,
  bytes,
  codecOf,
  LuoStruct,
  Memory,
  reserved,
  type StructClass,
  u8,
  u16,
  u32,
} from "@luo/struct";
import { ArgumentError } from "./errors.js";
import { call } from "./libc.js";

/** The `sockaddr_in` of Linux; see ip(7). */
@LuoStruct(0, { family: "linux.sockaddr_in" })
class SocketAddressV4 {
  @u16 family = 2;
  @big @u16 port = 0;
  @bytes(4) address = new Uint8Array(4);
  @reserved(array(u8, 8)) zero: unknown;
}

/** The `sockaddr_in6` of Linux; see ipv6(7). */
@LuoStruct(0, { family: "linux.sockaddr_in6" })
class SocketAddressV6 {
  @u16 family = 10;
  @big @u16 port = 0;
  @big @u32 flowInfo = 0;
  @bytes(16) address = new Uint8Array(16);
  @u32 scope = 0;
}

const ABI = endianness() === "LE" ? ABIS["x86-64"] : ABIS.s390x;

const FAMILIES = [
  { family: "IPv4", version: 4, number: 2, struct: SocketAddressV4 },
  { family: "IPv6", version: 6, number: 10, struct: SocketAddressV6 },
] as const;

/** Bytes that hold any address of a socket: the size of `sockaddr_storage`. */
export const ADDRESS_BYTES = 128;

/** Bytes of the longest address as text, its NUL included: INET6_ADDRSTRLEN. */
const TEXT_BYTES = 46;

/** The address of an IPv4 or IPv6 socket. */
export interface SocketAddress {
  /** A literal such as "127.0.0.1" or "::1". */
  readonly address: string;
  readonly family: "IPv4" | "IPv6";
  /** 0 to 65535; 0 for a socket that is not bound. */
  readonly port: number;
}

/**
 * Encodes an address as bind(2) takes it, and gives it with the number of its family.
 *
 * @throws {ArgumentError} when the host is no IPv4 or IPv6 literal, or has a zone
 */
export function encodeAddress(host: string, port: number): { number: number; bytes: Uint8Array } {
  const found = FAMILIES.find(({ version }) => version === isIP(host));
  const value = found && new found.struct();
  // isIP accepts a literal with a zone; inet_pton gives 0 for it.
  if (value === undefined || call("inet_pton", value.family, host, value.address) === 0) {
    throw new ArgumentError("host", host, "an IPv4 or IPv6 literal without a zone");
  }
  value.port = port;
  const codec = codecOf(value.constructor as StructClass, ABI);
  const bytes = new Uint8Array(codec.size);
  codec.encode(value, new Memory(bytes), 0);
  return { number: value.family, bytes };
}

/**
 * Decodes an address that getsockname(2) gave.
 *
 * @throws {ArgumentError} when its family is neither IPv4 nor IPv6
 */
export function decodeAddress(bytes: Uint8Array): SocketAddress {
  const memory = new Memory(bytes);
  const number = memory.view.getUint16(0, ABI.endian === "little");
  const found = FAMILIES.find((family) => family.number === number);
  if (!found) {
    throw new ArgumentError("fd", `a socket of family ${number}`, "an IPv4 or IPv6 socket");
  }
  const { address, port } = codecOf<SocketAddressV4 | SocketAddressV6>(found.struct, ABI).decode(
    memory,
    0,
  );
  const text = Buffer.alloc(TEXT_BYTES);
  call("inet_ntop", number, address, text, text.length);
  return { address: text.toString("latin1", 0, text.indexOf(0)), family: found.family, port };
}
