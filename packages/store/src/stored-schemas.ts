import type { Pool } from "@luo/memory";
import { BadImageError } from "./errors.js";
import type { RootV1 } from "./image-records.js";
import { Schemas } from "./schemas.js";

/** Bytes of JSON: thousands of classes have less, and what is parsed takes twenty times as much. */
const MAX_LENGTH = 16 << 20;

/** What a root says of the schemas. */
type Place = Pick<RootV1, "schemas" | "schemasLength" | "schemasChecksum">;

/** The schemas of an image, and where they were written last. */
export class StoredSchemas {
  readonly schemas: Schemas;
  readonly #pool: Pool;
  #place: Place;
  #written: number;

  /**
   * @throws {BadImageError} when they have changed since they were written, or are none
   * @throws {BadAddressError} when they cannot lie where they are said to
   */
  constructor(pool: Pool, place: Place) {
    this.#pool = pool;
    this.#place = place;
    this.schemas = place.schemasLength === 0 ? new Schemas() : this.#read(place);
    this.#written = this.schemas.list.length;
  }

  /** Takes account of where they lie. */
  adopt(): void {
    const { schemas, schemasLength } = this.#place;
    if (schemasLength > 0) this.#pool.adopt(schemas, schemasLength, "the schemas");
  }

  /**
   * Writes them anew when there are more, and returns where they lie.
   *
   * @throws {BadImageError} when they are longer than readers take
   * @throws {OutOfMemoryError} when the memory cannot grow
   */
  write(): Place {
    if (this.schemas.list.length === this.#written) return this.#place;
    const { memory } = this.#pool;
    const json = new TextEncoder().encode(this.schemas.toString());
    checkLength(json.length);
    const schemas = this.#pool.allocate(json.length);
    const at = memory.at(schemas);
    at.memory.bytes(at.offset, json.length).set(json);
    if (this.#place.schemasLength > 0) this.#pool.free(this.#place.schemas);
    const schemasLength = json.length;
    const schemasChecksum = memory.checksumOf(at, schemasLength);
    this.#place = { schemas, schemasLength, schemasChecksum };
    this.#written = this.schemas.list.length;
    return this.#place;
  }

  #read({ schemas, schemasLength, schemasChecksum }: Place): Schemas {
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
    return Schemas.parse(text);
  }
}

function checkLength(length: number): void {
  if (length <= MAX_LENGTH) return;
  throw new BadImageError({
    found: `schemas of ${length} bytes`,
    expected: `at most ${MAX_LENGTH}`,
  });
}
