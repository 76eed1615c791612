import type { Family } from "@luo/version";
import { familyLabel, INSPECT, type Inspect, inspected } from "./inspect.js";

/**
 * Carries one kind of resource through a live update. `R` is what a program holds, `S` the class
 * of the record that describes it.
 *
 * In the predecessor, as Linux's file handlers: `preserve` and `settle` (serving goes on), `freeze` (nothing
 * changes from here on, and the record is made); if the update is abandoned `unfreeze` and
 * `unpreserve`, in reverse order, `unfreeze` also after a `freeze` that failed, and `unpreserve` only
 * after a `preserve` that did not. In the successor: `retrieve`, and once every resource of the
 * program has been retrieved and can finish, `finish`.
 */
export interface Handler<R extends object = object, S extends object = object> {
  /** All versions of the record; its name, with the token, is what identifies the resource. */
  readonly family: Family<S>;
  /**
   * True for resources through which work arrives, such as a listening socket; they freeze first.
   */
  readonly input?: boolean;
  /** Says if this handler is the one for the resource. */
  canPreserve(resource: object): resource is R;
  /** The file descriptor that the carrier takes over; it stays the resource's own. */
  preserve(resource: R): number;
  unpreserve?(resource: R): void;
  /** Resolves when `freeze` will not have to wait; called once the successor is ready. */
  settle?(resource: R): Promise<void>;
  /** Stops every change of the resource and gives its record. */
  freeze(resource: R): S | Promise<S>;
  /** Lets the resource go on after all. */
  unfreeze?(resource: R): void | Promise<void>;
  /** The resource again, from its record and a descriptor that is its own from now on; closed in case of an error. */
  retrieve(record: S, fd: number): R | Promise<R>;
  /** Throws while the resource still needs the predecessor. */
  canFinish?(resource: R): void;
  /** The predecessor is gone for good. */
  finish?(resource: R): void;
}

/** Gives the handler, which `console.log` then shows by the family of its record. */
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

/** The identifier under which the store keeps a resource's record. */
export function recordIdentifier(handler: Handler, token: string): string {
  return `${handler.family.name}/${token}`;
}
