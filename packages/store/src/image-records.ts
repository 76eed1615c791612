import { PAGE_SIZE } from "@luo/memory";
import { bytes, char, LuoStruct, reserved, u16, u32, u64 } from "@luo/struct";
import { dropped, family, follows, since } from "@luo/version";

/**
 * The records of the image format itself, in every format that this release reads. docs/FORMAT.md
 * lists them as tables, and a test compares the tables with these classes.
 */

/** The letters "luo-img" and a NUL. */
export const MAGIC = new TextEncoder().encode("luo-img\0");

/** The byte order mark. A little-endian machine writes it as the bytes 04 03 02 01. */
export const BYTE_ORDER = 0x0102_0304;

/** The program that wrote an image. */
export interface Program {
  /** 1 to 95 bytes of UTF-8, without control characters. */
  readonly name: string;
  /** At most 63 bytes of UTF-8, without control characters; empty where nothing tells it. */
  readonly version: string;
}

/** The first bytes of an image, the same in every format. */
@LuoStruct(0, { family: "luo.start" })
export class ImageStart {
  @bytes(8) magic = MAGIC;
  /** The format of everything behind this record. */
  @u32 format = 0;
  /** Bytes per page. */
  @u32 pageSize = PAGE_SIZE;
  @u32 byteOrder = BYTE_ORDER;
}

/**
 * The header of an image. It is the same in every format from 3 on, so any release can say of any
 * image which program wrote it, and which features reading it needs.
 */
@LuoStruct(0, { family: "luo.header" })
export class ImageHeader extends ImageStart {
  /** Features that a program need not know to read or write; it leaves their bytes as they are. */
  @u32 compatible = 0;
  /** Features that a program need not know to read, but must know to write. */
  @u32 readCompatible = 0;
  /** Features that a program must know to read or write. */
  @u32 incompatible = 0;
  /** Counts the generations, from 1. */
  @u64.number generation = 0;
  /** The program that wrote the generation. */
  @char(96, { terminated: true }) program = "";
  @char(64, { terminated: true }) programVersion = "";
  @reserved(bytes(4), { checked: true }) unused: unknown;
  /** XXH32 of the header up to here. */
  @u32 checksum = 0;
}

/** Format 2: the root is the beginning of an image. */
@LuoStruct(0, { family: "luo.root" })
export class RootV0 extends ImageStart {
  /** XXH32 of the schemas. */
  @u32 schemasChecksum = 0;
  /** Counts the generations, from 1. */
  @u64.number generation = 0;
  /** Bytes of the address space, a multiple of the page size. */
  @u64.number length = 0;
  /** Address of the newest directory segment; 0 when there is no object. */
  @u64.number directory = 0;
  /** Identifiers that hold an object. */
  @u64.number objects = 0;
  /** Address and length in bytes of the schemas, which are JSON. */
  @u64.number schemas = 0;
  @u64.number schemasLength = 0;
  /** Address of the first block of the list of resident pools; 0 when there are none. */
  @u64.number pools = 0;
  @reserved(bytes(4), { checked: true }) unused: unknown;
  /** XXH32 of the root up to here. */
  @u32 checksum = 0;
}

/**
 * The root of one complete generation, from which everything else is found. It follows the header.
 */
@LuoStruct(1, { family: "luo.root" })
@follows(RootV0)
@dropped("magic")
@dropped("format")
@dropped("pageSize")
@dropped("byteOrder")
export class RootV1 {
  /** The generation, as in the header before it. */
  @u64.number generation = 0;
  /** Bytes of the address space, a multiple of the page size. */
  @u64.number length = 0;
  /** Address of the newest directory segment; 0 when there is no object. */
  @u64.number directory = 0;
  /** Identifiers that hold an object. */
  @u64.number objects = 0;
  /** Address and length in bytes of the schemas, which are JSON. */
  @u64.number schemas = 0;
  @u64.number schemasLength = 0;
  /** Address of the first block of the list of resident pools; 0 when there are none. */
  @u64.number pools = 0;
  /** XXH32 of the schemas. */
  @u32 schemasChecksum = 0;
  /** XXH32 of the root up to here. */
  @u32 checksum = 0;
}

/**
 * Format 2: the header of a directory segment. Its checksum covers the segment from behind it on.
 */
@LuoStruct(0, { family: "luo.segment" })
export class SegmentV0 {
  /** XXH32 of the rest of the header and of the entries. */
  @u32 checksum = 0;
  /** Entries that follow. */
  @u32 entries = 0;
  /** Address of the segment before this; 0 in the oldest. */
  @u64.number previous = 0;
  /** The generation that wrote the segment. */
  @u64.number generation = 0;
  /** Bytes of all entries. */
  @u64.number bytes = 0;
  /** Bytes that are allocated, header included. */
  @u64.number capacity = 0;
}

/** The header of a directory segment; its entries follow. */
@LuoStruct(1, { family: "luo.segment" })
@follows(SegmentV0)
export class SegmentV1 {
  /** Address of the segment before this; 0 in the oldest. */
  @u64.number previous = 0;
  /** The generation that wrote the segment. */
  @u64.number generation = 0;
  /** Bytes of all entries. */
  @u64.number bytes = 0;
  /** Bytes that are allocated, header included. */
  @u64.number capacity = 0;
  /** Entries that follow. */
  @u32 entries = 0;
  /** XXH32 of the entries. */
  @since(1, 0) @u32 entriesChecksum = 0;
  @reserved(bytes(4), { checked: true }) unused: unknown;
  /** XXH32 of the header up to here. */
  @u32 checksum = 0;
}

/** The header of a directory entry; its copies follow, and behind them the identifier. */
@LuoStruct(0, { family: "luo.entry" })
export class EntryHeader {
  /** Bytes of the identifier, 1 to 128. */
  @u16 length = 0;
  /** Versions of the object; 0 means that the identifier holds nothing. */
  @u16 copies = 0;
  @reserved(bytes(4), { checked: true }) unused: unknown;
}

/** The place of one version of an object. */
@LuoStruct(0, { family: "luo.copy" })
export class Copy {
  /** Index of its layout among the schemas. */
  @u32 schema = 0;
  /** XXH32 of its bytes. */
  @u32 checksum = 0;
  @u64.number address = 0;
  /** Bytes of the struct itself; arrays that it refers to are not counted. */
  @u64.number bytes = 0;
}

/** A resident pool, with the list of its allocations. */
@LuoStruct(0, { family: "luo.pool" })
export class PoolRecord {
  @char(40) name = "";
  /** Address of the first block of its allocations; 0 when there are none. */
  @u64.number allocations = 0;
}

/** One allocation of a resident pool. */
@LuoStruct(0, { family: "luo.allocation" })
export class PoolAllocation {
  @u64.number address = 0;
  @u64.number bytes = 0;
}

export const Root = family(RootV1);
export const Segment = family(SegmentV1);
