"""The notation of types in schemas (FORMAT.md, "Types"): text into the types of luo_types."""

import json
import re

from luo_types import (
    DEEPEST,
    SCALARS,
    Array,
    Bits,
    Bytes,
    Damaged,
    Enum,
    Flexible,
    Number,
    Reference,
    Struct,
    Text,
    Union,
)

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"\[\]{}()=,:@&]+|[\[\]{}()=,:@&]')
# More digits are beyond 2^53 - 1, and Python takes long to read a great many.
DIGITS = re.compile(r"[0-9]{1,16}")
TEXTS = ("char", "byte")


def type_of(text, struct_of):
    """The type that `text` says; `struct_of` gives the schema of a family and version."""
    reserved, big = text.startswith("reserved "), text.endswith(" be")
    core = text[9 if reserved else 0 : -3 if big else None]
    tokens = TOKEN.findall(core)
    if "".join(tokens) != core:
        raise Damaged("is no notation of a type")
    found = Notation(tokens, big, struct_of).whole()
    found.reserved = reserved
    return found


class Notation:
    def __init__(self, tokens, big, struct_of):
        self.tokens, self.big, self.struct_of = tokens[::-1], big, struct_of

    def whole(self):
        """An element with the lengths behind it; `char` and `byte` take the last as their own."""
        of = self.element()
        lengths = []
        while DIGITS.fullmatch(self.ahead(2)):
            self.expect("[")
            lengths.append(self.number())
            self.expect("]")
        if of in TEXTS:
            if not lengths:
                raise Damaged(f"has no length of {of}")
            size = lengths.pop()
            of = Bytes(size) if of == "byte" else Text(size, self.skip("z"))
        if len(lengths) > DEEPEST:
            raise Damaged(f"has more than {DEEPEST} lengths")
        for length in reversed(lengths):
            of = Array(of, length)
        if self.skip("["):
            of = Flexible(of, None if self.ahead() == "]" else self.name())
            self.expect("]")
        if self.tokens:
            raise Damaged(f"has {self.ahead()} behind its end")
        return of

    def element(self):
        if self.skip("&"):
            return Reference(self.version_of(self.name()), self.big)
        name = self.name()
        if self.ahead() == "@":
            return Struct(self.version_of(name))
        if self.ahead() == "(":
            return self.union(name)
        if name in TEXTS:
            return name
        if name not in SCALARS:
            raise Damaged(f'"{name}" is no type')
        number = Number(name, self.big)
        if self.skip(":"):
            return Bits(number, self.number(), self.big)
        return self.enum(number) if self.ahead() == "{" else number

    def enum(self, of):
        members = {}
        self.expect("{")
        while True:
            number = self.number(signed=True)
            self.expect("=")
            member = self.name()
            members[number] = number if member == str(number) else member
            if not self.skip(","):
                break
        self.expect("}")
        return Enum(of, members)

    def union(self, by):
        variants = {}
        self.expect("(")
        while True:
            value = self.name()
            self.expect("=")
            variants[value] = Struct(self.version_of(self.name()))
            if not self.skip(","):
                break
        self.expect(")")
        return Union(by, variants)

    def version_of(self, family):
        self.expect("@")
        return self.struct_of(family, self.number())

    def ahead(self, tokens=1):
        return self.tokens[-tokens] if len(self.tokens) >= tokens else ""

    def name(self):
        token = self.ahead()
        self.tokens[-1:] = []
        if len(token) > 1 and token[0] == '"':
            try:
                return json.loads(token)
            except ValueError:
                raise Damaged(f"has {token}, which is no JSON") from None
        if token == "" or token in "[]{}()=,:@&":
            raise Damaged(f"has {token or 'its end'} where a name should be")
        return token

    def number(self, signed=False):
        token = self.ahead()
        self.tokens[-1:] = []
        if not DIGITS.fullmatch(token[1:] if signed and token[:1] == "-" else token):
            raise Damaged(f"has {token or 'its end'} where a number should be")
        return int(token)

    def skip(self, token):
        found = self.ahead() == token
        if found:
            self.tokens.pop()
        return found

    def expect(self, token):
        if not self.skip(token):
            raise Damaged(f"has no {token} where one should be")
