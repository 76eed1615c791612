import { getSystemErrorMap } from "node:util";

/** A system call failed. The numbers and their meaning are those of errno(3). */
export class SystemCallError extends Error {
  override readonly name = "SystemCallError";
  /** The name of the error, such as "ENOMEM". */
  readonly code: string;

  /**
   * @param syscall the function that failed, such as "mmap"
   * @param shown its arguments, as the message should show them
   * @param errno the number of the error as the kernel gives it: positive
   */
  constructor(
    readonly syscall: string,
    shown: string,
    readonly errno: number,
  ) {
    const [code, text] = getSystemErrorMap().get(-errno) ?? [`ERRNO_${errno}`, "unknown error"];
    super(`${syscall}(${shown}): ${code}, ${text}`);
    this.code = code;
  }
}
