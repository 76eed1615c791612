import { DeclarationError } from "../errors.js";
import { perKind, type StructClass } from "../types.js";
import { INSIDE } from "./declaration.js";
import { descriptorOf } from "./registry.js";

const checked = new WeakSet<StructClass>();

/**
 * Refuses a class whose constructor, or that of a nested struct, sets a property without an
 * annotation: the value would be lost in silence. Each class is checked once, on one new object.
 * The check does not see private `#fields`, accessors on the prototype, or properties of a class
 * whose constructor throws without arguments.
 *
 * @throws {DeclarationError} naming class and property
 */
export function refuseUndecorated(struct: StructClass): void {
  if (checked.has(struct)) return;
  const { name, fields, transient } = descriptorOf(struct);
  const found = propertiesOf(struct).find(
    (property) => !transient.has(property) && !fields.some((field) => field.name === property),
  );
  if (found !== undefined) {
    const problem =
      "is set by the constructor, but has no annotation, so its value would be lost; annotate it, such as @u64, or mark it @transient";
    throw new DeclarationError(name, String(found), problem);
  }
  for (const { type } of fields) {
    if (type.kind !== "reserved") perKind(INSIDE, type).forEach(refuseUndecorated);
  }
  checked.add(struct);
}

/** The names of a new object's own enumerable properties; none when the constructor throws. */
function propertiesOf(struct: StructClass): readonly (string | symbol)[] {
  let object: object;
  try {
    object = new struct();
  } catch {
    return [];
  }
  return Reflect.ownKeys(object).filter((name) =>
    Object.prototype.propertyIsEnumerable.call(object, name),
  );
}
