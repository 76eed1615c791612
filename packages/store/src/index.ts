export {
  type Backing,
  BadAddressError,
  HeapBacking,
  heapBacking,
  type MemoryUsage,
  type Pool,
} from "@luo/memory";
export { costOf } from "./cost.js";
export {
  BadImageError,
  BadObjectError,
  IdentifierError,
  ImageExistsError,
  PoolNameError,
} from "./errors.js";
export { MAX_IDENTIFIER } from "./identifier.js";
export {
  type DecodedObject,
  ObjectStore,
  type OpenOptions,
  type PutOptions,
  type StoredObject,
} from "./object-store.js";
export { FORMAT } from "./root.js";
