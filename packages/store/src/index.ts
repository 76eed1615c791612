export {
  type Backing,
  BadAddressError,
  HeapBacking,
  heapBacking,
  MemoryLockedError,
  type MemoryUsage,
  type Pool,
} from "@luo/memory";
export { costOf } from "./cost.js";
export {
  BadImageError,
  BadObjectError,
  BusyStoreError,
  IdentifierError,
  ImageExistsError,
  PoolNameError,
  StaleStoreError,
  UnsealedError,
} from "./errors.js";
export { MAX_IDENTIFIER } from "./identifier.js";
export { type Features, FORMAT, type ImageOrigin } from "./image-header.js";
export {
  Copy,
  EntryHeader,
  ImageHeader,
  ImageStart,
  PoolAllocation,
  PoolRecord,
  type Program,
  Root,
  RootV0,
  RootV1,
  Segment,
  SegmentV0,
  SegmentV1,
} from "./image-records.js";
export {
  type CreateOptions,
  type DecodedObject,
  ObjectStore,
  type OpenOptions,
  type PutOptions,
  type StoredObject,
} from "./object-store.js";
