export { type Backing, heapBacking } from "@luo/memory";
export { BadImageError, BadObjectError } from "./errors.js";
export { ObjectStore, type PutOptions, type StoredObject } from "./object-store.js";
