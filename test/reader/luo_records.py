"""Records of numbers, and the checksums of what lies in an image."""

import struct
from collections import namedtuple

from luo_types import Damaged
from xxh32 import xxh32

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


def check_own_sum(what, data, expected):
    found = xxh32(data)
    if found != expected:
        raise Damaged(f"{what}: the checksum is {expected:#010x}, but its bytes have {found:#010x}")


def check_sum(what, data, expected):
    """Of what the writer need not have computed one."""
    if expected != NOT_COMPUTED:
        check_own_sum(what, data, expected)


def check_reserved(what, reserved):
    if reserved != 0:
        raise Damaged(f"{what}: reserved bytes are {reserved:#x}, expected 0")
