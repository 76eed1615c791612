export { type BtfCode, BtfError, UnexpressibleError } from "./errors.js";
export { readBtf } from "./reader.js";
export { sizeOfType } from "./resolve.js";
export { type ImportOptions, importBtf } from "./source.js";
export { BtfStructs, type LuoOfC, type StructsOptions } from "./structs.js";
export type * from "./types.js";
