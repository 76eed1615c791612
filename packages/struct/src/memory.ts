import { BoundsError, DetachedError } from "./errors.js";
import { INSPECT } from "./inspect.js";

/**
 * A range of bytes that codecs read and write, with every typed array over it.
 *
 * The typed arrays cover the whole underlying buffer, so an index is an absolute position divided by
 * the element size. `base` is the start of the range in the buffer, and `view` covers the range only.
 * Make one per buffer and keep it.
 */
export class Memory {
  readonly buffer: ArrayBufferLike;
  /** The start of the range in `buffer`, in bytes. */
  readonly base: number;
  readonly u8: Uint8Array;
  readonly u16: Uint16Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
  readonly i8: Int8Array;
  readonly i16: Int16Array;
  readonly i32: Int32Array;
  readonly i64: BigInt64Array;
  readonly f32: Float32Array;
  readonly f64: Float64Array;
  readonly view: DataView;
  readonly #byteLength: number;
  /** Length of the whole buffer, in bytes. */
  readonly #whole: number;

  constructor(source: ArrayBufferLike | ArrayBufferView) {
    const whole = !ArrayBuffer.isView(source);
    const buffer = whole ? source : source.buffer;
    this.buffer = buffer;
    this.base = whole ? 0 : source.byteOffset;
    this.#byteLength = source.byteLength;
    this.#whole = buffer.byteLength;
    const fit = (size: number) => Math.floor(buffer.byteLength / size);
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer, 0, fit(2));
    this.u32 = new Uint32Array(buffer, 0, fit(4));
    this.u64 = new BigUint64Array(buffer, 0, fit(8));
    this.i8 = new Int8Array(buffer);
    this.i16 = new Int16Array(buffer, 0, fit(2));
    this.i32 = new Int32Array(buffer, 0, fit(4));
    this.i64 = new BigInt64Array(buffer, 0, fit(8));
    this.f32 = new Float32Array(buffer, 0, fit(4));
    this.f64 = new Float64Array(buffer, 0, fit(8));
    this.view = new DataView(buffer, this.base, source.byteLength);
  }

  /**
   * Length of the range in bytes.
   *
   * @throws {DetachedError} after the buffer was unmapped, transferred, or resized to fewer bytes
   */
  get byteLength(): number {
    if (this.u8.length < this.#whole) throw new DetachedError(this.#byteLength);
    return this.#byteLength;
  }

  /** The text that `console.log` shows: the length, the place in the buffer, the first 16 bytes. */
  [INSPECT](): string {
    if (this.u8.length < this.#whole) return `Memory(${this.#byteLength}, unmapped)`;
    const whole = this.#byteLength === this.buffer.byteLength;
    const of = whole ? "" : ` from ${this.base} of ${this.buffer.byteLength}`;
    const shown = this.bytes(0, Math.min(this.#byteLength, 16));
    const bytes = Array.from(shown, (byte) => byte.toString(16).padStart(2, "0"));
    const more = this.#byteLength > shown.length ? " ..." : "";
    return `Memory(${this.#byteLength}${of}) <${bytes.join(" ")}${more}>`;
  }

  /**
   * The `length` bytes from `offset`, without copying.
   *
   * @throws {BoundsError} when they reach outside of the memory
   */
  bytes(offset: number, length: number): Uint8Array {
    if (!Number.isSafeInteger(offset) || offset < 0 || offset + length > this.byteLength) {
      throw new BoundsError("a range of bytes", offset, length, this.byteLength);
    }
    return this.u8.subarray(this.base + offset, this.base + offset + length);
  }
}
