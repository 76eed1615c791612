/** What preserved memory lies in: any ArrayBuffer, or the mapping of a memfd. */
export interface Backing {
  readonly buffer: ArrayBufferLike;
  /**
   * Makes the buffer at least this long and returns it. The old one must be detached, so that views
   * of it throw and never show stale bytes.
   */
  resize?(byteLength: number): ArrayBufferLike;
}

type Transferable = ArrayBuffer & { transfer?: (byteLength: number) => ArrayBuffer };

/** A global of every runtime, of which a package without a platform's types does not know. */
const { structuredClone } = globalThis as unknown as {
  structuredClone: (buffer: ArrayBuffer, options: { transfer: ArrayBuffer[] }) => ArrayBuffer;
};

/** Backing on the heap: for what does not leave the process. */
export function heapBacking(byteLength = 4096): Backing {
  const backing = {
    buffer: new ArrayBuffer(byteLength),
    resize(wanted: number) {
      backing.buffer = grown(backing.buffer, wanted);
      return backing.buffer;
    },
  };
  return backing;
}

/** The bytes in a longer buffer; the old one is detached. */
function grown(buffer: Transferable, byteLength: number): ArrayBuffer {
  if (buffer.transfer) return buffer.transfer(byteLength);
  const old = structuredClone(buffer, { transfer: [buffer] });
  const longer = new ArrayBuffer(byteLength);
  new Uint8Array(longer).set(new Uint8Array(old));
  return longer;
}
