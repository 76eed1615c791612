import { detach } from "./detach.js";
import { call, viewMemory } from "./libc.js";

const PROT_READ_WRITE = 0x1 | 0x2;
const MAP_SHARED = 0x1;
const MAP_PRIVATE = 0x2;

/** A range of a file in this process's memory. See mmap(2). */
export class Mapping {
  readonly buffer: ArrayBuffer;
  readonly #address: number;
  readonly #length: number;

  /**
   * @param offset bytes from the start of the file, a multiple of 4096
   * @param length bytes, 1 to `constants.MAX_LENGTH` of node:buffer; a longer view makes Node abort
   * @param shared true if writes go to the file; otherwise they stay in this buffer and end with it
   * @throws {SystemCallError} ENOMEM, or EACCES when the descriptor is open for reading only
   */
  constructor(fd: number, offset: number, length: number, shared: boolean) {
    const flags = shared ? MAP_SHARED : MAP_PRIVATE;
    this.#address = call("mmap", 0, length, PROT_READ_WRITE, flags, fd, offset);
    this.#length = length;
    this.buffer = viewMemory(this.#address, length);
  }

  /**
   * Detaches the buffer and gives the memory back. See munmap(2).
   *
   * @throws {DetachError} when the buffer was transferred to another one; the memory stays mapped
   */
  unmap(): void {
    detach(this.buffer);
    call("munmap", this.#address, this.#length);
  }
}
