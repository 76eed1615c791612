import { NotationError } from "../errors.js";

/** Letters and digits are Unicode's. Each pattern matches at the current position only. */
const WORD = /[\p{L}\p{N}_$.-]+/uy;
const FAMILY = /[\p{L}\p{N}_$./-]+/uy;
const DIGITS = /-?\d+/y;
const LENGTH = /\[-?\d/y;

/** Reads the text of a notation from start to end. */
export class TextReader {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get position(): number {
    return this.#position;
  }

  get atEnd(): boolean {
    return this.#position === this.#text.length;
  }

  /** Takes `text` if it comes next, and returns true if so. */
  take(text: string): boolean {
    const comes = this.#text.startsWith(text, this.#position);
    if (comes) this.#position += text.length;
    return comes;
  }

  /** Takes `text` if it comes next and `next` follows it; `next` itself stays. */
  takeBefore(text: string, next: string): boolean {
    const comes = this.#text.startsWith(text + next, this.#position);
    if (comes) this.#position += text.length;
    return comes;
  }

  /** Takes `text`. @throws {NotationError} when something else comes next */
  insist(text: string): void {
    if (!this.take(text)) this.fail(JSON.stringify(text));
  }

  /**
   * Takes a word and the delimiter behind it, and returns the word; undefined when they do not come
   * next.
   */
  before(delimiter: string, pattern: RegExp = WORD): string | undefined {
    const start = this.#position;
    const word = this.#match(pattern);
    if (word !== undefined && this.take(delimiter)) return word;
    this.#position = start;
    return undefined;
  }

  /**
   * Takes the name of a family and its `@`, and returns the name; undefined when they do not come
   * next.
   */
  family(): string | undefined {
    return this.before("@", FAMILY);
  }

  /** Takes one of the words, and returns its value; undefined when none comes next. */
  among<T>(words: ReadonlyMap<string, T>): T | undefined {
    const start = this.#position;
    const found = words.get(this.#match(WORD) ?? "");
    if (found === undefined) this.#position = start;
    return found;
  }

  /** True when an integer comes next. */
  get atInteger(): boolean {
    return matches(DIGITS, this.#text, this.#position) !== undefined;
  }

  /**
   * Takes a decimal integer.
   *
   * @throws {NotationError} unless it is from `low` to `high` and has no leading zeros
   */
  integer(low: number, high: number): number {
    const start = this.#position;
    const digits = this.#match(DIGITS) ?? "";
    const value = Number(digits);
    if (`${value}` === digits && value >= low && value <= high) return value;
    return this.fail(`an integer from ${low} to ${high} without leading zeros`, start);
  }

  /**
   * Takes a length in brackets; undefined when none comes next.
   *
   * @throws {NotationError} when the length is no safe integer from 0 up, or the bracket does not close
   */
  length(): number | undefined {
    if (matches(LENGTH, this.#text, this.#position) === undefined) return undefined;
    this.insist("[");
    const length = this.integer(0, Number.MAX_SAFE_INTEGER);
    this.insist("]");
    return length;
  }

  /** Takes a word or a JSON string. @throws {NotationError} when neither comes next */
  word(): string {
    return this.string() ?? this.#match(WORD) ?? this.fail("a word or a JSON string");
  }

  /**
   * Takes a JSON string, or a word that does not begin like a number.
   *
   * @throws {NotationError} otherwise
   */
  name(): string {
    if (this.atInteger) this.fail("a word that does not begin like a number, or a JSON string");
    return this.word();
  }

  /**
   * Takes a JSON string; undefined when none begins here.
   *
   * @throws {NotationError} when it does not end
   */
  string(): string | undefined {
    const start = this.#position;
    if (!this.#text.startsWith('"', start)) return undefined;
    let end = start + 1;
    while (end < this.#text.length && this.#text[end] !== '"') {
      end += this.#text[end] === "\\" ? 2 : 1;
    }
    try {
      const value: unknown = JSON.parse(this.#text.slice(start, end + 1));
      this.#position = end + 1;
      return String(value);
    } catch {
      return this.fail("a JSON string");
    }
  }

  /** Throws the error for a mismatch at `position`. @throws {NotationError} always */
  fail(expected: string, position: number = this.#position): never {
    throw new NotationError(this.#text, position, expected);
  }

  #match(pattern: RegExp): string | undefined {
    const found = matches(pattern, this.#text, this.#position);
    if (found !== undefined) this.#position += found.length;
    return found;
  }
}

/** The match of a sticky pattern at a position; undefined when there is none. */
function matches(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}
