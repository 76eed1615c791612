import { type Backing, PAGE_SIZE } from "@luo/memory";
import { char, codecOf, LuoStruct, Memory, ref, type Sequence, show, u32, u64 } from "@luo/struct";
import { crc32 } from "./crc32.js";
import { BadImageError } from "./errors.js";

const MAGIC = "luo-img";
const FORMAT = 1;

/** Bytes of UTF-8 that an identifier may have. */
export const MAX_IDENTIFIER = 128;

/** Describes one object in one version. */
@LuoStruct(0, { family: "luo.entry" })
export class DirectoryEntry {
  /** The object's name; several entries share one when older versions lie alongside. */
  @char(MAX_IDENTIFIER) identifier = "";
  @char(64) family = "";
  @u32 version = 0;
  @u32 reserved = 0;
  /** Where the object lies, and its size in bytes. */
  @u64 address = 0n;
  @u64.number size = 0;
  /** Of the object's class. */
  @u64 fingerprint = 0n;
}

/** What the header's `root` points at. */
@LuoStruct(0, { family: "luo.directory" })
export class Directory {
  @ref(() => DirectoryEntry) entries: Sequence<DirectoryEntry> = [];
  /** The schemas of all structs inside, as JSON in UTF-8. */
  @u64 schemas = 0n;
  /** In bytes. */
  @u64.number schemasLength = 0;
}

/** The first bytes of an image. It is written last, so that an unfinished image has none. */
@LuoStruct(0, { family: "luo.image" })
export class ImageHeader {
  @char(8) magic = MAGIC;
  @u32 format = FORMAT;
  @u32 pageSize = PAGE_SIZE;
  /** Counts the images that a memory has held, from 1. */
  @u64.number generation = 0;
  /** Bytes in use, from the start of the image. */
  @u64.number length = 0;
  /** Address of the Directory. */
  @u64 root = 0n;
  /** CRC-32 of everything after the first page. */
  @u32 checksum = 0;
  /** CRC-32 of the header up to here. */
  @u32 headerChecksum = 0;
}

const codec = codecOf(ImageHeader);

/** Writes the header over the first page, with both checksums. */
export function writeHeader(memory: Memory, header: ImageHeader): void {
  header.checksum = crc32(memory.bytes(PAGE_SIZE, header.length - PAGE_SIZE));
  const draft = new Memory(new ArrayBuffer(codec.size));
  codec.encode(header, draft, 0);
  header.headerChecksum = crc32(draft.bytes(0, codec.size - 4));
  codec.encode(header, memory, 0);
}

/**
 * The header of an image whose every byte is as it was written.
 *
 * @throws {BadImageError} that tells what is wrong
 */
export function readHeader(backing: Backing): ImageHeader {
  const memory = new Memory(backing.buffer);
  const check = (holds: boolean, what: string, found: unknown, expected: unknown): void => {
    if (!holds) throw new BadImageError(`${what} is ${show(found)}, expected ${expected}`);
  };
  check(memory.byteLength >= PAGE_SIZE, "its length", memory.byteLength, `at least ${PAGE_SIZE}`);
  const found = crc32(memory.bytes(0, codec.size - 4));
  let header: ImageHeader;
  try {
    header = codec.decode(memory, 0);
  } catch (cause) {
    throw new BadImageError("the header is not decodable", { cause });
  }
  check(header.magic === MAGIC, "the magic", header.magic, show(MAGIC));
  check(
    header.format === FORMAT,
    "the format",
    header.format,
    `${FORMAT}; use a newer release of luo`,
  );
  check(header.headerChecksum === found, "the header's checksum", header.headerChecksum, found);
  check(header.pageSize === PAGE_SIZE, "the page size", header.pageSize, PAGE_SIZE);
  const fits = header.length >= PAGE_SIZE && header.length <= memory.byteLength;
  check(fits, "the length in the header", header.length, `${PAGE_SIZE} to ${memory.byteLength}`);
  const body = crc32(memory.bytes(PAGE_SIZE, header.length - PAGE_SIZE));
  check(header.checksum === body, "the content's checksum", header.checksum, body);
  return header;
}
