"""Reads an image of luo and prints it as JSON. Written from docs/FORMAT.md alone.

    python3 luo_image.py [--verify] <image>...

Each image is a line. Integers are JSON integers of any size; floats always have a point or an
exponent, or are the text "NaN", "Infinity" or "-Infinity"; bytes are text in hexadecimal. A
reference is {"array": address}, and its elements are under that address in "arrays": so what
several refer to is printed once, and what refers in a circle as well.

--verify also computes the fingerprints of the layouts and looks for what overlaps, and prints
nothing. Of an image that is damaged, a line on stderr says what and where, and the program ends
with 1. Of one in a later format, that line says which program wrote it.
"""

import json
import mmap
import os
import struct
import sys
from itertools import pairwise

from luo_directory import entries_of
from luo_records import check_own_sum, check_sum
from luo_schemas import check_fingerprints, schemas_of
from luo_slots import PAGE, newest_slot, told
from luo_types import Damaged

ARRAY = struct.Struct("<QQQIIII")
EXTENT = struct.Struct("<QII")
BLOCK = struct.Struct("<QQ")
POOL = struct.Struct("<40sQ")
ALLOCATION = struct.Struct("<QQ")
# Nothing lies across a multiple of this.
WINDOW = 2**32
# Of each byte, on average: a bit is a value, and structs around it may be as well.
MOST_VALUES = 64


class Image:
    def __init__(self, data, verify=False):
        data = memoryview(data)
        self.slot = newest_slot(data)
        self.root = self.slot.root
        self.length = self.root.length
        self.data = data[: self.length]
        self.left = self.length - PAGE
        self.values_left = self.length * MOST_VALUES
        self.places = [] if verify else None
        self.schemas = self.read_schemas()
        # By address, the element's schema and the object that refers to the array.
        self.arrays = {}
        self.owner = None
        self.referred = []
        self.elements = {}

    # Bounds.

    def peek(self, what, address, size):
        """Bytes at an address, within bounds."""
        if address < PAGE or address % 8 != 0:
            raise Damaged(f"{what}: {address} is no address: below {PAGE}, or no multiple of 8")
        if size > self.length - address:
            raise Damaged(f"{what}: {size} bytes at {address} end behind the {self.length}")
        if address // WINDOW != (address + max(size, 1) - 1) // WINDOW:
            raise Damaged(f"{what}: {size} bytes at {address} cross a multiple of 4 GiB")
        return self.data[address : address + size]

    def bytes_at(self, what, address, size):
        """Nothing overlaps, so all that is asked for is together no longer than the image."""
        found = self.peek(what, address, size)
        self.left -= size
        if self.left < 0:
            raise Damaged(f"{what}: at {address} overlaps with others, or leads in a circle")
        if self.places is not None:
            self.places.append((address, size, what))
        return found

    def check_overlaps(self):
        for (first, size, what), (second, _, other) in pairwise(sorted(self.places)):
            if first + size > second:
                raise Damaged(f"{other}: at {second} overlaps with {what}, {size} bytes at {first}")

    def spend(self, values):
        self.values_left -= values
        if self.values_left < 0:
            raise Damaged(f"more than {MOST_VALUES} values for each byte of the image")

    def read_schemas(self):
        if self.root.schemas_length == 0:
            return []
        if self.root.schemas_length > 16 << 20:
            raise Damaged(f"schemas: {self.root.schemas_length} bytes")
        data = self.bytes_at("schemas", self.root.schemas, self.root.schemas_length)
        check_sum("schemas", data, self.root.schemas_checksum)
        return schemas_of(data)

    # Objects.

    def objects_in_order(self):
        for identifier, copies in entries_of(self).items():
            what = f'object "{identifier}"'
            self.owner = what
            found = [self.copy(what, *copy) for copy in copies]
            self.read_arrays()
            yield {"identifier": identifier, "copies": found}

    def copy(self, what, index, checksum, address, size):
        schema = self.schemas[index]
        what = f"{what}: {schema} at {address}"
        if size < max(schema.size, 1) or (size > schema.size and not schema.flexible):
            raise Damaged(f"{what}: {size} bytes of a struct of {schema.size}")
        check_sum(what, self.bytes_at(what, address, size), checksum)
        value = self.value(what, schema, address, size)
        return {"family": schema.family, "version": schema.version, "size": size, "value": value}

    def value(self, what, schema, address, size):
        try:
            self.spend(schema.values)
            return schema.read(self, address, address + size)
        except Damaged as error:
            raise Damaged(f"{what}: {error}") from None

    # Arrays.

    def refer(self, address, schema):
        if address not in self.arrays:
            self.arrays[address] = schema, self.owner
            self.referred.append(address)
        known, owner = self.arrays[address]
        if known is not schema:
            raise Damaged(f"the array at {address} is one of {known}, not of {schema}")
        if owner != self.owner:
            raise Damaged(f"the array at {address} is that of {owner} as well")

    def read_arrays(self):
        """The elements of each array that is referred to; reading them finds more."""
        while self.referred:
            address = self.referred.pop()
            self.elements[str(address)] = self.elements_at(address, self.arrays[address][0])

    def elements_at(self, address, schema):
        what = f"array of {schema} at {address}"
        header = self.bytes_at(what, address, ARRAY.size)
        count, fingerprint, table, extents, size, table_sum, checksum = ARRAY.unpack(header)
        check_own_sum(what, header[:-4], checksum)
        if (size, fingerprint) != (schema.size, int(schema.fingerprint, 16)):
            raise Damaged(f"{what}: elements have {size} bytes, fingerprint {fingerprint:016x}")
        if schema.flexible or size == 0:
            raise Damaged(f"{what}: elements have no size of their own")
        listed = b""
        if extents > 0:
            # Allocated for the power of two that is not lower.
            room = (1 << (extents - 1).bit_length()) * EXTENT.size
            listed = self.bytes_at(f"{what}: table", table, room)[: extents * EXTENT.size]
        check_sum(f"{what}: table", listed, table_sum)
        self.spend(count * schema.values)
        found = []
        for index, (first, capacity, used_sum) in enumerate(EXTENT.iter_unpack(listed)):
            where = f"{what}: extent {index}"
            used = min(capacity, count - len(found))
            if used == 0:
                raise Damaged(f"{where}: has no elements")
            data = self.bytes_at(where, first, capacity * size)
            check_sum(where, data[: used * size], used_sum)
            for at in (first + n * size for n in range(used)):
                found.append(self.value(where, schema, at, size))
        if len(found) != count:
            raise Damaged(f"{what}: {count} elements in extents of {len(found)}")
        return found

    # Resident pools.

    def rows(self, what, address, row):
        while address != 0:
            where = f"{what}: block at {address}"
            block = self.bytes_at(where, address, PAGE)
            address, count = BLOCK.unpack_from(block)
            if count > (PAGE - BLOCK.size) // row.size:
                raise Damaged(f"{where}: {count} entries in a page")
            yield from row.iter_unpack(block[BLOCK.size : BLOCK.size + count * row.size])

    def resident_pools(self):
        known = set()
        for data, address in list(self.rows("pools", self.root.pools, POOL)):
            name = told("pools: a name", data)
            what = f'pool "{name}"'
            if name in known:
                raise Damaged(f"{what}: is there twice")
            known.add(name)
            found = list(self.rows(what, address, ALLOCATION))
            for start, size in found:
                self.bytes_at(f"{what}: allocation", start, size)
            yield {"name": name, "allocations": [{"address": a, "bytes": n} for a, n in found]}

    def content(self):
        return {
            "generation": self.root.generation,
            "length": self.length,
            "format": self.slot.format,
            "program": self.slot.program,
            "schemas": [
                {**schema.content(), "fingerprint": schema.fingerprint} for schema in self.schemas
            ],
            "objects": list(self.objects_in_order()),
            "arrays": self.elements,
            "pools": list(self.resident_pools()),
        }


def read(path, verify):
    with open(path, "rb") as file:
        # Nothing is no length for a mapping.
        empty = os.fstat(file.fileno()).st_size == 0
        data = b"" if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    image = Image(data, verify)
    content = image.content()
    if verify:
        image.check_overlaps()
        check_fingerprints(image.schemas)
    else:
        print(json.dumps(content, allow_nan=False))


def main(arguments):
    paths = [argument for argument in arguments if argument != "--verify"]
    if not paths:
        sys.exit("usage: luo_image.py [--verify] <image>...")
    damaged = False
    for path in paths:
        try:
            read(path, len(paths) < len(arguments))
        except (Damaged, OSError) as error:
            damaged = True
            # Names in an image may hold whatever moves a terminal's cursor.
            problem = str(error).encode("unicode_escape").decode("ascii")
            print(f"luo_image.py: {path}: {problem}", file=sys.stderr)
    sys.exit(damaged)


if __name__ == "__main__":
    main(sys.argv[1:])
