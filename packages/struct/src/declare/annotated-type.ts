import { DeclarationError, show } from "../errors.js";
import type { Fault } from "../luo-error.js";
import type { FieldType, StructClass } from "../types.js";
import { isStruct } from "./registry.js";

/** The faults of types that an annotation got wrong. */
const faults = new WeakMap<FieldType, Fault>();

/** A type that no field can have. The fault is thrown where class and field are known. */
function faultyType(fault: Fault): FieldType {
  const type: FieldType = {
    kind: "struct",
    of: () => {
      throw new DeclarationError("an annotation", undefined, fault);
    },
  };
  faults.set(type, fault);
  return type;
}

/** The fault of a type, or of the type of its elements; undefined for a type that a field can have. */
export function faultOf(type: FieldType): Fault | undefined {
  const fault = faults.get(type);
  if (fault !== undefined || !("of" in type) || typeof type.of === "function") return fault;
  return faultOf(type.of);
}

/** The type of an annotation such as `u32`; undefined for anything else, a class included. */
export function annotatedType(of: unknown): FieldType | undefined {
  if (!isObject(of) || isStruct(of)) return undefined;
  // A class may have a static property `type` of its own.
  const type: unknown = Reflect.get(of, "type");
  return isObject(type) && typeof Reflect.get(type, "kind") === "string"
    ? (type as FieldType)
    : undefined;
}

/** The type of an element of `@array` or `@flexible`: that of an annotation, or a struct class. */
export function elementType(annotation: string, of: unknown): FieldType {
  const type = annotatedType(of);
  if (type === undefined) {
    if (isClass(of)) return { kind: "struct", of: () => of };
    if (of !== undefined) {
      const expected = "an annotation such as u32, or a struct class";
      throw new DeclarationError(`@${annotation}`, undefined, { found: show(of), expected });
    }
    return faultyType({
      found: "has elements of undefined, as a class is in a circular import that is still loading",
      do: `name the class by a function: @${annotation}(struct(() => Element), ...)`,
    });
  }
  if (["bits", "flexible", "union", "reserved"].includes(type.kind)) {
    const problem = `cannot hold elements of kind ${type.kind}; put it into a struct`;
    throw new DeclarationError(`@${annotation}`, undefined, problem);
  }
  return type;
}

/** The function that an annotation got in order to name classes, in its type. */
export function typeOfThunk<Of>(
  of: () => Of,
  type: (of: () => Of) => FieldType,
  example: string,
): FieldType {
  if (typeof of === "function" && !isClass(of)) return type(of);
  return faultyType({ found: `is annotated with ${show(of)}`, do: `write ${example}` });
}

/** True for a class, as opposed to a function that returns one. */
function isClass(of: unknown): of is StructClass {
  if (typeof of !== "function") return false;
  return isStruct(of) || Object.getOwnPropertyDescriptor(of, "prototype")?.writable === false;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
