export { type BtfCode, BtfError, UnexpressibleError } from "./errors.js";
export { readBtf } from "./reader.js";
export { sizeOfType } from "./resolve.js";
export { type ImportOptions, importBtf } from "./source.js";
export { BtfStructs, type LuoOfC, type StructsOptions } from "./structs.js";
export type {
  Btf,
  BtfArray,
  BtfComposite,
  BtfEnum,
  BtfFloat,
  BtfForward,
  BtfFunction,
  BtfInt,
  BtfKind,
  BtfMember,
  BtfModifier,
  BtfPointer,
  BtfPrototype,
  BtfSection,
  BtfTag,
  BtfType,
  BtfVariable,
  BtfVoid,
} from "./types.js";
