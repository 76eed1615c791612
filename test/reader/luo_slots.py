"""The two slots of the first page, and the root that holds (FORMAT.md, "The first page")."""

import struct
from collections import namedtuple

from luo_types import Damaged
from xxh32 import xxh32

PAGE = 4096
MAGIC = b"luo-img\0"
BYTE_ORDER = 0x01020304
LAST_GENERATION = 2**53 - 2
# In place of a checksum that the writer did not compute: the letters "none".
NOT_COMPUTED = 0x656E6F6E


class Record:
    """Fields in a row, by their names."""

    def __init__(self, layout, names):
        self.layout = struct.Struct(layout)
        self.size = self.layout.size
        self.fields = namedtuple("Fields", names)

    def unpack(self, data):
        return self.fields._make(self.layout.unpack(data[: self.size]))


HEADER = Record(
    "<8sIIIIIIQ64s32sII",
    "magic format page_size byte_order compatible read_compatible incompatible generation "
    "program program_version reserved checksum",
)
ROOTS = {
    2: Record(
        "<8sIIIIQQQQQQQII",
        "magic format page_size byte_order schemas_checksum generation length directory objects "
        "schemas schemas_length pools reserved checksum",
    ),
    3: Record(
        "<QQQQQQQII",
        "generation length directory objects schemas schemas_length pools schemas_checksum "
        "checksum",
    ),
}
# From the slot's start.
ROOT_AT = 256

Slot = namedtuple("Slot", "format program root")


def check_own_sum(what, data, expected):
    found = xxh32(data)
    if found != expected:
        raise Damaged(f"{what}: the checksum is {expected:#010x}, but its bytes have {found:#010x}")


def newest_slot(data):
    slots, problems = [], []
    for parity, place in enumerate((0, 2048)):
        try:
            slots.append(slot_at(data, place, parity))
        except Damaged as error:
            problems.append(str(error))
    if not slots:
        raise Damaged(f"no valid root: {'; '.join(problems)}")
    return max(slots, key=lambda slot: slot.root.generation)


def slot_at(data, place, parity):
    what = f"slot at {place}"
    if len(data) < PAGE:
        raise Damaged(f"{what}: the image has {len(data)} bytes")
    header = HEADER.unpack(data[place:])
    expect(what, header, magic=MAGIC)
    read = header_and_root if header.format != 2 else root_of_format_2
    slot = read(what, data[place : place + 2048], header)
    generation, length = slot.root.generation, slot.root.length
    if not 1 <= generation <= LAST_GENERATION or generation % 2 != parity:
        raise Damaged(f"{what}: generation is {generation}, which is no generation of this slot")
    if length % PAGE != 0 or not PAGE <= length <= len(data):
        raise Damaged(f"{what}: length is {length}, of {len(data)} bytes")
    return slot


def root_of_format_2(what, slot, _):
    record = ROOTS[2]
    root = record.unpack(slot)
    expect(what, root, page_size=PAGE, byte_order=BYTE_ORDER)
    check_own_sum(what, slot[: record.size - 4], root.checksum)
    expect(what, root, reserved=0)
    return Slot(2, None, root)


def header_and_root(what, slot, header):
    expect(what, header, byte_order=BYTE_ORDER)
    check_own_sum(f"{what}: header", slot[: HEADER.size - 4], header.checksum)
    # From here on, the header is right, whatever format the rest has.
    program = {"name": shown(header.program), "version": shown(header.program_version)}
    try:
        expect(what, header, format=3, page_size=PAGE, incompatible=0, reserved=0)
    except Damaged as error:
        writer = f'{program["name"]} {program["version"]}'.strip() or "a program without a name"
        raise Damaged(f"{error}; written by {writer}") from None
    record = ROOTS[3]
    data = slot[ROOT_AT : ROOT_AT + record.size]
    root = record.unpack(data)
    check_own_sum(f"{what}: root", data[:-4], root.checksum)
    expect(f"{what}: root", root, generation=header.generation)
    return Slot(3, program, root)


def expect(what, found, **fields):
    for name, expected in fields.items():
        if getattr(found, name) != expected:
            raise Damaged(f"{what}: {name} is {getattr(found, name)}, expected {expected}")


def shown(text):
    """Text that is only told: so whatever it holds does no harm to the rest."""
    return text.split(b"\0")[0].decode("utf-8", "replace")
