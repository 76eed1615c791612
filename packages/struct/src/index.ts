export { type CHeaderOptions, toCHeader } from "./c/header.js";
export { CNameError } from "./c/names.js";
export { codecOf } from "./codec/codec.js";
export type { Cursor, Operations, RefResolver, StructCodec } from "./codec/codec-contract.js";
export { create, type StructValues } from "./declare/create.js";
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
} from "./declare/decorators.js";
export type {
  FieldDecorator,
  FieldModifier,
  MustBeDeclaredAs,
  MustBePublic,
  PropertyContext,
  PropertyType,
} from "./declare/field-decorator.js";
export { defineStruct, LuoStruct } from "./declare/luo-struct.js";
export { aligned, big, little, note, packed, transient } from "./declare/modifiers.js";
export {
  derivedFrom,
  descriptorOf,
  type FieldDescriptor,
  isStruct,
  type StructDescriptor,
  type StructOptions,
  structOf,
} from "./declare/registry.js";
export {
  literalSource,
  nameSource,
  propertySource,
  type SourceNames,
  structSource,
} from "./declare/source.js";
export { enumNamesOf } from "./enum-names.js";
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
export { INSPECT } from "./inspect.js";
export { ABIS, type Abi, type Endian } from "./layout/abi.js";
export {
  type FieldLayout,
  type Gap,
  layoutOf,
  offsetOf,
  type StructLayout,
  sizeOf,
} from "./layout/layout.js";
export { notation, parseNotation, type StructNamed } from "./layout/notation.js";
export {
  type FieldSchema,
  fingerprintOf,
  mentionedIn,
  type StructSchema,
  schemaOf,
  structsIn,
} from "./layout/schema.js";
export { SchemaLayouts } from "./layout/schema-layouts.js";
export {
  type ErrorCode,
  type ErrorCodes,
  type Fault,
  LuoError,
  type LuoFailure,
  LuoRangeError,
} from "./luo-error.js";
export { Memory } from "./memory.js";
export {
  bitBounds,
  type FieldType,
  type PerKind,
  perKind,
  type ScalarType,
  type Sequence,
  type StructClass,
} from "./types.js";
