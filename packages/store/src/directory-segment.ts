import {
  type AddressSpace,
  BadAddressError,
  CheckedCodec,
  checksum,
  type Location,
} from "@luo/memory";
import { codecOf } from "@luo/struct";
import { BadImageError } from "./errors.js";
import { Segment, SegmentV0, SegmentV1 } from "./image-records.js";

export const segmentCodec = new CheckedCodec(SegmentV1);
const oldSegmentCodec = codecOf(SegmentV0);

/** A format of segment headers. */
export interface SegmentHeaders {
  /** Bytes of a header. */
  readonly size: number;
  /** Reads a header that was checked before. */
  decode(at: Location): Pick<SegmentV1, "generation" | "bytes" | "capacity">;
  /**
   * Checks a segment's header and entries against their checksums, and gives the header.
   *
   * @throws {BadImageError} when they fail their checksum
   * @throws {BadAddressError} when they cannot lie there
   */
  read(memory: AddressSpace, address: number): SegmentV1;
}

/** The headers of format 3. */
export const HEADERS: SegmentHeaders = {
  size: segmentCodec.size,
  decode: ({ memory, offset }) => segmentCodec.decode(memory, offset),
  read(space, address) {
    const { memory, offset } = space.locate(address, segmentCodec.size, "a directory segment");
    const mismatch = segmentCodec.mismatch(memory, offset);
    if (mismatch !== undefined) throw damaged(address, mismatch.expected, mismatch.found);
    const segment = segmentCodec.decode(memory, offset);
    checkCapacity(space, address, segmentCodec.size, segment);
    const entries = { memory, offset: offset + segmentCodec.size };
    const found = space.mismatch(entries, segment.bytes, segment.entriesChecksum);
    if (found !== undefined) throw damaged(address, segment.entriesChecksum, found);
    return segment;
  },
};

/** The headers of format 2, of which this release writes none. */
export const OLD_HEADERS: SegmentHeaders = {
  size: oldSegmentCodec.size,
  decode: ({ memory, offset }) => oldSegmentCodec.decode(memory, offset),
  read(space, address) {
    const { memory, offset } = space.locate(address, oldSegmentCodec.size, "a directory segment");
    const old = oldSegmentCodec.decode(memory, offset);
    checkCapacity(space, address, oldSegmentCodec.size, old);
    const found = checksum(memory, offset + 4, oldSegmentCodec.size + old.bytes - 4);
    if (found !== old.checksum) throw damaged(address, old.checksum, found);
    return Segment.convert(old, 1) as SegmentV1;
  },
};

function damaged(address: number, expected: number, found: number): BadImageError {
  return new BadImageError(
    `the directory segment at 0x${address.toString(16)} has the checksum ${found}, expected ${expected}; it has changed since it was written`,
  );
}

function checkCapacity(
  space: AddressSpace,
  address: number,
  header: number,
  { bytes, capacity }: Pick<SegmentV1, "bytes" | "capacity">,
): void {
  space.locate(address, capacity, "a directory segment with its entries");
  if (header + bytes <= capacity) return;
  throw new BadAddressError(address, "a directory segment has more bytes than were allocated");
}
