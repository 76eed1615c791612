import { getSystemErrorMap } from "node:util";
import { LinuxError } from "./errors.js";

/** A system call failed. The numbers and names are those of errno(3). */
export class SystemCallError extends LinuxError {
  static override readonly codes = {
    "the name in errno(3), such as ENOMEM": {
      when: "a system call fails",
      do: "see the errors in the manual page of the call",
    },
  };
  readonly syscall: string;
  /** The number of the error as the kernel gives it: positive. */
  readonly errno: number;

  /**
   * @param syscall the function that failed, such as "mmap"
   * @param shown its arguments as the message shows them
   * @param errno the number of the error as the kernel gives it: positive
   */
  constructor(syscall: string, shown: string, errno: number) {
    const [code, text] = getSystemErrorMap().get(-errno) ?? [`ERRNO_${errno}`, "unknown error"];
    const remedy = `see the errors in the manual page of ${syscall}`;
    super(code, { where: `${syscall}(${shown})`, found: `${code}, ${text}`, do: remedy });
    this.syscall = syscall;
    this.errno = errno;
  }
}
