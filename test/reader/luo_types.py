"""The types of fields: what their notation says, and values out of bytes (FORMAT.md, "Types").

Every type has `size` in bytes, `values`, how many values it holds at most, and `depth`, how far
they lie inside of each other. The last two bound the work before it is begun, since types without
a size cost an image nothing.
"""

import math
import struct

# Python's recursion ends somewhere; no struct that a person writes goes so far.
DEEPEST = 100

INTEGERS = {"u8": "B", "u16": "H", "u32": "I", "u64": "Q", "address": "Q"}
INTEGERS.update({"i8": "b", "i16": "h", "i32": "i", "i64": "q"})
FLOATS = {"f32": "f", "f64": "d"}
SCALARS = {**INTEGERS, **FLOATS, "bool": "B"}
NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}


class Damaged(Exception):
    """The image is not what FORMAT.md says; the message names what and where."""


class Place:
    """A struct that is being read: where, and what its fields above the one at hand hold."""

    def __init__(self, image, at, end):
        self.image, self.at, self.end = image, at, end
        self.told = {}


class Type:
    size, values, depth = 0, 1, 1
    flexible = reserved = False

    def names(self):
        """The structs that it mentions, as (family, version)."""
        return []

    def told_by(self):
        """The field above that it depends on."""
        return None


class Number(Type):
    def __init__(self, name, big):
        self.name = name
        self.form = struct.Struct((">" if big else "<") + SCALARS[name])
        self.size = self.form.size

    def read(self, place, at):
        (number,) = self.form.unpack_from(place.image.data, at)
        if self.name in FLOATS:
            # JSON has no notation for these; as text they are none of a float's other values.
            return number if math.isfinite(number) else NOT_FINITE.get(number, "NaN")
        return truth(number) if self.name == "bool" else number


class Enum(Type):
    def __init__(self, of, members):
        self.of, self.members, self.size = of, members, of.size

    def read(self, place, at):
        number = self.of.read(place, at)
        if number not in self.members:
            raise Damaged(f"found {number}, expected one of {sorted(self.members)}")
        return self.members[number]


class Bits(Type):
    """Without a size: its bits lie where `first` says, from the start of the struct."""

    first = 0

    def __init__(self, of, width, big):
        if width > of.size * 8:
            raise Damaged(f"{width} bits of {of.name}")
        self.of, self.width, self.big = of, width, big

    def read(self, place, _):
        if self.width == 0:
            return 0
        byte, skipped = divmod(self.first, 8)
        byte += place.at
        end = byte + (skipped + self.width + 7) // 8
        number = int.from_bytes(place.image.data[byte:end], "big" if self.big else "little")
        number >>= (end - byte) * 8 - skipped - self.width if self.big else skipped
        number &= (1 << self.width) - 1
        if self.of.name == "bool":
            return truth(number)
        negative = self.of.name[0] == "i" and number >> (self.width - 1)
        return number - (1 << self.width) if negative else number


class Text(Type):
    def __init__(self, size, terminated):
        self.size, self.terminated = size, terminated

    def read(self, place, at):
        return text_of(place.image.data[at : at + self.size], self.terminated)


class Bytes(Type):
    def __init__(self, size):
        self.size = size

    def read(self, place, at):
        return bytes(place.image.data[at : at + self.size]).hex()


class Array(Type):
    def __init__(self, of, length):
        self.of, self.length, self.size = of, length, of.size * length

    values = property(lambda self: self.of.values * self.length + 1)
    depth = property(lambda self: self.of.depth + 1)

    def names(self):
        return self.of.names()

    def read(self, place, at):
        return [self.of.read(place, at + n * self.of.size) for n in range(self.length)]


class Flexible(Array):
    """An array without a size: `count` names the field that says how long it is, if one does."""

    flexible = True

    def __init__(self, of, count):
        super().__init__(of, 0)
        self.count = count

    def told_by(self):
        return self.count

    def read(self, place, at):
        room = max(place.end - at, 0)
        if self.count is not None:
            length = place.told[self.count]
            if isinstance(length, bool) or not isinstance(length, int) or length < 0:
                raise Damaged(f'"{self.count}" is {length}, expected a count')
        elif self.of.size == 0:
            raise Damaged("elements without a size fit without end")
        else:
            length = room // self.of.size
        if length * self.of.size > room:
            raise Damaged(f"{length} elements of {self.of.size} bytes end behind the object")
        place.image.spend(length * self.of.values)
        return [self.of.read(place, at + n * self.of.size) for n in range(length)]


class Struct(Type):
    def __init__(self, schema):
        self.schema, self.size = schema, schema.size

    values = property(lambda self: self.schema.values)
    depth = property(lambda self: self.schema.depth)

    def names(self):
        return [self.schema.key]

    def read(self, place, at):
        return self.schema.read(place.image, at, at + self.size)


class Union(Type):
    def __init__(self, by, variants):
        self.by, self.variants = by, variants
        self.size = max(variant.size for variant in variants.values())

    values = property(lambda self: max(variant.values for variant in self.variants.values()))
    depth = property(lambda self: max(variant.depth for variant in self.variants.values()))

    def names(self):
        return [variant.schema.key for variant in self.variants.values()]

    def told_by(self):
        return self.by

    def read(self, place, at):
        told = place.told[self.by]
        if str(told) not in self.variants:
            raise Damaged(f'"{self.by}" is {told}, expected one of {", ".join(self.variants)}')
        return self.variants[str(told)].read(place, at)


class Reference(Type):
    """Its value is where the array lies: several may refer to the same one, or in a circle."""

    def __init__(self, schema, big):
        self.schema, self.size, self.address = schema, 8, Number("address", big)

    def names(self):
        return [self.schema.key]

    def read(self, place, at):
        address = self.address.read(place, at)
        place.image.refer(address, self.schema)
        return {"array": address}


def truth(number):
    if number > 1:
        raise Damaged(f"found {number}, expected 0 or 1")
    return number == 1


def text_of(data, terminated=False):
    """What `char[n]` and `char[n]z` hold."""
    text, _, rest = bytes(data).partition(b"\0")
    if any(rest):
        raise Damaged("holds bytes after the first NUL")
    if terminated and len(text) == len(data):
        raise Damaged("does not end with NUL")
    return utf8(text)


def utf8(data):
    try:
        return bytes(data).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Damaged(f"is not UTF-8: {error.reason}") from None
