import {
  array,
  codecOf,
  create,
  FieldRangeError,
  flexible,
  LuoStruct,
  Memory,
  struct,
  u8,
  u32,
  union,
} from "@luo/struct";
import { describe, expect, test } from "vitest";
import { BACKENDS } from "./backends.js";

@LuoStruct(0)
class PartV0 {
  @u32 size = 0;
}

@LuoStruct(1)
class PartV1 extends PartV0 {
  @u8 kind = 0;
}

@LuoStruct(0)
class Pub {
  @u32 id = 0;
}

@LuoStruct(0)
class Priv {
  @u32 id = 0;
  @u32 secret = 0;
}

@LuoStruct(0)
class Places {
  @u8 key = 1;
  @struct(() => PartV0) part: PartV0 = new PartV0();
  @array(PartV0, 1, 1) parts: PartV0[][] = [[new PartV0()]];
  @union("key", () => ({ 1: Pub, 2: Priv })) either: Pub | Priv = new Pub();
  @flexible(PartV0) rest: PartV0[] = [];
}

class PlainPart extends PartV0 {
  extra = 5;
}

const places: Record<string, (part: object) => Partial<Places>> = {
  part: (part) => ({ part: part as PartV0 }),
  parts: (part) => ({ parts: [[part as PartV0]] }),
  rest: (part) => ({ rest: [part as PartV0] }),
};

describe.each(BACKENDS)("%s", (_, of) => {
  const memory = () => new Memory(new ArrayBuffer(64));
  const written = (values: Partial<Places>) => {
    const bytes = memory();
    const value = create(Places, values);
    of(Places).encode(value, bytes, 0);
    return of(Places).decode(new Memory(bytes.u8.subarray(0, codecOf(Places).sizeOf(value))), 0);
  };

  describe.each(Object.entries(places))("an object in the place %s", (name, at) => {
    test("may be plain, of the class, of a subclass that is no struct, or a view", () => {
      const row = memory();
      row.u32[0] = 7;
      const bare = Object.assign(Object.create(null), { size: 7 });
      const values = [{ size: 7 }, bare, create(PartV0, { size: 7 }), of(PartV0).view(row, 0)];
      for (const part of [...values, Object.assign(new PlainPart(), { size: 7 })]) {
        expect(written(at(part))).toEqual(create(Places, at(create(PartV0, { size: 7 }))));
      }
    });

    test("is refused when it is of another struct class, also of one that extends it", () => {
      const row = memory();
      const others = [new PartV1(), new Pub(), of(PartV1).view(row, 0)];
      for (const part of others) {
        const attempt = () => written(at(part));
        expect(attempt).toThrow(FieldRangeError);
        expect(attempt).toThrow(`Places.${name}`);
        expect(attempt).toThrow("expected an object of PartV0");
        const view = of(Places).view(memory(), 0);
        expect(() => Object.assign(view, at(part))).toThrow("expected an object of PartV0");
      }
    });
  });

  test("an object under the discriminator of another class is refused", () => {
    expect(written({ key: 2, either: create(Priv, { id: 1, secret: 2 }) }).either).toEqual(
      create(Priv, { id: 1, secret: 2 }),
    );
    expect(() => written({ key: 1, either: new Priv() })).toThrow("found Priv, expected an object");
    expect(() => written({ key: 2, either: new Pub() })).toThrow(FieldRangeError);
  });

  test("an element of an array of structs is refused like an object inside", () => {
    const wrong = new PartV1() as PartV0;
    expect(() => of(PartV0).encodeArray([new PartV0(), wrong], memory(), 0)).toThrow("PartV1");
    expect(() => of(PartV0).encodeArray([wrong], memory(), 0)).toThrow("make it of PartV0");
    of(PartV0).encodeArray([new PlainPart(), { size: 1 }], memory(), 0);
  });
});
