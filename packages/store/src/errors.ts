import { LuoError } from "@luo/struct";

/** The bytes are not an image, or not a whole one. */
export class BadImageError extends LuoError {
  constructor(problem: string, options?: ErrorOptions) {
    super("LUO_BAD_IMAGE", `not a readable image: ${problem}`, options);
  }
}

/** The object under an identifier is not what the program asked for. */
export class BadObjectError extends LuoError {
  readonly identifier: string;

  constructor(identifier: string, problem: string) {
    super("LUO_BAD_OBJECT", `object ${JSON.stringify(identifier)}: ${problem}`);
    this.identifier = identifier;
  }
}
