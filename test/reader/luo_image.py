"""Reads an image of luo and prints it as JSON. Written from docs/FORMAT.md alone.

    python3 luo_image.py [--verify] <image>...

Each image is a line. Integers are JSON integers of any size; floats always have a point or an
exponent, or are the text "NaN", "Infinity" or "-Infinity"; bytes are text in hexadecimal. A
reference is {"array": address}, and its elements are under that address in "arrays": so what
several refer to is printed once, and what refers in a circle as well.

--verify also computes the fingerprints of the layouts, and prints nothing. Of an image that is
damaged, a line on stderr says what and where, and the program ends with 1.
"""

import json
import struct
import sys
from collections import namedtuple

from luo_schemas import check_fingerprints, schemas_of
from luo_types import Damaged, utf8
from xxh32 import xxh32

PAGE = 4096
ROOT = struct.Struct("<8sIIIIQQQQQQQII")
Root = namedtuple(
    "Root",
    "magic format page_size byte_order schemas_checksum generation length directory objects "
    "schemas schemas_length pools reserved checksum",
)
VALID = {"magic": b"luo-img\0", "format": 2, "page_size": PAGE, "byte_order": 0x01020304}
SEGMENT = struct.Struct("<IIQQQQ")
ENTRY = struct.Struct("<HHI")
COPY = struct.Struct("<IIQQ")
ARRAY = struct.Struct("<QQQIIII")
EXTENT = struct.Struct("<QII")
BLOCK = struct.Struct("<QQ")
POOL = struct.Struct("<40sQ")
ALLOCATION = struct.Struct("<QQ")
# Of each byte, on average: a bit is a value, and structs around it may be as well.
MOST_VALUES = 64


def check_sum(what, data, expected):
    found = xxh32(data)
    if found != expected:
        raise Damaged(f"{what}: the checksum is {expected:#010x}, but its bytes have {found:#010x}")


def newest_root(data):
    roots, problems = [], []
    for place in (0, 2048):
        try:
            roots.append(root_at(data, place))
        except Damaged as error:
            problems.append(str(error))
    if not roots:
        raise Damaged(f"no valid root: {'; '.join(problems)}")
    return max(roots, key=lambda root: root.generation)


def root_at(data, place):
    what = f"root at {place}"
    if len(data) < PAGE:
        raise Damaged(f"{what}: the image has {len(data)} bytes")
    root = Root._make(ROOT.unpack_from(data, place))
    for name, expected in VALID.items():
        found = getattr(root, name)
        if found != expected:
            raise Damaged(f"{what}: {name} is {found}, expected {expected}")
    check_sum(what, data[place : place + ROOT.size - 4], root.checksum)
    if root.length % PAGE != 0 or not PAGE <= root.length <= len(data):
        raise Damaged(f"{what}: length is {root.length}, of {len(data)} bytes")
    return root


class Image:
    def __init__(self, data):
        data = memoryview(data)
        self.root = newest_root(data)
        self.length = self.root.length
        self.data = data[: self.length]
        self.left = self.length - PAGE
        self.values_left = self.length * MOST_VALUES
        self.schemas = self.read_schemas()
        self.arrays = {}
        self.referred = []

    # Bounds.

    def bytes_at(self, what, address, size):
        """Nothing overlaps, so all that is asked for is together no longer than the image."""
        if address < PAGE or address % 8 != 0:
            raise Damaged(f"{what}: {address} is no address: below {PAGE}, or no multiple of 8")
        if size > self.length - address:
            raise Damaged(f"{what}: {size} bytes at {address} end behind the {self.length}")
        self.left -= size
        if self.left < 0:
            raise Damaged(f"{what}: at {address} overlaps with others, or leads in a circle")
        return self.data[address : address + size]

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

    # Directory.

    def entries(self):
        """What identifiers hold, as (schema, checksum, address, size) of each copy, in order."""
        segments = []
        address, generation = self.root.directory, self.root.generation
        while address != 0:
            what = f"directory segment at {address}"
            header = self.bytes_at(what, address, SEGMENT.size)
            # Its capacity counts these bytes again.
            self.left += SEGMENT.size
            checksum, count, previous, written, length, capacity = SEGMENT.unpack(header)
            if SEGMENT.size + length > capacity:
                raise Damaged(f"{what}: {length} bytes of entries in a capacity of {capacity}")
            whole = self.bytes_at(what, address, capacity)[: SEGMENT.size + length]
            check_sum(what, whole[4:], checksum)
            if written > generation:
                raise Damaged(f"{what}: is of generation {written}, behind {generation}")
            segments.append((what, count, whole[SEGMENT.size :]))
            address, generation = previous, written
        held = {}
        for what, count, data in reversed(segments):
            self.read_entries(what, count, data, held)
        expected = self.root.objects
        if len(held) != expected:
            raise Damaged(f"directory: holds {len(held)} objects, but the root says {expected}")
        return held

    def read_entries(self, what, count, data, held):
        at = 0
        for index in range(count):
            where = f"{what}: entry {index}"
            if at + ENTRY.size > len(data):
                raise Damaged(f"{where}: begins behind the entries")
            size, copies, _ = ENTRY.unpack_from(data, at)
            named = at + ENTRY.size + copies * COPY.size
            if not 1 <= size <= 128 or named + size > len(data):
                raise Damaged(f"{where}: an identifier of {size} bytes behind {copies} copies")
            try:
                identifier = utf8(data[named : named + size])
            except Damaged as error:
                raise Damaged(f"{where}: the identifier {error}") from None
            held.pop(identifier, None)
            if copies > 0:
                held[identifier] = list(COPY.iter_unpack(data[at + ENTRY.size : named]))
            at = named + (size + 7) // 8 * 8
        if at != len(data):
            raise Damaged(f"{what}: {count} entries end at {at} of {len(data)} bytes")

    def objects_in_order(self):
        for identifier, copies in self.entries().items():
            what = f'object "{identifier}"'
            yield {"identifier": identifier, "copies": [self.copy(what, *copy) for copy in copies]}

    def copy(self, what, index, checksum, address, size):
        if index >= len(self.schemas):
            raise Damaged(f"{what}: schema {index} of {len(self.schemas)}")
        schema = self.schemas[index]
        what = f"{what}: {schema} at {address}"
        if size < schema.size or (size > schema.size and not schema.flexible):
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
        if self.arrays.setdefault(address, schema) is not schema:
            known = self.arrays[address]
            raise Damaged(f"the array at {address} is one of {known}, not of {schema}")
        if len(self.referred) < len(self.arrays):
            self.referred.append(address)

    def arrays_referred(self):
        """The elements of each array; reading them finds more."""
        for address in self.referred:
            yield str(address), self.elements(address, self.arrays[address])

    def elements(self, address, schema):
        what = f"array of {schema} at {address}"
        header = self.bytes_at(what, address, ARRAY.size)
        count, fingerprint, table, extents, size, table_sum, checksum = ARRAY.unpack(header)
        check_sum(what, header[:-4], checksum)
        if (size, fingerprint) != (schema.size, int(schema.fingerprint, 16)):
            raise Damaged(f"{what}: elements have {size} bytes, fingerprint {fingerprint:016x}")
        if schema.flexible:
            raise Damaged(f"{what}: elements have no size of their own")
        listed = b""
        if extents > 0:
            listed = self.bytes_at(f"{what}: table", table, extents * EXTENT.size)
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
        for name, address in self.rows("pools", self.root.pools, POOL):
            name = name.split(b"\0")[0].decode("utf-8", "replace")
            what = f'pool "{name}"'
            found = list(self.rows(what, address, ALLOCATION))
            for start, size in found:
                self.bytes_at(f"{what}: allocation", start, size)
            yield {"name": name, "allocations": [{"address": a, "bytes": n} for a, n in found]}

    def content(self):
        return {
            "generation": self.root.generation,
            "length": self.length,
            "format": self.root.format,
            "schemas": [
                {**schema.content(), "fingerprint": schema.fingerprint} for schema in self.schemas
            ],
            "objects": list(self.objects_in_order()),
            "arrays": dict(self.arrays_referred()),
            "pools": list(self.resident_pools()),
        }


def read(path, verify):
    with open(path, "rb") as file:
        image = Image(file.read())
    content = image.content()
    if verify:
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
