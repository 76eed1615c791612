import { ArgumentError, show } from "@luo/struct";
import type { Manifest } from "@luo/version";
import { type JsonShape, jsonObject, manifestShape, readJson } from "@luo/version/json";
import * as v from "valibot";
import {
  LinkClosedError,
  LinkTimeoutError,
  ProtocolError,
  RefusedError,
  SuccessorError,
} from "./errors.js";
import { type Program, programShape } from "./program.js";

/**
 * The messages between the two programs, in this order:
 *
 *     successor    hello      the versions that it reads, before anything is written
 *     predecessor  frozen     the image is sealed, nothing changes any more (or else: refused)
 *     successor    finish     everything is retrieved (or else: failed)
 *     predecessor  committed  it will not serve again
 *     successor    serving    requests are answered again
 *
 * The first message of each program names the program; earlier releases leave the name out.
 */
export type Message =
  | { readonly type: "hello"; readonly manifest: Manifest; readonly program?: Program }
  | { readonly type: "refused"; readonly reason: string; readonly program?: Program }
  | { readonly type: "frozen"; readonly program?: Program }
  | { readonly type: "failed"; readonly reason: string }
  | { readonly type: "finish" }
  | { readonly type: "committed" }
  | { readonly type: "serving" };

type OfType<T extends Message["type"]> = Extract<Message, { type: T }>;

/** A connection to the other program, as a carrier makes it. */
export interface Link {
  /** Sends a message. Does nothing when the link is closed. */
  send(message: Message): void;
  /** The messages of the other program. */
  readonly inbox: Inbox;
  /** Closes the link, so that both programs go on by themselves. */
  release(): void;
}

/** The longest that a timer of Node can run, in milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Messages that were received and not read yet. A carrier fills it. */
export class Inbox {
  readonly #messages: unknown[] = [];
  #closed: string | undefined;
  #program: Program | undefined;
  #wake: (() => void) | undefined;

  /** Adds a message of the other program, which is checked when it is read. */
  push(message: unknown): void {
    this.#messages.push(message);
    this.#wake?.();
  }

  /** Notes that no more messages will come. @param how completes "the other program ..." */
  close(how: string): void {
    this.#closed ??= how;
    this.#wake?.();
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** The other program, once a message has named it. */
  get program(): Program | undefined {
    return this.#program;
  }

  /**
   * Resolves to the next message, which must be of this type.
   *
   * @param timeout milliseconds above 0
   * @throws {ArgumentError} for another timeout
   * @throws {LinkTimeoutError} when no message comes in that time
   * @throws {LinkClosedError} when the other program is gone
   * @throws {SuccessorError} or {RefusedError} when the other program gives up instead
   * @throws {ProtocolError} for any other message
   */
  async expect<T extends Message["type"]>(type: T, timeout: number): Promise<OfType<T>> {
    if (!(timeout > 0)) {
      throw new ArgumentError("timeout", {
        found: show(timeout),
        expected: "milliseconds above 0",
      });
    }
    const deadline = performance.now() + timeout;
    while (this.#messages.length === 0) {
      if (this.#closed !== undefined) throw new LinkClosedError(type, this.#closed, this.#program);
      const left = deadline - performance.now();
      if (left <= 0) throw new LinkTimeoutError(type, timeout, this.#program);
      await this.#woken(left);
    }
    const found = this.#messages.shift();
    const failed = messageOf("failed", found);
    if (failed !== undefined) throw new SuccessorError(failed.reason, this.#program);
    const refused = messageOf("refused", found);
    if (refused !== undefined) {
      throw new RefusedError(refused.reason, refused.program ?? this.#program);
    }
    const message = messageOf(type, found);
    if (message === undefined) throw new ProtocolError(excerpt(found), type, this.#program);
    if ("program" in message) this.#program = message.program;
    return message;
  }

  #woken(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(milliseconds, LONGEST_TIMER));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const message = <T extends string, E extends v.ObjectEntries>(type: T, content: E) =>
  jsonObject({ type: v.literal(type), ...content });
const reason = v.string("text");
const program = v.exactOptional(programShape);

const MESSAGES: { readonly [T in Message["type"]]: JsonShape<OfType<T>> } = {
  hello: message("hello", { manifest: manifestShape, program }),
  refused: message("refused", { reason, program }),
  frozen: message("frozen", { program }),
  failed: message("failed", { reason }),
  finish: message("finish", {}),
  committed: message("committed", {}),
  serving: message("serving", {}),
};

/**
 * Gives the message if it is of this type, and otherwise undefined.
 *
 * @throws {ProtocolError} when it is of this type, but not of its shape
 */
function messageOf<T extends Message["type"]>(type: T, found: unknown): OfType<T> | undefined {
  if (typeof found !== "object" || found === null) return undefined;
  if (!("type" in found) || found.type !== type) return undefined;
  return readJson<OfType<T>>(MESSAGES[type], found, (path, { expected }) => {
    return new ProtocolError(excerpt(found), `${type} whose ${path} is ${expected}`);
  });
}

/** Gives the first 200 characters of a message as JSON; its kind if JSON cannot show it. */
function excerpt(message: unknown): string {
  try {
    return JSON.stringify(message)?.slice(0, 200) ?? String(message);
  } catch {
    return show(message);
  }
}
