"""The layouts of the structs in an image (FORMAT.md, "Schemas")."""

import json
import re

from luo_notation import type_of
from luo_types import DEEPEST, Array, Bits, Damaged, Place, Struct, Union, utf8

LARGEST = 2**53 - 1
KINDS = {str: "text", int: f"integer from 0 to {LARGEST}", list: "list", dict: "object"}


class Field:
    def __init__(self, name, text, of, offset):
        self.name, self.text, self.type, self.offset = name, text, of, offset
        bits = isinstance(of, Bits)
        self.first = of.first if bits else offset * 8
        self.behind = self.first + (of.width if bits else of.size * 8)

    def content(self):
        place = {"bitOffset": self.first} if isinstance(self.type, Bits) else {}
        return {"name": self.name, "type": self.text, "offset": self.offset, **place}


class Schema:
    """A struct. Its fields are known after all schemas are, since they mention each other."""

    def __init__(self, said, index):
        self.said = expect(said, dict, f"schema {index}")
        self.family = self.own("family", str)
        self.version = self.own("version", int)
        self.key = (self.family, self.version)
        self.size = self.own("size", int)
        self.align = self.own("align", int)
        self.fingerprint = self.own("fingerprint", str)
        if not re.fullmatch("[0-9a-f]{16}", self.fingerprint):
            raise Damaged(f"{self}: fingerprint is no 16 hexadecimal digits")
        self.fields = []
        self.values = self.depth = None
        self.checked = False

    def __str__(self):
        return f"{self.family}@{self.version}"

    def own(self, name, kind):
        return expect(self.said.get(name), kind, f'schema {self.said.get("family")}: "{name}"')

    def content(self):
        fields = [field.content() for field in self.fields]
        named = {"family": self.family, "version": self.version}
        return {**named, "size": self.size, "align": self.align, "fields": fields}

    def find_fields(self, struct_of):
        known = set()
        for said in self.own("fields", list):
            field = expect(said, dict, f"{self}: a field")
            name = expect(field.get("name"), str, f"{self}: a field's name")
            where = f"{self}.{name}"
            text = expect(field.get("type"), str, f"{where}: type")
            offset = expect(field.get("offset"), int, f"{where}: offset")
            try:
                of = type_of(text, struct_of)
                if of.told_by() is not None and of.told_by() not in known:
                    raise Damaged(f'"{of.told_by()}" is no field above it')
            except Damaged as error:
                raise Damaged(f"{where}: type {text}: {error}") from None
            if isinstance(of, Bits):
                of.first = expect(field.get("bitOffset"), int, f"{where}: bitOffset")
            if name in known:
                raise Damaged(f"{where}: is there twice")
            if not of.reserved:
                known.add(name)
            self.fields.append(Field(name, text, of, offset))
        self.check_ends()

    def check_ends(self):
        for field in self.fields:
            where, behind = f"{self}.{field.name}", field.behind
            if behind > self.size * 8:
                raise Damaged(f"{where}: ends at bit {behind} of a struct of {self.size} bytes")
            if field.type.flexible and field is not self.fields[-1]:
                raise Damaged(f"{where}: fields follow a flexible array")

    def check_overlaps(self):
        """Only of structs with values: reserved space may be a struct whose fields overlap."""
        for before, field in zip(self.fields, self.fields[1:]):
            if field.first < before.behind:
                where = f"{self}.{field.name}"
                raise Damaged(f"{where}: begins at bit {field.first}, inside of the field before")
        self.checked = True

    @property
    def flexible(self):
        return bool(self.fields) and self.fields[-1].type.flexible

    def weigh(self, level=0):
        """Finds how much a value holds, and that no struct contains itself."""
        if level > DEEPEST:
            raise Damaged(f"{self}: contains itself, or structs more than {DEEPEST} deep")
        if self.values is None:
            for field in self.fields:
                for inner in inside(field.type):
                    inner.weigh(level + 1)
                    if inner.flexible:
                        raise Damaged(f"{self}.{field.name}: {inner} has no size of its own")
            self.values = 1 + sum(field.type.values for field in self.fields)
            self.depth = 1 + max((field.type.depth for field in self.fields), default=0)
            if self.depth > DEEPEST:
                raise Damaged(f"{self}: holds values more than {DEEPEST} deep")

    def read(self, image, at, end):
        if not self.checked:
            self.check_overlaps()
        place = Place(image, at, end)
        for field in self.fields:
            if field.type.reserved:
                continue
            try:
                place.told[field.name] = field.type.read(place, at + field.offset)
            except Damaged as error:
                raise Damaged(f"{self}.{field.name} of the struct at {at}: {error}") from None
        return place.told


def inside(of):
    """The schemas of the structs directly inside of a type."""
    while isinstance(of, Array):
        of = of.of
    if isinstance(of, Union):
        return [variant.schema for variant in of.variants.values()]
    return [of.schema] if isinstance(of, Struct) else []


def expect(found, kind, what):
    right = isinstance(found, kind) and not isinstance(found, bool)
    if not right or (kind is int and not 0 <= found <= LARGEST):
        raise Damaged(f"{what} is no {KINDS[kind]}")
    return found


def short(digits):
    """Of numbers, schemas have integers up to 2^53 - 1; Python takes long to read long ones."""
    if not digits.isdecimal() or len(digits) > 16:
        raise ValueError(f"has the number {digits[:20]}")
    return int(digits)


def schemas_of(data):
    """The list of schemas that the bytes are."""
    try:
        listed = json.loads(utf8(data), parse_int=short, parse_float=short, parse_constant=short)
    except (ValueError, RecursionError, Damaged) as error:
        raise Damaged(f"schemas: are no list in JSON: {error}") from None
    schemas = [Schema(said, index) for index, said in enumerate(expect(listed, list, "schemas"))]
    found = {}
    for schema in schemas:
        if found.setdefault(schema.key, schema) is not schema:
            raise Damaged(f"{schema}: is there twice")

    def struct_of(family, version):
        if (family, version) not in found:
            raise Damaged(f"{family}@{version} is not among the schemas")
        return found[family, version]

    for schema in schemas:
        schema.find_fields(struct_of)
    for schema in schemas:
        schema.weigh()
    return schemas


def check_fingerprints(schemas):
    """FNV-1a over each struct and all that it mentions; the time is quadratic at worst."""
    found = {schema.key: schema for schema in schemas}
    for schema in schemas:
        mentioned = {schema.key: schema}
        queue = [schema]
        for struct in queue:
            for key in (key for field in struct.fields for key in field.type.names()):
                if key not in mentioned:
                    mentioned[key] = found[key]
                    queue.append(found[key])
        layouts = [one.content() for one in queue]
        text = json.dumps(layouts, ensure_ascii=False, separators=(",", ":"))
        hashed = 0xCBF29CE484222325
        for byte in text.encode("utf-8", "surrogatepass"):
            hashed = (hashed ^ byte) * 0x100000001B3 % 2**64
        if f"{hashed:016x}" != schema.fingerprint:
            raise Damaged(f"{schema}: fingerprint is {schema.fingerprint}, expected {hashed:016x}")
