import { isStruct, type StructClass } from "@luo/struct";

/** The struct class of a value: its own class, or the nearest base class that is a struct. */
export function classOf(value: unknown): StructClass | undefined {
  for (
    let prototype = Object.getPrototypeOf(Object(value));
    prototype !== null;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    if (isStruct(prototype.constructor)) return prototype.constructor;
  }
  return undefined;
}
