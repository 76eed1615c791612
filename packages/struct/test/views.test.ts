import { create, InvalidBytesError, LuoStruct, Memory, struct, u8, u32, union } from "@luo/struct";
import { describe, expect, test } from "vitest";
import { BACKENDS } from "./backends.js";

@LuoStruct(0)
class Circle {
  @u32 radius = 0;
  get doubled(): number {
    return this.radius * 2;
  }
}

@LuoStruct(0)
class Square {
  @u8 side = 0;
}

@LuoStruct(0)
class Shape {
  @u8 kind = 1;
  @union("kind", () => ({ 1: Circle, 2: Square })) shape: Circle | Square = new Circle();
  @struct(() => Square) frame: Square = new Square();
}

@LuoStruct(0)
class Own {
  @u8 x = 3;
  toJSON(): string {
    return `own ${this.x}`;
  }
}

describe.each(BACKENDS)("%s", (_, of) => {
  test.each([0, 4, 5])("the struct of a union is a view, at offset %d", (offset) => {
    const memory = new Memory(new ArrayBuffer(32));
    const view = of(Shape).view(memory, offset);
    view.kind = 1;
    const circle = view.shape as Circle;
    circle.radius = 9;
    expect(view.shape).toBeInstanceOf(Circle);
    expect((view.shape as Circle).doubled).toBe(18);
    expect(of(Shape).decode(memory, offset).shape).toEqual(create(Circle, { radius: 9 }));
    view.kind = 2;
    view.shape = create(Square, { side: 4 });
    (view.shape as Square).side += 1;
    expect(of(Shape).decode(memory, offset).shape).toEqual(create(Square, { side: 5 }));
    memory.u8[offset] = 3;
    expect(() => view.shape).toThrow(InvalidBytesError);
  });

  test("JSON.stringify gives the fields of a view, and what the class says itself", () => {
    const memory = new Memory(new ArrayBuffer(32));
    const shape = create(Shape, { shape: create(Circle, { radius: 7 }) });
    of(Shape).encode(shape, memory, 0);
    const view = of(Shape).view(memory, 0);
    expect(JSON.stringify(view)).toBe(JSON.stringify(shape));
    of(Own).encode(new Own(), memory, 16);
    expect(JSON.stringify(of(Own).view(memory, 16))).toBe('"own 3"');
  });
});
