export { PreservedArray, shapeOf } from "./arrays/array.js";
export {
  ArrayExtent,
  ArrayHeader,
  HEADER_BYTES,
  readArrayHeader,
  readArrayTable,
  tableBytes,
} from "./arrays/array-format.js";
export { ArrayOwner } from "./arrays/array-owner.js";
export type { ArrayStorage, ElementShape } from "./arrays/array-storage.js";
export { ArrayWriter } from "./arrays/array-writer.js";
export { BlockHeader, BlockList } from "./arrays/block-list.js";
export type { AddressSpace, Contents } from "./bytes/address-space.js";
export { type Backing, HeapBacking, heapBacking } from "./bytes/backing.js";
export { type Checked, CheckedCodec, type ChecksumMismatch } from "./bytes/checked-codec.js";
export { checksum, NOT_COMPUTED } from "./bytes/checksum.js";
export {
  type Allocation,
  AllocationError,
  BadAddressError,
  LeakError,
  MemoryLockedError,
  OutOfMemoryError,
} from "./bytes/errors.js";
export { PAGE_SIZE } from "./bytes/pages.js";
export { Pool, type PoolOptions, type PoolUsage } from "./bytes/pool.js";
export { type MemoryUsage, PreservedMemory } from "./bytes/preserved-memory.js";
export { type Location, type Segment, WINDOW } from "./bytes/segments.js";
export { WriteTurn } from "./bytes/write-turn.js";
