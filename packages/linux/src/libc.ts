import { constants } from "node:os";
import koffi from "koffi";
import { SystemCallError } from "./errno.js";
import { UnsupportedPlatformError } from "./errors.js";

/**
 * Every function of libc that this package calls. Addresses are `intptr_t` and not `void *`, so
 * that all results are numbers (user space ends far below 2^53). fcntl is declared without its
 * `...`: on the processors that koffi supports, a single int is passed in the same way with and
 * without it.
 */
const prototypes = {
  bind: "int bind(int fd, void *address, uint32_t length)",
  close: "int close(int fd)",
  fcntl: "int fcntl(int fd, int command, int argument)",
  // The fcntl of commands that take a structure; glibc has it under this name from 2.28 on.
  fcntl64: "int fcntl64(int fd, int command, void *argument)",
  ftruncate: "int ftruncate(int fd, int64_t length)",
  getsockname: "int getsockname(int fd, void *address, void *length)",
  getsockopt: "int getsockopt(int fd, int level, int name, void *value, void *length)",
  inet_ntop: "intptr_t inet_ntop(int family, void *bytes, void *text, uint32_t length)",
  inet_pton: "int inet_pton(int family, const char *text, void *bytes)",
  listen: "int listen(int fd, int backlog)",
  lseek: "int64_t lseek(int fd, int64_t offset, int whence)",
  memfd_create: "int memfd_create(const char *name, unsigned int flags)",
  mmap: "intptr_t mmap(intptr_t at, size_t length, int access, int flags, int fd, int64_t offset)",
  munmap: "int munmap(intptr_t address, size_t length)",
  setsockopt: "int setsockopt(int fd, int level, int name, void *value, uint32_t length)",
  socket: "int socket(int family, int type, int protocol)",
};

type Name = keyof typeof prototypes;
type Argument = number | string | ArrayBufferView;

let libc: ReturnType<typeof koffi.load> | undefined;
const functions = new Map<Name, (...args: readonly Argument[]) => unknown>();

/**
 * Calls a function of libc, and repeats the call while a signal interrupts it. Only close is not
 * repeated, because close(2) frees the descriptor even when it is interrupted.
 *
 * @returns the result, never -1
 * @throws {SystemCallError} when the result is -1
 * @throws {UnsupportedPlatformError} unless it runs on 64-bit Linux
 */
export function call(name: Name, ...args: readonly Argument[]): number {
  const bound = functions.get(name) ?? declare(name);
  for (;;) {
    const result = Number(bound(...args));
    if (result !== -1) return result;
    const errno = koffi.errno();
    if (errno !== constants.errno.EINTR) throw new SystemCallError(name, show(name, args), errno);
    if (name === "close") return 0;
  }
}

/**
 * Calls a function as `call` does, but gives undefined when it fails with the error of this code.
 */
export function callUnless(code: string, name: Name, ...args: Argument[]): number | undefined {
  try {
    return call(name, ...args);
  } catch (error) {
    if (error instanceof SystemCallError && error.code === code) return undefined;
    throw error;
  }
}

/**
 * Gives the bytes at an address of this process, without copying. The caller still frees the
 * memory.
 */
export function viewMemory(address: number, byteLength: number): ArrayBuffer {
  return koffi.view(BigInt(address), byteLength);
}

function declare(name: Name) {
  if (process.platform !== "linux" || koffi.sizeof("void *") !== 8) {
    throw new UnsupportedPlatformError(`${process.platform} on ${process.arch}`);
  }
  libc ??= koffi.load("libc.so.6");
  const declared = libc.func(prototypes[name]);
  functions.set(name, declared);
  return declared;
}

function show(name: Name, args: readonly Argument[]): string {
  const shown = args.map((arg) =>
    typeof arg === "object" ? `[${arg.byteLength} bytes]` : JSON.stringify(arg),
  );
  return (prototypes[name].includes("(int fd") ? "fd " : "") + shown.join(", ");
}
