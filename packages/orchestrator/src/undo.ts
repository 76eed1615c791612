/**
 * The steps to undo when a later one fails. They run in reverse order, and all of them even if one
 * throws.
 */
export class UndoList {
  readonly #first: (() => unknown)[] = [];
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Adds a step that runs before all others, also before those that are added later. */
  addFirst(step: () => unknown): void {
    this.#first.push(step);
  }

  /** Runs all steps, once, and gives the errors that they threw. */
  async run(): Promise<unknown[]> {
    const errors: unknown[] = [];
    const next = () => this.#first.pop() ?? this.#steps.pop();
    for (let step = next(); step !== undefined; step = next()) {
      try {
        await step();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }
}
