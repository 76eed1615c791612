#!/usr/bin/env python3
"""Packs an image of format 3 as tightly as FORMAT.md allows: allocations of all kinds lie mixed, one
directly behind the other at multiples of 8. Structs are laid out as C does. Types of fields are
numbers, `address`, `bool`, `char[N]`, `byte[N]`, structs and references, also with one length behind
them, or the field that counts them. Values are dicts by field names, references are `Array`s.
Script: luo_pack.py OUT [--reuse-released]
"""
import json
import random
import re
import sys
from functools import cache
from itertools import islice
from struct import calcsize, iter_unpack, pack

PAGE, WINDOW, MASK = 4096, 1 << 32, (1 << 32) - 1
NUMBERS = dict(zip("u8 u16 u32 u64 i8 i16 i32 i64 address f32 f64 bool".split(), "BHIQbhiqQfd?"))
COMPACT_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def xxh32(data):
    p1, p2, p3, p4, p5 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F, 0x165667B1

    def rotl(x, n):
        return (x << n | (x & MASK) >> (32 - n)) & MASK
    h, stripes, words = p5, len(data) & ~15, len(data) & ~3
    if stripes:
        lanes = [p1 + p2, p2, 0, -p1]
        for stripe in iter_unpack("<4I", data[:stripes]):
            lanes = [rotl(lane + word * p2, 13) * p1 & MASK for lane, word in zip(lanes, stripe)]
        h = sum(map(rotl, lanes, (1, 7, 12, 18)))
    h += len(data)
    for (word,) in iter_unpack("<I", data[stripes:words]):
        h = rotl(h + word * p3, 17) * p4
    for byte in data[words:]:
        h = rotl(h + byte * p5, 11) * p1
    h = (h ^ (h & MASK) >> 15) * p2 & MASK
    h = (h ^ h >> 13) * p3 & MASK
    return h ^ h >> 16


def fnv1a64(data):
    h = 0xCBF29CE484222325
    for byte in data:
        h = (h ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return h


def sealed(record):
    return record + pack("<I", xxh32(record))


def text(value, size):
    data = value.encode()
    if len(data) > size or b"\0" in data:
        raise ValueError(f"{value!r} is no text of {size} bytes")
    return data.ljust(size, b"\0")


def split_type(notation):
    """The element's base, the length of its own or None, and the length behind it or None."""
    match = re.fullmatch(r"(?:(char|byte)\[(\d+)\]|(&?[\w$./@-]+))(?:\[(\w*)\])?", notation)
    if not match:
        raise ValueError(f"type {notation} is not supported")
    return match[1] or match[3], match[2] and int(match[2]), match[4]


def arrays_in(value):
    if isinstance(value, Array):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [array for each in inner for array in arrays_in(each)]


class Array:
    """Structs in extents of these capacities, or in one; `elements` may change until `finish`."""

    def __init__(self, schema, elements=(), capacities=None):
        self.schema, self.elements, self.capacities = schema, list(elements), capacities


class Place:
    """An allocation; its data is asked for when all addresses are known."""

    def __init__(self, size, render):
        self.address, self.size, self.data = 0, size, cache(render)


NULL = Place(0, bytes)


class Packer:
    """With `reuse_released`, what only entries that hold no more refer to has no memory."""

    def __init__(self, program=("", ""), generation=1, reuse_released=False):
        self.program, self.generation, self.reuse_released = program, generation, reuse_released
        self._schemas, self._pools, self._segments = {}, {}, [(generation, [])]

    def schema(self, name, fields):
        """Adds the struct `family@version` with a list of (name, type)."""
        family, version = name.rsplit("@", 1)
        end, align, laid_out = 0, 1, []
        for field, notation in fields:
            base, own, length = split_type(notation)
            size, field_align = self._measure(base, own)
            offset = end + -end % field_align
            laid_out.append({"name": field, "type": notation, "offset": offset})
            count = 1 if length is None else int(length) if length.isdecimal() else 0
            end, align = offset + size * count, max(align, field_align)
        self._schemas[name] = {"family": family, "version": int(version),
                               "size": end + -end % align, "align": align, "fields": laid_out}

    def segment(self, generation):
        """Begins a segment of the directory."""
        self._segments.append((generation, []))

    def object(self, identifier, versions):
        """Puts an object: a list of (schema, value), the newest version first; none deletes it."""
        self._segments[-1][1].append((identifier, versions))

    def pool(self, name, allocations):
        """Adds a resident pool with the bytes of each allocation."""
        self._pools[name] = allocations

    def finish(self):
        self._places, self._headers, self._owners = [], {}, {}
        json_text = COMPACT_JSON.encode([{**schema, "fingerprint": f"{self._fingerprint(name):016x}"}
                                         for name, schema in self._schemas.items()]).encode()
        schemas = self._place(len(json_text), lambda: json_text)
        objects, directory = self._place_directory()
        pools = self._place_pools()
        random.Random(3).shuffle(self._places)
        end = PAGE
        for place in self._places:
            place.address = end + -end % 8
            if place.address // WINDOW != (place.address + place.size - 1) // WINDOW:
                place.address += -place.address % WINDOW
            end = place.address + place.size
        image = bytearray(end + -end % PAGE)
        for place in self._places:
            image[place.address:place.address + len(place.data())] = place.data()

        header = sealed(pack("<8s6IQ96s64sI", b"luo-img", 3, PAGE, 0x01020304, 0, 0, 0, self.generation,
                             text(self.program[0], 95), text(self.program[1], 63), 0))
        root = sealed(pack("<7QI", self.generation, len(image), directory.address, objects,
                           schemas.address, len(json_text), pools.address, xxh32(json_text)))
        slot = self.generation % 2 * 2048
        image[slot:slot + 320] = header.ljust(256, b"\0") + root
        return bytes(image)

    def _fingerprint(self, name):
        names = [name]
        for mentioning in names:  # which grows on the way
            for field in self._schemas[mentioning]["fields"]:
                base = split_type(field["type"])[0].lstrip("&")
                if "@" in base and base not in names:
                    names.append(base)
        return fnv1a64(COMPACT_JSON.encode([self._schemas[each] for each in names]).encode())

    def _measure(self, base, own):
        """The size and the alignment of an element."""
        if own is not None:
            return own, 1
        if "@" in base and not base.startswith("&"):
            return self._schemas[base]["size"], self._schemas[base]["align"]
        return (calcsize("<Q" if base.startswith("&") else "<" + NUMBERS[base]),) * 2

    def _encode(self, name, value):
        """A struct's bytes, with those of a flexible array."""
        data = bytearray(self._schemas[name]["size"])
        for field in self._schemas[name]["fields"]:
            base, own, length = split_type(field["type"])
            inner = value[field["name"]]
            if length and len(inner) != (int(length) if length.isdecimal() else value[length]):
                raise ValueError(f"{name}: {field['name']} has not {length} elements")
            encoded = b"".join(self._encode_element(base, own, each)
                               for each in ([inner] if length is None else inner))
            data[field["offset"]:field["offset"] + len(encoded)] = encoded
        return bytes(data)

    def _encode_element(self, base, own, value):
        if own is not None:
            return text(value, own) if base == "char" else pack(f"{own}s", value)
        if base.startswith("&"):
            return pack("<Q", self._headers[value].address)
        return pack("<" + NUMBERS[base], value) if base in NUMBERS else self._encode(base, value)

    def _place(self, size, render):
        self._places.append(Place(size, render))
        return self._places[-1]

    def _place_directory(self):
        """The number of objects and the newest segment."""
        entries = [entry for _, segment in self._segments for entry in segment]
        holding, copies, newest = dict(entries), {}, NULL
        for holds in True, False:  # in this order: what both refer to is held
            begin = len(self._places)
            for identifier, versions in entries:
                if (holding[identifier] is versions) == holds:
                    copies[id(versions)] = [self._place_copy(identifier, *each) for each in versions]
        if self.reuse_released:
            for place in self._places[begin:]:
                place.address = PAGE  # whatever lies there by now
            del self._places[begin:]
        for generation, segment in self._segments:
            if segment and any(holding.values()):
                newest = self._place_segment(generation, segment, copies, newest)
        return sum(map(bool, holding.values())), newest

    def _place_segment(self, generation, segment, copies, previous):
        names = [name.encode() + bytes(-len(name.encode()) % 8) for name, _ in segment]
        size = 48 + sum(8 + 24 * len(entry[1]) + len(name) for entry, name in zip(segment, names))

        def render():
            entries = b""
            for (identifier, versions), name in zip(segment, names):
                entries += pack("<HHI", len(identifier.encode()), len(versions), 0)
                for (schema, _), copy in zip(versions, copies[id(versions)]):
                    entries += pack("<2I2Q", list(self._schemas).index(schema), xxh32(copy.data()),
                                    copy.address, copy.size)
                entries += name
            return sealed(pack("<4Q3I", previous.address, generation, len(entries), size,
                               len(segment), xxh32(entries), 0)) + entries
        return self._place(size, render)

    def _place_copy(self, identifier, schema, value):
        arrays = arrays_in(value)
        for array in arrays:  # which grows on the way
            if self._owners.setdefault(array, identifier) != identifier:
                raise ValueError(f"{identifier} and {self._owners[array]} refer to one array")
            if array not in self._headers:
                self._headers[array] = self._place_array(array)
                arrays += arrays_in(array.elements)
        return self._place(len(self._encode(schema, value)), lambda: self._encode(schema, value))

    def _place_array(self, array):
        count, size, extents, table = len(array.elements), self._schemas[array.schema]["size"], [], NULL
        rest = iter(array.elements)
        for capacity in array.capacities or [count] * bool(count):
            extents.append((self._place(capacity * size, lambda used=[*islice(rest, capacity)]: b"".join(
                self._encode(array.schema, element) for element in used)), capacity))
        if extents:
            table = self._place(16 << (len(extents) - 1).bit_length(), lambda: b"".join(
                pack("<Q2I", extent.address, capacity, xxh32(extent.data()))
                for extent, capacity in extents))
        return self._place(40, lambda: sealed(pack("<3Q3I", count, self._fingerprint(array.schema),
                                                   table.address, len(extents), size, xxh32(table.data()))))

    def _place_pools(self):
        pools = []
        for name, contents in self._pools.items():
            places = [self._place(len(data), lambda data=data: data) for data in contents]
            blocks = self._place_blocks(16, places, lambda at: pack("<2Q", at.address, at.size))
            pools.append((name, blocks))
        return self._place_blocks(48, pools, lambda pool: text(pool[0], 40) + pack("<Q", pool[1].address))

    def _place_blocks(self, entry_size, entries, render):
        """The first block of a list; NULL when it has no entries."""
        room, first = (PAGE - 16) // entry_size, NULL
        for start in reversed(range(0, len(entries), room)):
            first = self._place(PAGE, lambda part=entries[start:start + room], following=first: pack(
                "<2Q", following.address, len(part)) + b"".join(map(render, part)))
        return first


def item(number):
    return {"id": number, "kind": number % 7, "tag": b"%03d" % (number % 1000)}


def example(reuse_released=False):
    packer = Packer(("luo_pack", "1.0"), generation=3, reuse_released=reuse_released)
    packer.schema("item@0", [("id", "u64"), ("kind", "u16"), ("tag", "byte[3]")])
    packer.schema("list@0", [("id", "u32"), ("items", "&item@0")])
    packer.schema("list@1", [("id", "u32"), ("items", "&item@0"), ("name", "char[24]")])
    packer.schema("node@0", [("id", "u32"), ("next", "&node@0")])
    packer.schema("bag@0", [("id", "u32"), ("count", "u8"), ("values", "u16[count]")])
    packer.segment(generation=2)
    shared = Array("item@0", map(item, range(1000)))
    packer.object("a", [("list@1", {"id": 1, "items": shared, "name": "a thousand, größer"}),
                        ("list@0", {"id": 1, "items": shared})])
    spread = Array("item@0", map(item, range(2000, 2015)), capacities=[5, 7, 3])
    packer.object("b", [("list@0", {"id": 2, "items": spread})])
    circle = Array("node@0")
    circle.elements += [{"id": 11, "next": circle}, {"id": 12, "next": circle}]
    packer.object("circle", [("node@0", {"id": 10, "next": circle})])
    packer.object("flexible", [("bag@0", {"id": 4, "count": 7,
                                          "values": [100, 200, 300, 400, 500, 600, 65535]})])
    packer.object("gone", [("item@0", item(9999))])
    for number in range(300):
        if number == 150:
            packer.segment(generation=3)
            packer.object("gone", [])
        packer.object(f"small/{number}", [("item@0", item(10000 + number))])
    packer.pool("index", [b"x", b"thirteen byte", bytes(range(256)) * 3 + b"end.."])
    return packer.finish()


if __name__ == "__main__":
    with open(sys.argv[1], "wb") as out:
        out.write(example("--reuse-released" in sys.argv[2:]))
