export { allocArray, PreservedArray, restoreArray } from "./array.js";
export { BadAddressError, OutOfMemoryError } from "./errors.js";
export { type Backing, heapBacking, PAGE_SIZE, PreservedMemory } from "./preserved-memory.js";
