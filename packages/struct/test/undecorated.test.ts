import {
  array,
  codecOf,
  DeclarationError,
  defineStruct,
  LuoStruct,
  Memory,
  type StructClass,
  struct,
  transient,
  u8,
} from "@luo/struct";
import { describe, expect, test, vi } from "vitest";

const memory = () => new Memory(new Uint8Array(64));

@LuoStruct(0)
class Forgetful {
  @u8 kept = 1;
  lost = 2;
}

@LuoStruct(0)
class Holder {
  @u8 first = 1;
  @array(Forgetful, 2) list = [new Forgetful(), new Forgetful()];
}

describe("a property that the constructor sets without an annotation is found", () => {
  const says =
    "Forgetful.lost: is set by the constructor, but has no annotation, so its value would be lost; annotate it, such as @u64, or mark it @transient";

  test.each<[string, (of: StructClass) => unknown]>([
    ["encode", (of) => codecOf(of).encode(new of(), memory(), 0)],
    ["decode", (of) => codecOf(of).decode(memory(), 0)],
    ["encodeArray", (of) => codecOf(of).encodeArray([new of()], memory(), 0)],
    ["decodeArray", (of) => codecOf(of).decodeArray(memory(), 0, 1)],
    ["view", (of) => codecOf(of).view(memory(), 0)],
    ["cursor", (of) => codecOf(of).cursor(memory(), 0, 1)],
  ])("by %s, also in a nested struct, each time", (_, use) => {
    for (const of of [Forgetful, Holder, Holder, Forgetful]) {
      expect(() => use(of)).toThrow(says);
      expect(() => use(of)).toThrow(DeclarationError);
    }
  });

  test("set in the body of the constructor, or inherited from a class without annotations", () => {
    class Base {
      inherited = 0;
    }
    @LuoStruct(0)
    class Derived extends Base {
      @u8 x = 0;
    }
    @LuoStruct(0)
    class Assigned {
      @u8 x = 0;
      constructor() {
        Object.assign(this, { late: 1 });
      }
    }
    expect(() => codecOf(Derived).decode(memory(), 0)).toThrow("Derived.inherited");
    expect(() => codecOf(Assigned).decode(memory(), 0)).toThrow("Assigned.late");
  });

  test("under a symbol", () => {
    const key = Symbol("key");
    @LuoStruct(0)
    class Keyed {
      @u8 x = 0;
      [key] = 1;
    }
    expect(() => codecOf(Keyed).decode(memory(), 0)).toThrow("Keyed.Symbol(key)");
  });
});

test("a @transient property is not stored, has its initial value in a decoded object, and is inherited", () => {
  const key = Symbol("key");
  class Base {
    @transient cache = "cold";
    @transient [key] = 1;
  }
  @LuoStruct(0)
  class Cached extends Base {
    @u8 x = 0;
  }
  @LuoStruct(1)
  class Newer extends Cached {
    @u8 y = 0;
  }
  const target = memory();
  for (const of of [Cached, Newer]) {
    expect(codecOf(of).size).toBe(of === Cached ? 1 : 2);
    codecOf(of).encode(Object.assign(new of(), { x: 3, cache: "warm" }), target, 0);
    expect(codecOf(of).decode(target, 0)).toMatchObject({ x: 3, cache: "cold" });
  }
});

test("#fields, accessors, methods and hidden properties are no fields and no mistake", () => {
  @LuoStruct(0)
  class Fine {
    #secret = 1;
    @u8 x = 0;
    constructor() {
      Object.defineProperty(this, "hidden", { value: 1 });
    }
    get twice(): number {
      return this.x * 2 + this.#secret;
    }
    set twice(value: number) {
      this.x = value / 2;
    }
  }
  expect(codecOf(Fine).decode(memory(), 0).twice).toBe(1);
});

test("an object may have more properties than its class", () => {
  @LuoStruct(0)
  class Small {
    @u8 x = 0;
  }
  const extended = Object.assign(new Small(), { more: 1 });
  expect(() => codecOf(Small).encode(extended, memory(), 0)).not.toThrow();
});

test("a class whose constructor needs an argument can be encoded", () => {
  // @ts-expect-error it does not compile, and plain JavaScript can still do it
  @LuoStruct(0)
  class Needy {
    @u8 x: number;
    constructor(of: { x: number }) {
      this.x = of.x;
    }
  }
  const codec = codecOf(Needy as object as StructClass<Needy>);
  expect(() => codec.encode(new Needy({ x: 1 }), memory(), 0)).not.toThrow();
});

test("one object is made for it per class, however often the codec is used", () => {
  const made = vi.fn();
  @LuoStruct(0)
  class Counted {
    @u8 x = 0;
    constructor() {
      made();
    }
  }
  const [codec, target, value] = [codecOf(Counted), memory(), new Counted()];
  made.mockClear();
  for (let round = 0; round < 3; round++) {
    codec.encode(value, target, 0);
    codec.encodeArray([value], target, 0);
    codec.view(target, 0);
  }
  expect(made).toHaveBeenCalledTimes(1);
});

test("a field cannot be @transient as well, and a static property cannot be @transient", () => {
  expect(() => {
    @LuoStruct(0)
    class Both {
      @transient @u8 x = 0;
    }
    return Both;
  }).toThrow("Both.x: is a field and @transient");
  expect(() => {
    class Static {
      @transient static x = 0;
      y = 0;
    }
    return Static;
  }).toThrow("Static.x: must be a public instance field");
});

test("a struct without a class in the source has nothing to find", () => {
  const Point = defineStruct("Point", 0, [{ name: "x", type: u8.type }]);
  expect(codecOf(Point).decode(memory(), 0)).toEqual({ x: 0 });
});

test("a class that is nested by @struct is looked at too", () => {
  @LuoStruct(0)
  class Outer {
    @struct(() => Forgetful) inner = new Forgetful();
  }
  expect(() => codecOf(Outer).decode(memory(), 0)).toThrow("Forgetful.lost");
});
