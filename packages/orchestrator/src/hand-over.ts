import { heapBacking, ObjectStore } from "@luo/store";
import { type Family, manifestOf, negotiate } from "@luo/version";
import { versionsAlongside } from "./alongside.js";
import { type Carrier, IMAGE_NAME, type NamedDescriptor } from "./carrier.js";
import { LinkTimeoutError, reasonOf } from "./errors.js";
import { type Handler, recordIdentifier } from "./handler.js";
import type { Link } from "./link.js";
import type { Program } from "./program.js";
import type { UpdateOptions, UpdateReport } from "./report.js";
import type { UndoList } from "./undo.js";

/** An object that a program keeps for its successor. */
export interface KeptObject {
  readonly family: Family;
  readonly current: () => object;
}

/** A resource that a program keeps for its successor. */
export interface KeptFile {
  readonly handler: Handler;
  readonly resource: object;
}

/** Everything that a program keeps for its successor. */
export interface Kept {
  readonly program: Program | undefined;
  /** Objects by identifier. */
  readonly objects: ReadonlyMap<string, KeptObject>;
  /** Resources by token. */
  readonly files: ReadonlyMap<string, KeptFile>;
}

/** The progress of one update. */
export interface Attempt {
  readonly undo: UndoList;
  /** The step that is being done; completes "while ..." in messages. */
  step: string;
  /** The program that takes over, once it has said which one it is. */
  successor: Program | undefined;
  state: "preparing" | "frozen" | "finished";
}

/** Gives the families of everything that is kept. */
export function familiesOf({ objects, files }: Kept): ReadonlySet<Family> {
  const handlers = Array.from(files.values(), ({ handler }) => handler);
  return new Set([...objects.values(), ...handlers].map(({ family }) => family));
}

/**
 * Hands over everything that is kept. Until the attempt is finished, every step adds its undoing to
 * the attempt's list.
 */
export async function handOver(
  kept: Kept,
  carrier: Carrier,
  { timeout = 30_000, alongside = { last: 0 } }: UpdateOptions,
  attempt: Attempt,
): Promise<UpdateReport> {
  const { undo } = attempt;
  const families = familiesOf(kept);
  const asked = new Map(
    Array.from(families, (family) => [family, versionsAlongside(family, alongside)]),
  );
  const own = kept.program && { program: kept.program };
  const image = carrier.createImage();
  undo.add(() => image.close());
  const descriptors: NamedDescriptor[] = [{ name: IMAGE_NAME, fd: image.fd }];
  for (const [token, { handler, resource }] of kept.files) {
    descriptors.push({ name: token, fd: handler.preserve(resource) });
    undo.add(() => handler.unpreserve?.(resource));
  }

  attempt.step = "starting the successor";
  const successor = await carrier.launch(descriptors);
  // The successor ends first, so that it holds nothing when this program goes on.
  undo.addFirst(() => successor.kill());
  const { manifest, program } = await successor.inbox.expect("hello", timeout);
  attempt.successor = program;

  attempt.step = "negotiating versions";
  const offered = manifestOf(families);
  const chosen = refuseUnless(() => negotiate(offered, manifest), successor, own);

  const older = (family: Family) => [
    ...(chosen.has(family.name) ? [chosen.get(family.name) as number] : []),
    ...(asked.get(family) ?? []),
  ];
  attempt.step = "trying out what will be written";
  rehearse(kept, older);

  attempt.step = "waiting for resources to settle";
  const files = [...kept.files].sort(
    ([, a], [, b]) => Number(b.handler.input ?? false) - Number(a.handler.input ?? false),
  );
  await Promise.all(files.map(([, { handler, resource }]) => handler.settle?.(resource)));

  attempt.step = "freezing";
  const frozenAt = performance.now();
  attempt.state = "frozen";
  const store = ObjectStore.create(image, own);
  for (const [token, { handler, resource }] of files) {
    undo.add(() => handler.unfreeze?.(resource));
    const record = await handler.freeze(resource);
    const { family } = handler;
    store.put(recordIdentifier(handler, token), record, { family, alongside: older(family) });
  }
  for (const [identifier, { family, current }] of kept.objects) {
    store.put(identifier, current(), { family, alongside: older(family) });
  }
  const objects = store.list();
  const imageBytes = store.seal();
  image.seal();

  attempt.step = "waiting for the successor to take over";
  successor.send({ type: "frozen", ...own });
  await successor.inbox.expect("finish", timeout);

  // The point of no return: the successor has everything, and serves once it receives this.
  attempt.state = "finished";
  successor.send({ type: "committed" });
  image.close();
  const pause = await successor.inbox.expect("serving", timeout).then(
    () => performance.now() - frozenAt,
    (error) => {
      if (error instanceof LinkTimeoutError) return undefined;
      throw error;
    },
  );
  successor.release();
  return {
    from: kept.program,
    to: program,
    offered,
    successor: manifest,
    chosen: Object.fromEntries(chosen),
    objects,
    imageBytes,
    pause,
  };
}

/**
 * Writes all objects as they are now to memory that is then dropped. A value that does not fit, or
 * that the version of the successor cannot hold, is so found while this program still serves.
 */
function rehearse({ objects }: Kept, older: (family: Family) => readonly number[]): void {
  const store = ObjectStore.create(heapBacking());
  for (const [identifier, { family, current }] of objects) {
    store.put(identifier, current(), { family, alongside: older(family) });
  }
  store.seal();
}

/**
 * Calls `decide`. When it throws, sends the reason to the successor, which can report it and end.
 */
function refuseUnless<T>(
  decide: () => T,
  successor: Link,
  own: { readonly program: Program } | undefined,
): T {
  try {
    return decide();
  } catch (error) {
    successor.send({ type: "refused", reason: reasonOf(error), ...own });
    throw error;
  }
}
