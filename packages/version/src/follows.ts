import type { StructClass } from "@luo/struct";
import type { Primitive } from "./annotations.js";
import { addDropped, addFollows, type Follows } from "./step-registry.js";

/** The names of values that the field of that name cannot hold. */
type Unfit<Made, Fields> = {
  [F in keyof Made]: F extends keyof Fields ? ([Made[F]] extends [Fields[F]] ? never : F) : F;
}[keyof Made];

/** The names of fields whose function takes something else than a `Newer`. */
type Unmade<Taken, Newer> = {
  [F in keyof Taken]: [Newer] extends [Taken[F]] ? never : F;
}[keyof Taken];

/**
 * Annotates a class whose fields can hold the results of the upgrade, and whose objects the downgrade
 * takes. Any other class does not compile.
 */
type StepDecorator<Made, Taken> = <Newer extends object>(
  target: StructClass<Newer> &
    ([Unfit<Made, Newer> | Unmade<Taken, Newer>] extends [never]
      ? unknown
      : { readonly unfit: Unfit<Made, Newer> | Unmade<Taken, Newer> }),
  context?: ClassDecoratorContext,
) => void;

/**
 * Makes the class the next version of an older one. Fields of the same name and type carry over. So do
 * integers that become wider, and structs, arrays and references whose classes are versions of one
 * family. `@since`, `@renamed` and `@dropped` declare the differences. A function makes any other field
 * from the whole object of the other version.
 *
 *     @LuoStruct(2)
 *     @follows(PlantV1, {
 *       upgrade: { milliwatts: ({ watts }) => watts * 1000n },
 *       downgrade: { watts: ({ milliwatts }: PlantV2) => milliwatts / 1000n },
 *     })
 *     class PlantV2 { ... }
 *
 * A class that extends the older one, in the same family, follows it without this annotation.
 *
 * @throws {FamilyError} when the class follows two, or the family was used already. The first use of
 *   the family checks everything else
 */
export function follows<Older extends object, Made extends object, Taken extends object>(
  older: StructClass<Older>,
  step: {
    readonly upgrade?: { readonly [F in keyof Made]: (older: Older) => Made[F] };
    readonly downgrade?: {
      readonly [F in keyof Taken]: (newer: Taken[F]) => F extends keyof Older ? Older[F] : never;
    };
  } = {},
): StepDecorator<Made, Taken> {
  const { upgrade = {}, downgrade = {} } = step as object as Partial<Follows>;
  return (target) => addFollows(target, { older, upgrade, downgrade });
}

/**
 * Drops a field of the version before. An upgrade forgets it. A downgrade gives it this value, or the
 * result of the function of the newer object. Without either, a downgrade throws, and the program does
 * not offer to write the older version.
 *
 *     @dropped("legacy", 7)
 *     @dropped("total", ({ parts }: CounterV1) => parts.length)
 */
export function dropped<Newer extends object>(
  field: string,
  initial?: Primitive | ((newer: Newer) => unknown),
): (target: StructClass<Newer>, context?: ClassDecoratorContext) => void {
  const make = initial as Primitive | ((newer: object) => unknown) | undefined;
  return (target) => addDropped(target, field, make === undefined ? {} : { initial: make });
}
