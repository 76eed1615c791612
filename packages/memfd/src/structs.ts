import { LuoStruct, ref, type Sequence, u32, u64 } from "@luo/struct";
import { family, follows, lossy, since } from "@luo/version";

/** Bytes of a folio, the unit of version 0. */
export const FOLIO_SIZE = 4096n;

/**
 * Bit of `Folio.flags`: the folio holds data. Without it, the folio is a hole and reads as zeros.
 */
export const FOLIO_DATA = 1;

/** One 4096-byte piece of a memfd. */
@LuoStruct(0, { family: "memfd.folio" })
export class Folio {
  /** Offset in the file, in folios. */
  @u64 index = 0n;
  @u32 flags = 0;
  @u32 reserved = 0;
}

/** A run of bytes that holds data. */
@LuoStruct(0, { family: "memfd.extent" })
export class Extent {
  /** Offset in the file, in bytes. */
  @u64 offset = 0n;
  /** Bytes. */
  @u64 length = 0n;
}

/** A memfd as it was frozen. Every folio is listed, holes included. */
@LuoStruct(0, { family: "memfd" })
export class MemfdV0 {
  /** Bytes. */
  @u64 size = 0n;
  /** The file position, in bytes. */
  @u64 pos = 0n;
  @ref(() => Folio) folios: Sequence<Folio> = [];
}

/** A memfd without its holes, so a few records describe a sparse or large one. */
@LuoStruct(1, { family: "memfd" })
@follows(MemfdV0, {
  upgrade: { folios: ({ size, folios }) => extentsOf(folios, size) },
  downgrade: { folios: ({ size, folios }: MemfdV1) => foliosOf(folios, size) },
})
export class MemfdV1 {
  /** Bytes. */
  @u64 size = 0n;
  /** The file position, in bytes. */
  @u64 pos = 0n;
  /** Extents in ascending order; none touches the next. */
  @ref(() => Extent) folios: Sequence<Extent> = [];
}

/** A memfd with its seals, which the successor must find again, as seals cannot be taken back. */
@LuoStruct(2, { family: "memfd" })
@follows(MemfdV1)
export class MemfdV2 {
  /** Bytes. */
  @u64 size = 0n;
  /** The file position, in bytes. */
  @u64 pos = 0n;
  /**
   * Seals as F_GET_SEALS gives them. The memfd itself keeps them; older releases do not compare
   * them.
   */
  @lossy @since(2, 0) @u32 seals = 0;
  /** No flag is defined yet; this release refuses a record with any bit set. */
  @since(2, 0) @u32 flags = 0;
  /** Extents in ascending order; none touches the next. */
  @ref(() => Extent) folios: Sequence<Extent> = [];
}

/** The record of a memfd, in every version that was published. */
export const MemfdRecord = family(MemfdV2);

function extentsOf(folios: Iterable<Folio>, size: bigint): Extent[] {
  const extents: Extent[] = [];
  for (const { index, flags } of folios) {
    if ((flags & FOLIO_DATA) === 0) continue;
    const offset = index * FOLIO_SIZE;
    const end = min(offset + FOLIO_SIZE, size);
    const last = extents.at(-1);
    if (last !== undefined && last.offset + last.length === offset) last.length = end - last.offset;
    else extents.push(Object.assign(new Extent(), { offset, length: end - offset }));
  }
  return extents;
}

function foliosOf(extents: Iterable<Extent>, size: bigint): Folio[] {
  const count = Number((size + FOLIO_SIZE - 1n) / FOLIO_SIZE);
  const folios = Array.from({ length: count }, (_, index) =>
    Object.assign(new Folio(), { index: BigInt(index) }),
  );
  for (const { offset, length } of extents) {
    const end = Number((offset + length + FOLIO_SIZE - 1n) / FOLIO_SIZE);
    for (const folio of folios.slice(Number(offset / FOLIO_SIZE), end)) folio.flags = FOLIO_DATA;
  }
  return folios;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
