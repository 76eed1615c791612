export { ABIS, type Abi, type Endian } from "./abi.js";
export { type CHeaderOptions, toCHeader } from "./c-header.js";
export { CNameError } from "./c-names.js";
export { codecOf } from "./codec.js";
export {
  address,
  aligned,
  array,
  big,
  bits,
  bool,
  bytes,
  char,
  type ElementType,
  enumeration,
  type FieldDecorator,
  type FieldModifier,
  f32,
  f64,
  flexible,
  i8,
  i16,
  i32,
  i64,
  little,
  note,
  packed,
  ref,
  reserved,
  struct,
  u8,
  u16,
  u32,
  u64,
  union,
} from "./decorators.js";
export {
  ArgumentError,
  BoundsError,
  DeclarationError,
  DetachedError,
  FieldRangeError,
  InvalidBytesError,
  show,
} from "./errors.js";
export { type FieldLayout, type Gap, layoutOf, type StructLayout, sizeOf } from "./layout.js";
export {
  type ErrorCode,
  type ErrorCodes,
  type Fault,
  LuoError,
  type LuoFailure,
  LuoRangeError,
} from "./luo-error.js";
export { defineStruct, LuoStruct } from "./luo-struct.js";
export { Memory } from "./memory.js";
export type { Cursor, Operations, RefResolver, StructCodec } from "./operations.js";
export {
  derivedFrom,
  describe,
  type FieldDescriptor,
  isStruct,
  type StructDescriptor,
  type StructOptions,
} from "./registry.js";
export {
  type FieldSchema,
  fingerprintOf,
  notation,
  type StructSchema,
  schemaOf,
  structsIn,
} from "./schema.js";
export { nameSource, propertySource, type SourceNames, structSource } from "./source.js";
export {
  bitBounds,
  type FieldType,
  type PerKind,
  perKind,
  type ScalarType,
  type Sequence,
  type StructClass,
} from "./types.js";
