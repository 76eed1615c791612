export { ABIS, type Abi, type Endian } from "./abi.js";
export { type CHeaderOptions, toCHeader } from "./c-header.js";
export { CNameError } from "./c-names.js";
export { codecOf } from "./codec.js";
export type { Cursor, Operations, RefResolver, StructCodec } from "./codec-contract.js";
export { create, type StructValues } from "./create.js";
export {
  address,
  array,
  bits,
  bool,
  bytes,
  char,
  type ElementType,
  enumeration,
  f32,
  f64,
  flexible,
  i8,
  i16,
  i32,
  i64,
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
  NotationError,
  SchemaError,
  show,
  UnknownFieldError,
} from "./errors.js";
export type {
  FieldDecorator,
  FieldModifier,
  MustBeDeclaredAs,
  MustBePublic,
  PropertyContext,
  PropertyType,
} from "./field-decorator.js";
export { INSPECT } from "./inspect.js";
export {
  type FieldLayout,
  type Gap,
  layoutOf,
  offsetOf,
  type StructLayout,
  sizeOf,
} from "./layout.js";
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
export { aligned, big, little, note, packed, transient } from "./modifiers.js";
export { notation, parseNotation, type StructNamed } from "./notation.js";
export {
  derivedFrom,
  descriptorOf,
  type FieldDescriptor,
  isStruct,
  type StructDescriptor,
  type StructOptions,
} from "./registry.js";
export {
  type FieldSchema,
  fingerprintOf,
  type StructSchema,
  schemaOf,
  structsIn,
} from "./schema.js";
export { SchemaLayouts } from "./schema-layouts.js";
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
