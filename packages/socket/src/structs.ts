import { char, LuoStruct, u16 } from "@luo/struct";
import { family } from "@luo/version";

/** A listening TCP socket. The socket itself is carried; this is what the successor checks it by. */
@LuoStruct(0, { family: "listener" })
export class ListenerV0 {
  /** An IPv4 or IPv6 address, as text. */
  @char(46) address = "";
  @u16 port = 0;
}

/** The record of a listening socket, in every version that was ever published. */
export const ListenerRecord = family(ListenerV0);
