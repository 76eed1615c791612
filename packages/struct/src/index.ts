export { codecOf, type RefResolver, type StructCodec } from "./codec.js";
export {
  array,
  bool,
  bytes,
  char,
  type ElementType,
  type FieldDecorator,
  f32,
  f64,
  i8,
  i16,
  i32,
  i64,
  LuoStruct,
  ref,
  type StructOptions,
  struct,
  u8,
  u16,
  u32,
  u64,
} from "./decorators.js";
export {
  BoundsError,
  DeclarationError,
  DetachedError,
  FieldRangeError,
  InvalidBytesError,
  LuoError,
  show,
} from "./errors.js";
export { type FieldLayout, type Gap, layoutOf, type StructLayout, sizeOf } from "./layout.js";
export { Memory } from "./memory.js";
export { describe, type FieldDescriptor, type StructDescriptor } from "./registry.js";
export { fingerprintOf, notation, type StructSchema, schemaOf } from "./schema.js";
export type { FieldType, ScalarType, Sequence, StructClass } from "./types.js";
