import { LuoError } from "@luo/struct";
import { checkFamily, type Family, manifestOf } from "@luo/version";

/** By the use of a family, the way to declare it. */
const WAYS = {
  object: "add it: liveUpdate({ families: [...] })",
  resource: "add its handler: liveUpdate({ handlers: [...] })",
} as const;

/**
 * An object or a resource is of a family that the program did not declare. A predecessor chooses
 * the versions before the first object is taken, so a program declares all its families at the
 * start.
 */
export class UndeclaredFamilyError extends LuoError {
  static override readonly codes = {
    LUO_UNDECLARED_FAMILY: {
      when: "an object or resource is of a family that `liveUpdate` was not told of",
      do: "say liveUpdate({ families: [...] })",
    },
  };
  /** The identifier of the object, or the token of the resource. */
  readonly identifier: string;
  readonly family: string;

  constructor(
    identifier: string,
    family: string,
    declared: readonly string[],
    kind: keyof typeof WAYS,
  ) {
    super("LUO_UNDECLARED_FAMILY", JSON.stringify(identifier), {
      found: `the family ${family}, which is not declared`,
      expected: `one of ${declared.join(", ")}`,
      do: WAYS[kind],
    });
    this.identifier = identifier;
    this.family = family;
  }
}

/** The families that a program declared. */
export class DeclaredFamilies {
  readonly #known: Set<Family>;

  /** @throws {FamilyError} when two families of one name differ */
  constructor(families: readonly Family[]) {
    manifestOf(families);
    this.#known = new Set(families);
  }

  /**
   * Checks that a family was declared.
   *
   * @throws {UndeclaredFamilyError} when no family of its name was declared
   * @throws {FamilyError} when the declared family of its name has other versions
   * @throws {ArgumentError} when it is no family
   */
  check(identifier: string, family: Family, kind: keyof typeof WAYS): void {
    if (this.#known.has(family)) return;
    checkFamily(family);
    const known = [...this.#known];
    const namesake = known.find(({ name }) => name === family.name);
    if (namesake === undefined) {
      const names = known.map(({ name }) => name);
      throw new UndeclaredFamilyError(identifier, family.name, names, kind);
    }
    manifestOf([namesake, family]);
    this.#known.add(family);
  }
}
