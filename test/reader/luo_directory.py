"""The directory: which objects an image holds (FORMAT.md, "Directory")."""

import struct
from itertools import pairwise

from luo_records import Record, check_own_sum, check_reserved, check_sum
from luo_types import Damaged, utf8

# By the image's format.
SEGMENTS = {
    2: Record("<IIQQQQ", "checksum entries previous generation bytes capacity"),
    3: Record(
        "<QQQQIIII",
        "previous generation bytes capacity entries entries_checksum reserved checksum",
    ),
}
ENTRY = struct.Struct("<HHI")
COPY = struct.Struct("<IIQQ")


def entries_of(image):
    """What identifiers hold, as (schema, checksum, address, size) of each copy, in order."""
    segments = []
    address, generation = image.root.directory, image.root.generation
    while address != 0:
        what = f"directory segment at {address}"
        segment, data = segment_at(image, what, address)
        if segment.generation > generation:
            raise Damaged(f"{what}: is of generation {segment.generation}, behind {generation}")
        segments.append((what, segment.entries, data))
        address, generation = segment.previous, segment.generation
    held = {}
    for what, count, data in reversed(segments):
        read_entries(image, what, count, data, held)
    expected = image.root.objects
    if len(held) != expected:
        raise Damaged(f"directory: holds {len(held)} objects, but the root says {expected}")
    return held


def segment_at(image, what, address):
    """The header of a segment, and the bytes of its entries."""
    record = SEGMENTS[image.slot.format]
    header = image.peek(what, address, record.size)
    segment = record.unpack(header)
    if image.slot.format > 2:
        check_own_sum(what, header[:-4], segment.checksum)
        check_reserved(what, segment.reserved)
    end = record.size + segment.bytes
    if end > segment.capacity:
        capacity = segment.capacity
        raise Damaged(f"{what}: {segment.bytes} bytes of entries in a capacity of {capacity}")
    whole = image.bytes_at(what, address, segment.capacity)[:end]
    if image.slot.format > 2:
        check_sum(f"{what}: entries", whole[record.size :], segment.entries_checksum)
    else:
        check_own_sum(what, whole[4:], segment.checksum)
    return segment, whole[record.size :]


def read_entries(image, what, count, data, held):
    at = 0
    for index in range(count):
        where = f"{what}: entry {index}"
        if at + ENTRY.size > len(data):
            raise Damaged(f"{where}: begins behind the entries")
        size, copies, reserved = ENTRY.unpack_from(data, at)
        check_reserved(where, reserved)
        named = at + ENTRY.size + copies * COPY.size
        if not 1 <= size <= 128 or named + size > len(data):
            raise Damaged(f"{where}: an identifier of {size} bytes behind {copies} copies")
        try:
            identifier = utf8(data[named : named + size])
        except Damaged as error:
            raise Damaged(f"{where}: the identifier {error}") from None
        behind = named + (size + 7) // 8 * 8
        if any(data[named + size : behind]):
            raise Damaged(f"{where}: the identifier is not padded with zeros")
        held.pop(identifier, None)
        if copies > 0:
            listed = list(COPY.iter_unpack(data[at + ENTRY.size : named]))
            check_versions(image.schemas, where, [index for index, *_ in listed])
            held[identifier] = listed
        at = behind
    if at != len(data):
        raise Damaged(f"{what}: {count} entries end at {at} of {len(data)} bytes")


def check_versions(schemas, where, indexes):
    """Copies are of one family, the newest first and none twice."""
    for index in indexes:
        if index >= len(schemas):
            raise Damaged(f"{where}: schema {index} of {len(schemas)}")
    for newer, older in pairwise(schemas[index] for index in indexes):
        if newer.family != older.family:
            raise Damaged(f"{where}: {older} behind {newer}, expected one family")
        if newer.version <= older.version:
            raise Damaged(f"{where}: {older} behind {newer}, expected the newest first")
