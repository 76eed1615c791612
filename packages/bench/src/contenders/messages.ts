import type { Operations } from "../contender.js";
import { Chunk, makePool, repeat, type Values } from "../record.js";

/** The functions of a library of messages: bytes from an object, and back. */
export interface Messages<One, Many> {
  /** The record as the library takes it. */
  from(record: Chunk): One;
  /** The value that the library encodes as an array. */
  array(records: One[]): Many;
  encode(record: One): Uint8Array | string;
  decode(bytes: never): object;
  encodeArray(records: Many): Uint8Array | string;
  decodeArray(bytes: never): ArrayLike<object>;
  /** Where the library reads fields from the bytes themselves. */
  view?(bytes: never): Values;
  viewArray?(bytes: never): bigint;
}

/** Each record has its bytes, the array its own; they are there once something was encoded. */
export function operations<One, Many>(library: Messages<One, Many>): Operations {
  const pool = makePool(() => new Chunk()).map((record) => library.from(record));
  const one: (Uint8Array | string)[] = [];
  const records = library.array(repeat(pool));
  let many: Uint8Array | string | undefined;
  const { view, viewArray } = library;
  return {
    encode: (index) => {
      one[index] = library.encode(pool[index] as One);
    },
    decode: (index) => library.decode(one[index] as never),
    encodeArray: () => {
      many = library.encodeArray(records);
    },
    decodeArray: () => library.decodeArray(many as never),
    ...(view && { view: (index) => view(one[index] as never) }),
    ...(viewArray && { viewArray: () => viewArray(many as never) }),
  };
}
