import { char, LuoStruct, u16 } from "@luo/struct";
import { family } from "@luo/version";

/**
 * The record of a listening TCP socket. The successor compares it with the socket that was carried.
 */
@LuoStruct(0, { family: "listener" })
export class ListenerV0 {
  /** An IPv4 or IPv6 address, as text. */
  @char(46) address = "";
  @u16 port = 0;
}

/** The record of a listening socket, in every version that was published. */
export const ListenerRecord = family(ListenerV0);
