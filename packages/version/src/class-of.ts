import { isStruct, type StructClass } from "@luo/struct";

/** The annotated class of which a value is an instance: its own, or the nearest that it extends. */
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
