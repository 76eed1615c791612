import {
  DeclarationError,
  type FieldDescriptor,
  type FieldModifier,
  note,
  type PropertyContext,
  type PropertyType,
  show,
} from "@luo/struct";

/** The values that a default can be. A function makes any other default, a new one for each object. */
export type Primitive = string | number | bigint | boolean;

/** Appears in the compiler's message, where it names the type that the property must be able to hold. */
export interface MustHold<T> {
  readonly expected: T;
}

/**
 * Annotates a property that can hold a `T`; any other does not compile. Works as a legacy and as a
 * standard decorator.
 */
export type DefaultDecorator<T> = <Target, Context extends PropertyContext>(
  target: Target,
  context: [T] extends [PropertyType<Target, Context>] ? Context : MustHold<T>,
) => void;

/** The version that added a field, and the default that an upgrade gives it. */
export interface Since {
  readonly version: number;
  /** A value, or a function of the older object. Without it, the property's initial value. */
  readonly initial?: Primitive | ((older: object) => unknown);
}

/** The annotations of a field about older versions. */
export interface FieldHistory {
  readonly since?: Since;
  /** The name in the version before. */
  readonly renamed?: string;
  /** True when a downgrade may lose the value. */
  readonly lossy: boolean;
}

// All copies of this module in a process share these symbols: it may be loaded as ESM and as CommonJS.
const SINCE = Symbol.for("@luo/version/since");
const RENAMED = Symbol.for("@luo/version/renamed");
const LOSSY = Symbol.for("@luo/version/lossy");

/**
 * Says which version added the field. An upgrade from the version before gives it a default: a value,
 * the result of a function of the older object, or else the property's initial value. It stands in
 * front of the type. A class that copies the fields of its predecessors keeps the annotation.
 *
 *     @since(1, 5n) @u64 limit = 0n;
 *     @since(1, ({ hits }: CounterV0) => hits * 2n) @u64 limit = 0n;
 *
 * A downgrade throws unless an upgrade of its result would give the field the same value again, or the
 * field is `@lossy`. For an array behind `@ref`, every read of an element calls the function.
 *
 * @throws {DeclarationError} when the version is not an integer from 0 to 4294967295
 */
export function since(version: number): FieldModifier;
export function since<Older extends object, T extends Primitive | object>(
  version: number,
  initial: (older: Older) => T,
): DefaultDecorator<T>;
export function since<T extends Primitive>(version: number, initial: T): DefaultDecorator<T>;
export function since(version: number, initial?: Since["initial"]): FieldModifier {
  if (!Number.isInteger(version) || version < 0 || version > 0xffff_ffff) {
    const expected = "an integer from 0 to 4294967295";
    throw new DeclarationError("@since", undefined, { found: show(version), expected });
  }
  return note(SINCE, initial === undefined ? { version } : { version, initial });
}

/**
 * Says the name that the field had in the version before. Fields can exchange their names:
 *
 *     @renamed("high") @u32 low = 0;
 *     @renamed("low") @u32 high = 0;
 *
 * The annotation has no effect if the version before has the new name with the same annotation, or
 * lacks the old name, as for a class that copies the fields of its predecessors. So names that are
 * exchanged again in the very next version need functions.
 */
export function renamed(from: string): FieldModifier {
  return note(RENAMED, from);
}

/** Lets a downgrade lose the field's value. Without it, a downgrade that would lose the value throws. */
export const lossy: FieldModifier = note(LOSSY, true);

export function historyOf({ notes = {} }: FieldDescriptor): FieldHistory {
  const [since, renamed] = [
    notes[SINCE] as Since | undefined,
    notes[RENAMED] as string | undefined,
  ];
  return {
    ...(since === undefined ? {} : { since }),
    ...(renamed === undefined ? {} : { renamed }),
    lossy: notes[LOSSY] === true,
  };
}
