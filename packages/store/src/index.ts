export { type Backing, heapBacking } from "@luo/memory";
export { BadImageError, BadObjectError } from "./errors.js";
export { MAX_IDENTIFIER } from "./image.js";
export { ObjectStore, type PutOptions, type StoredObject } from "./object-store.js";
