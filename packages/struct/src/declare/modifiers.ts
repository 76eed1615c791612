import { DeclarationError } from "../errors.js";
import { checkAlign } from "./declaration.js";
import { type FieldModifier, memberOf, modifier } from "./field-decorator.js";
import { addTransient } from "./registry.js";

/** Little-endian numbers in this field, whatever the struct's byte order. */
export const little: FieldModifier = modifier((field) => ({ ...field, endian: "little" }));
/** Big-endian numbers in this field, whatever the struct's byte order. */
export const big: FieldModifier = modifier((field) => ({ ...field, endian: "big" }));
/** A field without alignment: C's `__attribute__((packed))` on a member. */
export const packed: FieldModifier = modifier((field) => ({ ...field, packed: true }));

/**
 * A field aligned to at least `align` bytes: C's `__attribute__((aligned(n)))` on a member.
 *
 * @param align in bytes, a power of two from 1 to 4096
 * @throws {DeclarationError} for any other alignment
 */
export function aligned(align: number): FieldModifier {
  checkAlign("@aligned", align);
  return modifier((field) => ({ ...field, align }));
}

/**
 * Attaches a value of another package to a field. `descriptorOf` returns it in the field's `notes`.
 *
 * @throws {DeclarationError} when a field gets two notes with one key
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
 * Keeps a property out of the layout. A decoded or converted object has the initial value there. A
 * property that the constructor sets needs either this or a type: without one, its value would be
 * lost in silence, so the codec throws.
 *
 *     @transient cache = new Map<string, number>();
 *
 * A property that is declared and never set (`x?: number`, or `x!: number` without
 * `useDefineForClassFields`) does not exist at run time, so luo cannot report that it is not stored.
 *
 * @throws {DeclarationError} for a static or private member
 */
export function transient(
  target: object | undefined,
  context: string | symbol | ClassFieldDecoratorContext,
): void {
  const { owner, name } = memberOf([target, context]);
  addTransient(owner, name);
}
