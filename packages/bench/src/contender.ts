import type { Values } from "./record.js";

/** The operations that are measured; each is absent where a library has no such thing. */
export interface Operations {
  /** Writes record `index` of the pool. */
  encode?(index: number): unknown;
  /** A new object from the bytes of record `index`. */
  decode?(index: number): object;
  /** An object over the bytes of record `index`, whose accessors read them. */
  view?(index: number): Values;
  /** Writes `COUNT` records into one buffer. */
  encodeArray?(): unknown;
  /** `COUNT` new objects from one buffer. */
  decodeArray?(): ArrayLike<object>;
  /** The sum of all fields of `COUNT` records, read where they lie. */
  viewArray?(): bigint;
}

export const OPERATIONS = [
  "encode",
  "decode",
  "view",
  "encodeArray",
  "decodeArray",
  "viewArray",
] as const satisfies readonly (keyof Operations)[];
export type Operation = (typeof OPERATIONS)[number];

export interface Contender {
  /** npm's name, or what else it is. */
  readonly name: string;
  /** True when it works from a schema; the fastest such peer is named in the results. */
  readonly schema: boolean;
  /** How it was set up, where there was a choice. */
  readonly note?: string;
  prepare(): Operations;
}
