import {
  DeclarationError,
  type FieldDescriptor,
  type FieldModifier,
  note,
  type PropertyContext,
  type PropertyType,
  show,
} from "@luo/struct";

/** What a default can be as a value; anything else comes from a function, which makes it anew each time. */
export type Primitive = string | number | bigint | boolean;

/** Stands in the compiler's message, and so names the type that the property must be able to hold. */
export interface MustHold<T> {
  readonly expected: T;
}

/** Annotates a property that can hold a `T`; another one does not compile. Both flavours of decorators. */
export type DefaultDecorator<T> = <Target, Context extends PropertyContext>(
  target: Target,
  context: [T] extends [PropertyType<Target, Context>] ? Context : MustHold<T>,
) => void;

/** In which version a field appeared, and what an upgrade puts there. */
export interface Since {
  readonly version: number;
  /** A value, or a function of the older object; without either the property's initial value. */
  readonly initial?: Primitive | ((older: object) => unknown);
}

/** What the annotations of a field say about its past. */
export interface FieldHistory {
  readonly since?: Since;
  /** The name that it had. */
  readonly renamed?: string;
  /** Whether a downgrade may lose what it holds. */
  readonly lossy: boolean;
}

// Found by every copy of this module in a process: it may be loaded as ESM and as CommonJS.
const SINCE = Symbol.for("@luo/version/since");
const RENAMED = Symbol.for("@luo/version/renamed");
const LOSSY = Symbol.for("@luo/version/lossy");

/**
 * The field is there since a version. An upgrade from the one before gives it a default: a value, or
 * what a function makes of the older object, or else the property's initial value. Stands in front
 * of the type; a class that copies the fields of its predecessors keeps the annotation.
 *
 *     @since(1, 5n) @u64 limit = 0n;
 *     @since(1, ({ hits }: CounterV0) => hits * 2n) @u64 limit = 0n;
 *
 * A downgrade throws unless the field holds what an upgrade would give again, or is `@lossy`. In an
 * array behind `@ref` a function is called whenever an element is read.
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
 * The field had another name in the version before. Where that version has the new name already, as
 * in a class that copies the fields of its predecessors, it says nothing.
 */
export function renamed(from: string): FieldModifier {
  return note(RENAMED, from);
}

/** A downgrade may lose what the field holds; without it, a downgrade that would do so throws. */
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
