import { type Fault, LuoError, show } from "@luo/struct";

/** The bytes are not an image, or not a whole one. */
export class BadImageError extends LuoError {
  static override readonly codes = {
    LUO_BAD_IMAGE: {
      when: "bytes are not an image, or not a whole one",
      do: "use a whole image of a format that this release reads",
    },
  };

  constructor(fault: Fault, options?: ErrorOptions) {
    super("LUO_BAD_IMAGE", "not a readable image", fault, options);
  }
}

/** An image would have been made where there is one. */
export class ImageExistsError extends LuoError {
  static override readonly codes = {
    LUO_IMAGE_EXISTS: {
      when: "an image would be made where there is one",
      do: "open it, or fill its first page with zeros to begin anew",
    },
  };

  constructor() {
    super("LUO_IMAGE_EXISTS", "", { found: "the memory holds an image already" });
  }
}

/** Another store has changed the image since this one read or sealed it. */
export class StaleStoreError extends LuoError {
  static override readonly codes = {
    LUO_STALE_STORE: {
      when: "another store has changed the image since this one read or sealed it; nothing was read or written",
      do: "call refresh(), or open the image again, and repeat what failed",
    },
  };
  /** The generation that the store is of. */
  readonly generation: number;

  constructor(generation: number, found: string, options?: ErrorOptions) {
    super("LUO_STALE_STORE", `store of generation ${generation}`, { found }, options);
    this.generation = generation;
  }
}

/** A store is changed while it writes an object. Nothing was changed by that call. */
export class BusyStoreError extends LuoError {
  static override readonly codes = {
    LUO_BUSY_STORE: {
      when: "code that runs within put, such as a getter of the object, changes the same store",
      do: "compute the values before put, or change the store after it",
    },
  };

  constructor() {
    super("LUO_BUSY_STORE", "store", { found: "a change while put writes an object" });
  }
}

/** A store with changes that are not sealed cannot be refreshed. */
export class UnsealedError extends LuoError {
  static override readonly codes = {
    LUO_UNSEALED: {
      when: "a store with changes that are not sealed would be refreshed; they stay",
      do: "seal them first, or open the image again to drop them",
    },
  };

  constructor(generation: number) {
    super("LUO_UNSEALED", `store of generation ${generation}`, {
      found: "it has changes that are not sealed",
    });
  }
}

/** The object under an identifier is not what the program asked for, or not what was written. */
export class BadObjectError extends LuoError {
  static override readonly codes = {
    LUO_BAD_OBJECT: {
      when: "the object under an identifier is not of the family asked for, or not what was written",
      do: "ask for the family that was put; if its bytes have changed, restore the image",
    },
  };
  readonly identifier: string;

  constructor(identifier: string, fault: Fault, options?: ErrorOptions) {
    super("LUO_BAD_OBJECT", `object ${JSON.stringify(identifier)}`, fault, options);
    this.identifier = identifier;
  }
}

/** Something cannot be an identifier. */
export class IdentifierError extends LuoError {
  static override readonly codes = {
    LUO_IDENTIFIER: {
      when: "something cannot be an identifier",
      do: "use a short name that is unique in the image, such as memfd/7",
    },
  };

  constructor(identifier: unknown, found: string) {
    const expected = "1 to 128 bytes of UTF-8";
    super("LUO_IDENTIFIER", `identifier ${show(identifier)}`, { found, expected });
  }
}

/** Something cannot be the name of a program's pool. */
export class PoolNameError extends LuoError {
  static override readonly codes = {
    LUO_POOL_NAME: {
      when: "something cannot be the name of a program's pool",
      do: "use a name of the program's own; those of the store begin with luo.",
    },
  };

  constructor(name: string) {
    super("LUO_POOL_NAME", `pool ${show(name)}`, {
      found: `a name of ${new TextEncoder().encode(name).length} bytes`,
      expected: '1 to 40 bytes of UTF-8 that do not begin with "luo."',
    });
  }
}
