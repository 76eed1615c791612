import { codecOf, layoutOf, type Operations, type StructClass } from "@luo/struct";
import { closures } from "../src/codec/closures.js";

/** The compiled operations, and those for pages that forbid code at run time. */
export const BACKENDS: [string, <T extends object>(of: StructClass<T>) => Operations<T>][] = [
  ["compiled", codecOf],
  ["closures", (of) => closures(layoutOf(of), codecOf)],
];
