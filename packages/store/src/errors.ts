import { LuoError } from "@luo/struct";

/** The bytes are not an image, or not a whole one. */
export class BadImageError extends LuoError {
  constructor(problem: string, options?: ErrorOptions) {
    super("LUO_BAD_IMAGE", `not a readable image: ${problem}`, options);
  }
}

/** The object under an identifier is not what the program asked for, or not what was written. */
export class BadObjectError extends LuoError {
  readonly identifier: string;

  constructor(identifier: string, problem: string, options?: ErrorOptions) {
    super("LUO_BAD_OBJECT", `object ${JSON.stringify(identifier)}: ${problem}`, options);
    this.identifier = identifier;
  }
}

/** Something cannot be an identifier. */
export class IdentifierError extends LuoError {
  constructor(identifier: unknown, found: string) {
    super(
      "LUO_IDENTIFIER",
      `identifier ${JSON.stringify(identifier)}: found ${found}, expected 1 to 128 bytes of UTF-8`,
    );
  }
}
