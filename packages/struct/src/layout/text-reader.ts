import { NotationError } from "../errors.js";

/** Letters and digits are Unicode's; each of these takes what it can in one go. */
const WORD = /[\p{L}\p{N}_$.-]+/uy;
const FAMILY = /[\p{L}\p{N}_$./-]+/uy;
const DIGITS = /-?\d+/y;
const LENGTH = /\[-?\d/y;

/** Goes through the text of a notation from its start to its end. */
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

  /** Takes a text if it comes next. */
  take(text: string): boolean {
    const comes = this.#text.startsWith(text, this.#position);
    if (comes) this.#position += text.length;
    return comes;
  }

  /** Takes a text if it comes next, with another behind it, which is not taken. */
  takeBefore(text: string, next: string): boolean {
    const comes = this.#text.startsWith(text + next, this.#position);
    if (comes) this.#position += text.length;
    return comes;
  }

  /** @throws {NotationError} when something else comes next */
  insist(text: string): void {
    if (!this.take(text)) this.fail(JSON.stringify(text));
  }

  /** The word before a delimiter, which are both taken; undefined when they do not come next. */
  before(delimiter: string, pattern: RegExp = WORD): string | undefined {
    const start = this.#position;
    const word = this.#match(pattern);
    if (word !== undefined && this.take(delimiter)) return word;
    this.#position = start;
    return undefined;
  }

  /** The name of a family before its `@`, which are both taken. */
  family(): string | undefined {
    return this.before("@", FAMILY);
  }

  /** A word that is one of those given; takes nothing else. */
  among<T>(words: ReadonlyMap<string, T>): T | undefined {
    const start = this.#position;
    const found = words.get(this.#match(WORD) ?? "");
    if (found === undefined) this.#position = start;
    return found;
  }

  /** Whether an integer comes next. */
  get atInteger(): boolean {
    return matches(DIGITS, this.#text, this.#position) !== undefined;
  }

  /**
   * An integer in decimal, without leading zeros.
   *
   * @throws {NotationError} when it is none, or not from `low` to `high`
   */
  integer(low: number, high: number): number {
    const start = this.#position;
    const digits = this.#match(DIGITS) ?? "";
    const value = Number(digits);
    if (`${value}` === digits && value >= low && value <= high) return value;
    return this.fail(`an integer from ${low} to ${high} without leading zeros`, start);
  }

  /** A number in brackets; undefined, with nothing taken, when none comes next. @throws {NotationError} */
  length(): number | undefined {
    if (matches(LENGTH, this.#text, this.#position) === undefined) return undefined;
    this.insist("[");
    const length = this.integer(0, Number.MAX_SAFE_INTEGER);
    this.insist("]");
    return length;
  }

  /** A word, or a JSON string. @throws {NotationError} when neither comes next */
  word(): string {
    return this.string() ?? this.#match(WORD) ?? this.fail("a word or a JSON string");
  }

  /** A word that does not begin like a number, or a JSON string. @throws {NotationError} */
  name(): string {
    if (this.atInteger) this.fail("a word that does not begin like a number, or a JSON string");
    return this.word();
  }

  /** A JSON string; undefined when none begins here. @throws {NotationError} when it does not end */
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

  /** @throws {NotationError} always */
  fail(expected: string, position: number = this.#position): never {
    throw new NotationError(this.#text, position, expected);
  }

  #match(pattern: RegExp): string | undefined {
    const found = matches(pattern, this.#text, this.#position);
    if (found !== undefined) this.#position += found.length;
    return found;
  }
}

/** What a sticky pattern takes of the text at a position. */
function matches(pattern: RegExp, text: string, position: number): string | undefined {
  pattern.lastIndex = position;
  return pattern.exec(text)?.[0];
}
