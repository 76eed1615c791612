export {
  allocArray,
  freeArray,
  type Lease,
  type LeasedRefs,
  PreservedArray,
  restoreArray,
} from "./array.js";
export {
  type ArrayExtent,
  type ArrayHeader,
  readArrayHeader,
  readArrayTable,
  tableCapacity,
} from "./array-format.js";
export { type Backing, heapBacking } from "./backing.js";
export { BlockList } from "./block-list.js";
export { checksum } from "./checksum.js";
export {
  type Allocation,
  AllocationError,
  BadAddressError,
  LeakError,
  OutOfMemoryError,
} from "./errors.js";
export { PAGE_SIZE } from "./pages.js";
export { Pool, type PoolOptions, type PoolUsage } from "./pool.js";
export { type Contents, type MemoryUsage, PreservedMemory } from "./preserved-memory.js";
