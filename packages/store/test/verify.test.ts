import { type Backing, heapBacking } from "@luo/memory";
import { BadObjectError, ObjectStore } from "@luo/store";
import {
  bool,
  char,
  create,
  flexible,
  InvalidBytesError,
  LuoStruct,
  ref,
  type Sequence,
  u8,
  u16,
} from "@luo/struct";
import { familyOf } from "@luo/version";
import { describe, expect, test } from "vitest";

/** Fields whose bytes can be no value, behind a mark by which the test finds them. */
@LuoStruct(0)
class Door {
  @u16 mark = 0xabcd;
  @bool open = false;
  @char(5) name = "";
}

@LuoStruct(0)
class Hall {
  @ref(() => Door) doors: Sequence<Door> = [];
}

@LuoStruct(0)
class Row {
  @u16 mark = 0xabcd;
  @u8 count = 0;
  @flexible(bool, { count: "count" }) doors: boolean[] = [];
}

/** An image without checksums of its contents, and the offset of the last mark in it. */
function marked(value: object) {
  const heap = heapBacking();
  const backing: Backing = {
    checksums: false,
    get segments() {
      return heap.segments;
    },
    grow: (bytes) => heap.grow(bytes),
  };
  const store = ObjectStore.create(backing);
  store.put("object", value);
  store.seal();
  const bytes = new Uint8Array(heap.segments[0] as ArrayBuffer);
  const at = bytes.findLastIndex((byte, index) => byte === 0xcd && bytes[index + 1] === 0xab);
  return { backing, bytes, at };
}

const door = () => create(Door, { open: true, name: "front" });

const CASES: [string, object, number, number, RegExp][] = [
  ["a bool of 2", door(), 2, 2, /object "object": found Door(@0)?\.open at offset .* with 2/],
  ["text that is not UTF-8", door(), 4, 0xff, /Door(@0)?\.name/],
  [
    "a bool of 2 in a flexible array",
    create(Row, { count: 2, doors: [true, true] }),
    4,
    2,
    /Row(@0)?\.doors/,
  ],
  [
    "more elements than fit",
    create(Row, { count: 2, doors: [true, true] }),
    2,
    200,
    /found a memory of 5 bytes/,
  ],
];

describe("verify refuses what take refuses, by the same error", () => {
  test.each(CASES)("%s", (_, value, offset, byte, message) => {
    const { backing, bytes, at } = marked(value);
    ObjectStore.open(backing, { verify: true });
    bytes[at + offset] = byte;
    const store = ObjectStore.open(backing);
    const Family = familyOf(value.constructor as typeof Door);
    const reads = [
      () => store.take("object", Family),
      () => store.decode("object"),
      () => store.verify(),
      () => ObjectStore.open(backing, { verify: true }),
    ];
    for (const read of reads) {
      expect(read).toThrow(BadObjectError);
      expect(read).toThrow(message);
    }
  });

  test("in elements behind a reference, which take leaves for later", () => {
    const { backing, bytes, at } = marked(create(Hall, { doors: [door(), door()] }));
    ObjectStore.open(backing, { verify: true });
    bytes[at + 2] = 2;
    const store = ObjectStore.open(backing);
    const doors = store.take("object", familyOf(Hall))?.doors;
    expect(() => doors?.at(1)).toThrow(InvalidBytesError);
    expect(() => store.verify()).toThrow(BadObjectError);
    expect(() => store.verify()).toThrow(/object "object": found Door(@0)?\.open/);
  });
});
