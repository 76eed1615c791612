import type { Pool } from "@luo/memory";
import { BadImageError } from "./errors.js";
import type { RootV1 } from "./image-records.js";
import { Schemas } from "./schemas.js";

/**
 * The most bytes of JSON, 16 MiB: thousands of classes take less, and parsing takes 20 times as
 * much.
 */
const MAX_LENGTH = 16 << 20;

/** The JSON text of the schemas, as a root refers to it: its address, length and checksum. */
type StoredText = Pick<RootV1, "schemas" | "schemasLength" | "schemasChecksum">;

/** The schemas of an image, and the text that they were last written to. */
export class StoredSchemas {
  readonly schemas: Schemas;
  readonly #pool: Pool;
  #text: StoredText;
  #written: number;

  /**
   * @param known schemas to use if the text is theirs
   * @throws {BadImageError} when the text fails its checksum, or is not a list of schemas
   * @throws {BadAddressError} when the text cannot lie at its address
   */
  constructor(pool: Pool, text: StoredText, known?: Schemas) {
    this.#pool = pool;
    this.#text = text;
    this.schemas = text.schemasLength === 0 ? new Schemas() : this.#read(text, known);
    this.#written = this.schemas.list.length;
  }

  /** Has the pool adopt the text. */
  adopt(): void {
    const { schemas, schemasLength } = this.#text;
    if (schemasLength > 0) this.#pool.adopt(schemas, schemasLength, () => "the schemas");
  }

  /**
   * Writes the schemas again when there are more, and gives the text.
   *
   * @throws {BadImageError} when the text is longer than readers accept, 16 MiB
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  write(): StoredText {
    if (this.schemas.list.length === this.#written) return this.#text;
    const { memory } = this.#pool;
    const json = new TextEncoder().encode(this.schemas.toString());
    checkLength(json.length);
    const schemas = this.#pool.allocate(json.length);
    const at = memory.at(schemas);
    at.memory.bytes(at.offset, json.length).set(json);
    if (this.#text.schemasLength > 0) this.#pool.free(this.#text.schemas);
    const schemasLength = json.length;
    const schemasChecksum = memory.checksumOf(at, schemasLength);
    this.#text = { schemas, schemasLength, schemasChecksum };
    this.#written = this.schemas.list.length;
    return this.#text;
  }

  #read({ schemas, schemasLength, schemasChecksum }: StoredText, known?: Schemas): Schemas {
    const { memory } = this.#pool;
    checkLength(schemasLength);
    const at = memory.locate(schemas, schemasLength, "the schemas");
    if (memory.mismatch(at, schemasLength, schemasChecksum) !== undefined) {
      throw new BadImageError({ found: "its schemas have changed since they were written" });
    }
    let text: string;
    try {
      const decoder = new TextDecoder("utf-8", { fatal: true });
      text = decoder.decode(at.memory.bytes(at.offset, schemasLength).slice());
    } catch (cause) {
      throw new BadImageError({ found: "its schemas are not UTF-8" }, { cause });
    }
    return known?.toString() === text ? known : Schemas.parse(text);
  }
}

function checkLength(length: number): void {
  if (length <= MAX_LENGTH) return;
  throw new BadImageError({
    found: `schemas of ${length} bytes`,
    expected: `at most ${MAX_LENGTH}`,
  });
}
