import { constants } from "node:buffer";
import { closeSync, fstatSync, openSync, readlinkSync } from "node:fs";
import { closeDescriptor, setCloseOnExec } from "./descriptor.js";
import { ArgumentError, ClosedError, checkInteger, MAX_INT, NotMemfdError } from "./errors.js";
import { FileLock } from "./file-lock.js";
import { call, callUnless } from "./libc.js";
import { Mapping } from "./mapping.js";

const MFD_CLOEXEC_ALLOW_SEALING = 0x1 | 0x2;
const MFD_NOEXEC_SEAL = 0x8;
const [SEEK_SET, SEEK_CUR, SEEK_DATA, SEEK_HOLE] = [0, 1, 3, 4] as const;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const MAX_NAME = 249;
const PAGE = 4096;
/** The most bytes of a segment: 4 GiB, or less on a runtime whose buffers are shorter. */
const MAX_SEGMENT = Math.min(2 ** 32, constants.MAX_LENGTH);

const sealBits = { seal: 1, shrink: 2, grow: 4, write: 8, "future-write": 16, exec: 32 };
const allSeals = Object.keys(sealBits) as Seal[];

/**
 * A seal, by the change that it forbids to everyone for ever. "seal" forbids further seals,
 * "shrink" a smaller size, "grow" a larger size, "write" writing, "future-write" writing except by
 * mappings that exist already, and "exec" a change of the file's x mode bits.
 */
export type Seal = keyof typeof sealBits;

/** A range of a file: the offset of its first byte, and its length in bytes. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** The properties of a new memfd. */
export interface MemfdOptions {
  /**
   * The size in bytes, 0 (the default) to `constants.MAX_LENGTH` of node:buffer (4 GiB on Node 20).
   */
  readonly size?: number;
  /** True if `seal` may be used, which is the default. */
  readonly allowSealing?: boolean;
}

/**
 * A file in memory without a place in the file system, and its mapping. See memfd_create(2).
 *
 * After `close`, everything but `name` and `close` throws a ClosedError. A Memfd that is dropped
 * without `close` keeps its descriptor and its memory, so buffers taken from it stay valid.
 *
 * Two things can kill the process: reading or writing bytes that were cut off through another
 * descriptor (SIGBUS; the seal "shrink" rules it out), and native work on a view, such as an
 * asynchronous fs.read, that still runs at `resize`, `unmap`, `close` or `seal("write")`.
 */
export class Memfd {
  #fd: number;
  #whole: Mapping | undefined;
  #segments: Mapping[] | undefined;
  /** Mappings that `refresh` replaced; buffers of them are still in use. */
  readonly #replaced: Mapping[] = [];
  readonly #lock: FileLock;

  private constructor(
    fd: number,
    /** The name given at creation. It is for people: memfds may share one. */
    readonly name: string,
  ) {
    this.#fd = fd;
    this.#lock = new FileLock(linkOf(fd));
  }

  /**
   * Makes a new memfd, filled with zeros. Child processes do not inherit its descriptor. From
   * Linux 6.3 on it can never be made executable: it has the seal "exec".
   *
   * @param name up to 249 bytes of UTF-8 without NUL, shown in /proc
   * @throws {ArgumentError} for another name or size
   * @throws {SystemCallError} EMFILE when too many files are open, ENOMEM
   */
  static create(name: string, { size = 0, allowSealing = true }: MemfdOptions = {}): Memfd {
    if (Buffer.byteLength(name) > MAX_NAME || name.includes("\0")) {
      throw new ArgumentError("name", name, `up to ${MAX_NAME} bytes without NUL`);
    }
    checkInteger("size", size, constants.MAX_LENGTH);
    const flags = MFD_CLOEXEC_ALLOW_SEALING;
    const fd =
      callUnless("EINVAL", "memfd_create", name, flags | MFD_NOEXEC_SEAL) ??
      call("memfd_create", name, flags);
    try {
      call("ftruncate", fd, size);
      if (!allowSealing) call("fcntl", fd, F_ADD_SEALS, sealBits.seal);
      return Memfd.adopt(fd);
    } catch (error) {
      closeDescriptor(fd);
      throw error;
    }
  }

  /**
   * Takes over a descriptor, such as an inherited one. From now on this object closes it, and child
   * processes do not inherit it. When it throws, the descriptor is unchanged.
   *
   * @throws {ArgumentError} unless `fd` is an integer from 0 to 2^31 - 1
   * @throws {NotMemfdError} when `fd` is not a memfd
   * @throws {SystemCallError} EBADF when `fd` is not open
   */
  static adopt(fd: number): Memfd {
    checkInteger("fd", fd, MAX_INT);
    // Any file can have the name of a memfd, but only files in memory have seals.
    const hasSeals = callUnless("EINVAL", "fcntl", fd, F_GET_SEALS, 0) !== undefined;
    const link = readlinkSync(linkOf(fd));
    const name = /^\/memfd:(.*) \(deleted\)$/s.exec(link)?.[1];
    if (!hasSeals || name === undefined) {
      throw new NotMemfdError(fd, link);
    }
    setCloseOnExec(fd, true);
    return new Memfd(fd, name);
  }

  /** The descriptor. Only `close` may close it. @throws {ClosedError} after `close` */
  get fd(): number {
    if (this.#fd < 0) throw new ClosedError(this.name);
    return this.#fd;
  }

  /** The size of the file in bytes. */
  get byteLength(): number {
    return fstatSync(this.fd).size;
  }

  /**
   * The bytes of the file, shared with everyone who has it open. The file is mapped when `buffer`
   * is first read, with its size at that moment; after another holder resized it, call `unmap` and
   * read `buffer` again. See mmap(2).
   *
   * Once the file is sealed with "write" or "future-write", a new mapping is private: bytes written
   * to it stay in this buffer and end with it.
   *
   * @throws {ArgumentError} when the file is larger than `constants.MAX_LENGTH` of node:buffer
   * @throws {SystemCallError} ENOMEM, or EACCES when the descriptor is open for reading only
   */
  get buffer(): ArrayBuffer {
    const { fd } = this;
    if (this.#whole) return this.#whole.buffer;
    const length = this.byteLength;
    if (length === 0) return new ArrayBuffer(0);
    // A longer view makes Node abort the process.
    checkInteger("byteLength", length, constants.MAX_LENGTH);
    this.#whole = new Mapping(fd, 0, length, this.#isWritable);
    return this.#whole.buffer;
  }

  /**
   * The bytes of the file as buffers in a row, each of at most 4 GiB. Unlike `buffer` they hold a
   * file of any size, and `grow` appends further ones without moving any.
   *
   * @throws {SystemCallError} ENOMEM, or EACCES when the descriptor is open for reading only
   */
  get segments(): readonly ArrayBuffer[] {
    return this.#mapped.map(({ buffer }) => buffer);
  }

  /**
   * Makes the file longer by a segment of zeros. Existing mappings stay in place.
   *
   * @param byteLength 1 byte to 4 GiB
   * @throws {ArgumentError} for another byteLength, or when the file does not end with a whole page
   * @throws {SystemCallError} EPERM when a seal forbids it, ENOMEM; the size is as before
   */
  grow(byteLength: number): void {
    checkInteger("byteLength", byteLength, MAX_SEGMENT);
    const segments = this.#mapped;
    const size = this.byteLength;
    // Another holder may have made the file longer than what is mapped here.
    const start = segments.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    if (start % PAGE !== 0) {
      throw new ArgumentError("size", start, `a multiple of ${PAGE}, for a segment to follow`);
    }
    if (start + byteLength > size) call("ftruncate", this.fd, start + byteLength);
    try {
      segments.push(new Mapping(this.fd, start, byteLength, true));
    } catch (error) {
      call("ftruncate", this.fd, size);
      throw error;
    }
  }

  /**
   * Finds the bytes by which another holder has made the file longer: `segments` then maps the whole
   * file again. Buffers that it gave before stay valid and show the same bytes.
   *
   * @throws {SystemCallError} ENOMEM, or EACCES when the descriptor is open for reading only
   */
  refresh(): void {
    const segments = this.#segments ?? [];
    const mapped = segments.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    if (this.#segments === undefined || this.byteLength <= mapped) return;
    this.#segments = undefined;
    this.#segments = this.#mapped;
    this.#replaced.push(...segments);
  }

  /**
   * Takes the lock of the file for this object, and gives true; gives false when another holder of
   * the file has it. It does not wait. The kernel frees the lock when this process ends, also by
   * SIGKILL; child processes do not inherit it. A file that cannot be written to any more, by its
   * seals, has no lock to take. See F_OFD_SETLK in fcntl(2).
   *
   * @throws {SystemCallError} EMFILE, or EACCES when the descriptor is open for reading only
   */
  lock(): boolean {
    return this.fd >= 0 && (!this.#isWritable || this.#lock.take());
  }

  /** Gives the lock back; does nothing when this object does not have it. */
  unlock(): void {
    this.#lock.give();
  }

  /**
   * Changes the size and maps the file again. The old buffer is detached first: its views have
   * length 0 from then on, even if the rest fails. New bytes are zeros. See ftruncate(2).
   *
   * @param byteLength bytes, 0 to `constants.MAX_LENGTH` of node:buffer (4 GiB on Node 20)
   * @returns the new buffer
   * @throws {ArgumentError} for another byteLength; nothing is detached
   * @throws {DetachError} as `unmap` does; the size stays
   * @throws {SystemCallError} EPERM when a seal forbids it, ENOMEM
   */
  resize(byteLength: number): ArrayBuffer {
    checkInteger("byteLength", byteLength, constants.MAX_LENGTH);
    this.unmap();
    call("ftruncate", this.fd, byteLength);
    return this.buffer;
  }

  /**
   * Detaches all buffers and gives their memory back; the bytes stay in the file. See munmap(2).
   *
   * @throws {DetachError} when a buffer was transferred to another one; its memory stays mapped
   */
  unmap(): void {
    if (this.fd < 0) return;
    this.#whole?.unmap();
    this.#whole = undefined;
    for (const segments = this.#segments ?? []; segments.length > 0; segments.pop()) {
      segments.at(-1)?.unmap();
    }
    this.#segments = undefined;
    for (const replaced = this.#replaced; replaced.length > 0; replaced.pop()) {
      replaced.at(-1)?.unmap();
    }
  }

  get #mapped(): Mapping[] {
    if (this.#segments) return this.#segments;
    const { fd, byteLength: size } = this;
    const writable = this.#isWritable;
    const segments: Mapping[] = [];
    for (let at = 0; at < size; at += MAX_SEGMENT) {
      segments.push(new Mapping(fd, at, Math.min(MAX_SEGMENT, size - at), writable));
    }
    this.#segments = segments;
    return segments;
  }

  /** True when a new mapping writes to the file. */
  get #isWritable(): boolean {
    const { seals } = this;
    return !seals.has("write") && !seals.has("future-write");
  }

  /**
   * Unmaps the file and closes the descriptor. The file stays while others have it open or mapped.
   * A second `close` does nothing.
   *
   * @throws {DetachError} as `unmap` does; the descriptor is closed nevertheless
   */
  close(): void {
    if (this.#fd < 0) return;
    try {
      this.unmap();
    } finally {
      this.#lock.give();
      closeDescriptor(this.#fd);
      this.#fd = -1;
    }
  }

  /**
   * The file position in bytes, 0 to 2^53 - 1; it may lie beyond the end. Everyone who inherited
   * the descriptor shares it. See lseek(2).
   *
   * @throws {ArgumentError} when it is set to anything else
   */
  get position(): number {
    return call("lseek", this.fd, 0, SEEK_CUR);
  }

  set position(offset: number) {
    checkInteger("position", offset);
    call("lseek", this.fd, offset, SEEK_SET);
  }

  /**
   * Gives the parts of the file that have memory, in order and in whole pages; everything else is
   * zeros. Reading a hole through `buffer` gives it memory. The position never moves, because the
   * file is opened a second time to search. See SEEK_DATA in lseek(2).
   */
  extents(): Extent[] {
    const own = openSync(linkOf(this.fd), "r");
    try {
      const extents: Extent[] = [];
      for (let end = 0; ; ) {
        const offset = callUnless("ENXIO", "lseek", own, end, SEEK_DATA);
        if (offset === undefined) return extents;
        end = callUnless("ENXIO", "lseek", own, offset, SEEK_HOLE) ?? offset;
        extents.push({ offset, length: end - offset });
      }
    } finally {
      closeSync(own);
    }
  }

  /**
   * Adds seals, which cannot be taken back. "write" unmaps first, which detaches the buffers. On a
   * memfd with x mode bits, "exec" adds every other seal but "seal". See F_ADD_SEALS in fcntl(2).
   *
   * @throws {ArgumentError} for a word that is not a seal
   * @throws {DetachError} as `unmap` does
   * @throws {SystemCallError} EPERM when the memfd is sealed with "seal", EBUSY for "write" while a
   *   shared mapping exists, EINVAL when the kernel does not know the seal
   */
  seal(...seals: Seal[]): void {
    const stranger = seals.find((seal) => !allSeals.includes(seal));
    if (stranger !== undefined) throw new ArgumentError("seal", stranger, allSeals.join(", "));
    if (seals.includes("write")) this.unmap();
    const bits = seals.reduce((sum, seal) => sum | sealBits[seal], 0);
    call("fcntl", this.fd, F_ADD_SEALS, bits);
  }

  /** The seals that this program or any other has added. */
  get seals(): ReadonlySet<Seal> {
    const bits = this.sealBits;
    return new Set(allSeals.filter((seal) => bits & sealBits[seal]));
  }

  /**
   * The seals as bits of the kernel, with those that `Seal` does not name. See F_GET_SEALS in
   * fcntl(2).
   */
  get sealBits(): number {
    return call("fcntl", this.fd, F_GET_SEALS, 0);
  }
}

const linkOf = (fd: number) => `/proc/self/fd/${fd}`;
