/**
 * Offsets and sizes of docs/FORMAT.md, counted by hand: tests judge the format by the specification, not
 * by the classes that write it.
 */

/** The slots of the first page; generation `g` is in `SLOTS[g % 2]`. */
export const SLOTS = [0, 2048] as const;
/** From a slot to its root. */
export const ROOT_AT = 256;
/** Stands in place of a checksum that was not computed. */
export const NONE = 0x656e_6f6e;

export const HEADER = {
  magic: 0,
  format: 8,
  pageSize: 12,
  byteOrder: 16,
  compatible: 20,
  readCompatible: 24,
  incompatible: 28,
  generation: 32,
  program: 40,
  programVersion: 136,
  unused: 200,
  checksum: 204,
} as const;

export const ROOT = {
  generation: 0,
  length: 8,
  directory: 16,
  objects: 24,
  schemas: 32,
  schemasLength: 40,
  pools: 48,
  schemasChecksum: 56,
  checksum: 60,
} as const;

/** From the start of its slot. */
export const ROOT_2 = {
  schemasChecksum: 20,
  generation: 24,
  length: 32,
  directory: 40,
  objects: 48,
  schemas: 56,
  schemasLength: 64,
  pools: 72,
  unused: 80,
  checksum: 84,
} as const;

export const SEGMENT = {
  previous: 0,
  generation: 8,
  bytes: 16,
  capacity: 24,
  entries: 32,
  entriesChecksum: 36,
  unused: 40,
  checksum: 44,
  size: 48,
} as const;

export const SEGMENT_2 = {
  checksum: 0,
  entries: 4,
  previous: 8,
  generation: 16,
  bytes: 24,
  capacity: 32,
  size: 40,
} as const;

export const ENTRY = { length: 0, copies: 2, unused: 4, size: 8 } as const;

export const COPY = { schema: 0, checksum: 4, address: 8, bytes: 16, size: 24 } as const;

export const ARRAY = {
  count: 0,
  fingerprint: 8,
  table: 16,
  extents: 24,
  elementSize: 28,
  tableChecksum: 32,
  checksum: 36,
  size: 40,
} as const;

export const EXTENT = { address: 0, capacity: 8, checksum: 12, size: 16 } as const;

export const BLOCK = { next: 0, count: 8, size: 16 } as const;

export const POOL = { name: 0, allocations: 40, size: 48 } as const;

export const ALLOCATION = { address: 0, bytes: 8, size: 16 } as const;
