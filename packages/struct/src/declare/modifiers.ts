import { DeclarationError } from "../errors.js";
import { checkAlign } from "./declaration.js";
import { type FieldModifier, memberOf, modifier } from "./field-decorator.js";
import { addTransient } from "./registry.js";

/** The byte order of a number, or of the numbers in an array, in place of the struct's. */
export const little: FieldModifier = modifier((field) => ({ ...field, endian: "little" }));
/** The byte order of a number, or of the numbers in an array, in place of the struct's. */
export const big: FieldModifier = modifier((field) => ({ ...field, endian: "big" }));
/** The field has no alignment of its own: C's `__attribute__((packed))` on a member. */
export const packed: FieldModifier = modifier((field) => ({ ...field, packed: true }));

/**
 * The field is aligned to at least so many bytes: C's `__attribute__((aligned(n)))` on a member.
 *
 * @param align a power of two, up to 4096
 */
export function aligned(align: number): FieldModifier {
  checkAlign("@aligned", align);
  return modifier((field) => ({ ...field, align }));
}

/**
 * Says of a field what this package does not know of: `descriptorOf` gives it in the field's `notes`.
 *
 * @throws {DeclarationError} when the same is said twice of one field
 */
export function note(key: symbol, value: unknown): FieldModifier {
  return modifier((field) => {
    if (field.notes !== undefined && key in field.notes) {
      throw new DeclarationError(
        `${key.description}`,
        undefined,
        "is said twice of a field; remove one",
      );
    }
    return { ...field, notes: { ...field.notes, [key]: value } };
  });
}

/**
 * The property is no field: it stays out of the layout, and a decoded or converted object has its
 * initial value there. Without this, or the annotation of a type, a property that the constructor
 * sets is an error, as its value would be lost in silence.
 *
 *     @transient cache = new Map<string, number>();
 *
 * A property that is declared and never set (`x?: number`, or `x!: number` without
 * `useDefineForClassFields`) does not exist at run time, so nobody is told that it is not stored.
 */
export function transient(
  target: object | undefined,
  context: string | symbol | ClassFieldDecoratorContext,
): void {
  const { owner, name } = memberOf([target, context]);
  addTransient(owner, name);
}
