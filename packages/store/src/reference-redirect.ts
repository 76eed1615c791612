import type { AddressSpace, ArrayOwner, ArrayStorage } from "@luo/memory";
import type { Redirect, Reference } from "./reach.js";
import { nameOf } from "./schemas.js";

/** Goes along all references behind an object. */
export type Walk = (redirect: Redirect) => void;

/**
 * Has every reference behind an object lead to where its array is now. An array that changed since the
 * last generation has moved, while other arrays still refer to its former address; rewriting these
 * changes them, so they may move in turn.
 *
 * @throws {OutOfMemoryError} when the memory cannot grow
 */
export function redirectReferences(memory: AddressSpace, owner: ArrayOwner, walk: Walk): void {
  owner.flush();
  const { moved } = owner;
  let stale = false;
  walk(({ address }) => {
    const target = moved.get(address);
    if (target !== undefined && target !== address) stale = true;
    return target;
  });
  if (!stale) return;
  const references = new Map<number, Reference[]>();
  walk((reference) => {
    const target = moved.get(reference.address) ?? reference.address;
    const others = references.get(target);
    if (others === undefined) references.set(target, [reference]);
    else others.push(reference);
    return target;
  });
  /** Where arrays are by now that moved after the walk. */
  const movedOn = new Map<number, number>();
  const targets = [...new Set(moved.values())];
  for (const target of targets) {
    const address = movedOn.get(target) ?? target;
    for (const reference of references.get(target) ?? []) {
      const { at, big, holder } = reference;
      if (reference.address === address) continue;
      if (holder === undefined) {
        const { memory: bytes, offset } = memory.at(at);
        bytes.view.setBigUint64(offset, BigInt(address), !big);
        continue;
      }
      const storage = storageOf(owner, holder.schema, movedOn.get(holder.array) ?? holder.array);
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

function storageOf(
  owner: ArrayOwner,
  schema: NonNullable<Reference["holder"]>["schema"],
  address: number,
): ArrayStorage {
  const { size, fingerprint } = schema;
  const shape = { name: nameOf(schema), size, fingerprint: BigInt(`0x${fingerprint}`) };
  return owner.storageAt(address, shape);
}
