import { DetachError } from "./errors.js";

/**
 * Takes the memory away from an ArrayBuffer: its length and that of every view of it become 0.
 * The bytes are neither copied nor changed.
 *
 * @throws {DetachError} when another buffer has the memory, or the runtime cannot detach
 */
export function detach(buffer: ArrayBuffer): void {
  if (buffer.byteLength === 0) {
    throw new DetachError(
      "its ArrayBuffer was transferred, and the receiver may still use it",
      "copy what others need instead",
    );
  }
  const { transfer } = buffer as ArrayBuffer & { transfer?: (byteLength: number) => ArrayBuffer };
  if (transfer) transfer.call(buffer, 0);
  else takeInto(buffer);
  if (buffer.byteLength !== 0) {
    throw new DetachError(
      "this JavaScript runtime does not detach external ArrayBuffers",
      "use a supported release of Node",
    );
  }
}

/**
 * Detaches a buffer on Node 20, which has no ArrayBuffer.prototype.transfer, and whose
 * structuredClone copies an external ArrayBuffer without detaching it. A byte stream takes the
 * buffer of every chunk for itself at once; when it is cancelled, it drops the buffer without
 * reading it.
 */
function takeInto(buffer: ArrayBuffer): void {
  const start = (controller: ReadableByteStreamController) =>
    controller.enqueue(new Uint8Array(buffer, 0, 1));
  void new ReadableStream({ type: "bytes", start }).cancel();
}
