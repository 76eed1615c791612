"""The two slots of the first page, and the root that holds (FORMAT.md, "The first page")."""

from collections import namedtuple

from luo_records import Record, check_own_sum
from luo_types import Damaged, text_of

PAGE = 4096
MAGIC = b"luo-img\0"
BYTE_ORDER = 0x01020304
LAST_GENERATION = 2**53 - 2

HEADER = Record(
    "<8sIIIIIIQ96s64sII",
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


def newest_slot(data):
    slots, problems, later = [], [], []
    for parity, place in enumerate((0, 2048)):
        try:
            slots.append(slot_at(data, place, parity))
        except Unreadable as error:
            later.append(error)
            problems.append(str(error))
        except Damaged as error:
            problems.append(str(error))
    if not slots:
        raise Damaged(f"no valid root: {'; '.join(problems)}")
    newest = max(slots, key=lambda slot: slot.root.generation)
    for error in later:
        # Its writer may have reused memory of older generations.
        if error.generation > newest.root.generation:
            raise error
    return newest


class Unreadable(Damaged):
    """A header that is right, of a format or with features that this reader does not know."""

    def __init__(self, message, generation):
        super().__init__(message)
        self.generation = generation


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
    largest = max(number for number in slot.root if isinstance(number, int))
    if largest >= 2**53:
        raise Damaged(f"{what}: {largest} is no number that a root can have")
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
    expect(what, header, reserved=0)
    try:
        expect(what, header, format=3, incompatible=0)
    except Damaged as error:
        writer = f'{program["name"]} {program["version"]}'.strip() or "a program without a name"
        raise Unreadable(f"{error}; written by {writer}", header.generation) from None
    expect(what, header, page_size=PAGE)
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


def shown(data):
    try:
        return text_of(data, True)
    except Damaged:
        return ""


def told(what, data):
    try:
        return text_of(data)
    except Damaged as error:
        raise Damaged(f"{what} {error}") from None
