import { constants, openSync } from "node:fs";
import { endianness } from "node:os";
import { ABIS, codecOf, i16, i32, i64, LuoStruct, Memory } from "@luo/struct";
import { closeDescriptor } from "./descriptor.js";
import { callUnless } from "./libc.js";

const F_OFD_SETLK = 37;
const F_WRLCK = 1;

/** The `struct flock` of 64-bit Linux; see fcntl(2). A start and a length of 0 are the whole file. */
@LuoStruct(0, { family: "linux.flock" })
class Flock {
  @i16 type = F_WRLCK;
  @i16 whence = 0;
  @i64 start = 0n;
  @i64 length = 0n;
  /** 0 for a lock that belongs to an open file description. */
  @i32 process = 0;
}

const codec = codecOf(Flock, endianness() === "LE" ? ABIS["x86-64"] : ABIS.s390x);

/**
 * The write lock of a whole file, which belongs to an open file description of its own. No
 * descriptor of that description is ever passed on, so the kernel frees the lock when this process
 * ends, also by SIGKILL. See "Open file description locks" in fcntl(2).
 */
export class FileLock {
  readonly #path: string;
  #fd = -1;

  /** @param path of the file, such as its link in /proc */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Takes the lock without waiting, and gives true; gives false when another description has it. It
   * stays taken when it is taken again.
   *
   * @throws {Error} EACCES from openSync when the file may not be written to, or EMFILE
   */
  take(): boolean {
    if (this.#fd >= 0) return true;
    // Node opens files with O_CLOEXEC, so child processes do not inherit the lock.
    const fd = openSync(this.#path, constants.O_RDWR);
    const lock = new Memory(new ArrayBuffer(codec.size));
    codec.encode(new Flock(), lock, 0);
    try {
      if (callUnless("EAGAIN", "fcntl64", fd, F_OFD_SETLK, lock.u8) === undefined) {
        closeDescriptor(fd);
        return false;
      }
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
    this.#fd = fd;
    return true;
  }

  /** Gives the lock back; does nothing without it. */
  give(): void {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    // The kernel frees the lock with the last descriptor of its description.
    closeDescriptor(fd);
  }
}
