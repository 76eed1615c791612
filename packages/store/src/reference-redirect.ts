import { type AddressSpace, type ArrayOwner, shapeOf } from "@luo/memory";
import type { Redirect, Reference } from "./reference-walk.js";

/** Walks all references behind an object. */
export type Walk = (redirect: Redirect) => void;

/**
 * Updates every reference behind an object to the address that its array has now. An array that
 * changed since the last generation has moved, and other arrays may still refer to its former
 * address. Updating such a reference changes the array that holds it, which may move in turn.
 *
 * @throws {OutOfMemoryError} when the memory cannot grow
 */
export function redirectReferences(memory: AddressSpace, owner: ArrayOwner, walk: Walk): void {
  owner.flush();
  const { moved } = owner;
  let stale = false;
  walk(({ array }) => {
    const target = moved.get(array);
    if (target !== undefined && target !== array) stale = true;
    return target;
  });
  if (!stale) return;
  const references = new Map<number, Reference[]>();
  walk((reference) => {
    const target = moved.get(reference.array) ?? reference.array;
    const others = references.get(target);
    if (others === undefined) references.set(target, [reference]);
    else others.push(reference);
    return target;
  });
  /** By their address at the walk, the addresses of arrays that moved after it. */
  const movedOn = new Map<number, number>();
  const targets = [...new Set(moved.values())];
  for (const target of targets) {
    const address = movedOn.get(target) ?? target;
    for (const reference of references.get(target) ?? []) {
      const { at, big, holder } = reference;
      if (reference.array === address) continue;
      if (holder === undefined) {
        const { memory: bytes, offset } = memory.at(at);
        bytes.view.setBigUint64(offset, BigInt(address), !big);
        continue;
      }
      const shape = shapeOf(holder.element.struct);
      const storage = owner.storageAt(movedOn.get(holder.array) ?? holder.array, shape);
      const before = storage.address;
      owner.change(storage);
      if (storage.address !== before) {
        movedOn.set(holder.array, storage.address);
        targets.push(holder.array);
      }
      const { size } = storage.shape;
      const index = holder.from + Math.floor((at - holder.first) / size);
      storage.write(index, 1, ({ memory: bytes, offset }) => {
        const field = offset + ((at - holder.first) % size);
        bytes.view.setBigUint64(field, BigInt(address), !big);
      });
    }
  }
  owner.flush();
}
