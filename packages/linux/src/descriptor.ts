import { checkInteger, MAX_INT } from "./errors.js";
import { call } from "./libc.js";

const F_SETFD = 2;
const FD_CLOEXEC = 1;
const F_DUPFD_CLOEXEC = 1030;

/**
 * Makes a second descriptor of the same open file; both share its position. The new one is the
 * lowest free number from 3 on, and child processes do not inherit it. See fcntl(2).
 *
 * @throws {ArgumentError} unless `fd` is an integer from 0 to 2^31 - 1
 * @throws {SystemCallError} EBADF when `fd` is not open, EMFILE when too many are
 */
export function duplicate(fd: number): number {
  checkInteger("fd", fd, MAX_INT);
  return call("fcntl", fd, F_DUPFD_CLOEXEC, 3);
}

/**
 * Closes a descriptor. The kernel may give out its number again at once. See close(2).
 *
 * @throws {ArgumentError} unless `fd` is an integer from 0 to 2^31 - 1
 * @throws {SystemCallError} EBADF when `fd` is not open
 */
export function closeDescriptor(fd: number): void {
  checkInteger("fd", fd, MAX_INT);
  call("close", fd);
}

/**
 * Makes execve(2) close a descriptor (true) or hand it on (false). See fcntl(2).
 *
 * @throws {ArgumentError} unless `fd` is an integer from 0 to 2^31 - 1
 * @throws {SystemCallError} EBADF when `fd` is not open
 */
export function setCloseOnExec(fd: number, closes: boolean): void {
  checkInteger("fd", fd, MAX_INT);
  call("fcntl", fd, F_SETFD, closes ? FD_CLOEXEC : 0);
}
