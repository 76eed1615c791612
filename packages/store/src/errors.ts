import { LuoError, show } from "@luo/struct";

/** The bytes are not an image, or not a whole one. */
export class BadImageError extends LuoError {
  constructor(problem: string, options?: ErrorOptions) {
    super("LUO_BAD_IMAGE", `not a readable image: ${problem}`, options);
  }
}

/** An image would have been made where there is one. */
export class ImageExistsError extends LuoError {
  constructor() {
    super(
      "LUO_IMAGE_EXISTS",
      "the memory holds an image already: open it, or fill its first page with zeros to begin anew",
    );
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
      `identifier ${show(identifier)}: found ${found}, expected 1 to 128 bytes of UTF-8`,
    );
  }
}

/** Something cannot be the name of a program's pool. */
export class PoolNameError extends LuoError {
  constructor(name: string) {
    super(
      "LUO_POOL_NAME",
      `pool ${JSON.stringify(name)}: expected 1 to 40 bytes of UTF-8 that do not begin with "luo.", as the store's own do`,
    );
  }
}
