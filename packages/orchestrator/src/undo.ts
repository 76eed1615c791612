/** What to undo if a later step fails: in reverse order, and all of it even if some fails. */
export class UndoList {
  readonly #first: (() => unknown)[] = [];
  readonly #steps: (() => unknown)[] = [];

  add(step: () => unknown): void {
    this.#steps.push(step);
  }

  /** Undone before everything else, whatever is added later. */
  addFirst(step: () => unknown): void {
    this.#first.push(step);
  }

  /** Undoes everything, once, and gives the errors that came up. */
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
