import { INSPECT } from "@luo/struct";
import type { Family } from "@luo/version";
import { familyLabel, type Inspect, inspected } from "./inspect.js";

/**
 * Carries one kind of resource through a live update, with the steps of the file handlers of
 * Linux's Live Update Orchestrator. `R` is the resource that a program holds, `S` the class of its
 * record.
 *
 * The predecessor calls `preserve` and `settle` while it serves, and then `freeze`, from which on
 * nothing changes. If the update is abandoned, it calls `unfreeze` and `unpreserve` in reverse
 * order: `unfreeze` also after a `freeze` that failed, `unpreserve` only after a `preserve` that
 * succeeded. The successor calls `retrieve`, and `finish` once all its resources are retrieved and
 * can finish.
 */
export interface Handler<R extends object = object, S extends object = object> {
  /** The family of the record. Its name and the token together identify the resource. */
  readonly family: Family<S>;
  /**
   * True for resources through which work arrives, such as a listening socket; they freeze first.
   */
  readonly input?: boolean;
  /** True when this handler is the one for the resource. */
  canPreserve(resource: object): resource is R;
  /** Gives the descriptor for the carrier to pass on; the resource still owns it. */
  preserve(resource: R): number;
  /** Undoes `preserve`. */
  unpreserve?(resource: R): void;
  /** Resolves when `freeze` need not wait for long. Called once the successor is ready. */
  settle?(resource: R): Promise<void>;
  /** Stops every change of the resource and gives its record. */
  freeze(resource: R): S | Promise<S>;
  /** Undoes `freeze`, so that the resource works as before. */
  unfreeze?(resource: R): void | Promise<void>;
  /**
   * Makes the resource from its record and a descriptor, which it owns; closes it when it throws.
   */
  retrieve(record: S, fd: number): R | Promise<R>;
  /** Throws while the resource still needs the predecessor. */
  canFinish?(resource: R): void;
  /** Called once the predecessor has stepped back for good. */
  finish?(resource: R): void;
}

/** Gives the same handler, made so that `console.log` shows it by the family of its record. */
export function defineHandler<R extends object, S extends object>(
  handler: Handler<R, S>,
): Handler<R, S> {
  const { family, input = false } = handler;
  const content = { record: familyLabel(family), input };
  return Object.defineProperty(handler, INSPECT, {
    configurable: true,
    value: (depth: number, options: object, inspect: Inspect) =>
      inspected("Handler", content, depth, options, inspect),
  });
}

/** Gives the identifier under which the store keeps a resource's record. */
export function recordIdentifier(handler: Handler, token: string): string {
  return `${handler.family.name}/${token}`;
}
