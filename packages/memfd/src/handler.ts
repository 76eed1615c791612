import { closeDescriptor, Memfd } from "@luo/linux";
import { defineHandler, type Handler } from "@luo/orchestrator";
import { LuoError } from "@luo/struct";
import { Extent, MemfdRecord, MemfdV2 } from "./structs.js";

/** The memfd that came is not the one that was frozen. */
export class MemfdMismatchError extends LuoError {
  static override readonly codes = {
    LUO_MEMFD_MISMATCH: {
      when: "the memfd that came is not the one that was frozen",
      do: "something wrote to it meanwhile: write to a memfd only until it is frozen",
    },
  };

  /** @param what the property that differs */
  constructor(name: string, what: string, found: unknown, expected: unknown) {
    super("LUO_MEMFD_MISMATCH", `memfd ${name}: ${what}`, {
      found: String(found),
      expected: `${expected}, as when it was frozen`,
    });
  }
}

/**
 * The handler of memfds, which survive a live update. Their pages stay in place: only the
 * descriptor is carried. The record describes the memfd as it was frozen. The successor compares
 * it, and so notices a wrong descriptor, or a memfd that was resized or punched later.
 *
 * The program must not write to a memfd from `freeze` on.
 */
export const memfd: Handler<Memfd, MemfdV2> = defineHandler({
  family: MemfdRecord,
  canPreserve: (resource): resource is Memfd => resource instanceof Memfd,
  preserve: ({ fd }) => fd,
  freeze: (resource) =>
    Object.assign(new MemfdV2(), {
      size: BigInt(resource.byteLength),
      pos: BigInt(resource.position),
      seals: resource.sealBits,
      folios: extents(resource),
    }),
  retrieve: (record, fd) => {
    const resource = adopt(fd);
    try {
      check(resource, record);
      resource.position = Number(record.pos);
      return resource;
    } catch (error) {
      resource.close();
      throw error;
    }
  },
});

function adopt(fd: number): Memfd {
  try {
    return Memfd.adopt(fd);
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

function extents(resource: Memfd): Extent[] {
  return resource
    .extents()
    .map(({ offset, length }) =>
      Object.assign(new Extent(), { offset: BigInt(offset), length: BigInt(length) }),
    );
}

function check(resource: Memfd, { size, seals, flags, folios }: MemfdV2): void {
  const { name, sealBits } = resource;
  if (BigInt(resource.byteLength) !== size) {
    throw new MemfdMismatchError(name, "the size in bytes", resource.byteLength, size);
  }
  // Another holder of the memfd may have added seals meanwhile, which is allowed.
  if ((sealBits & seals) !== seals) {
    throw new MemfdMismatchError(name, "the bits of the seals", sealBits, seals);
  }
  if (flags !== 0) throw new MemfdMismatchError(name, "the flags this release knows", 0, flags);
  // A hole that was read through a mapping becomes data, but data never becomes a hole by itself.
  const found = extents(resource)[Symbol.iterator]();
  let data = found.next();
  for (const { offset, length } of folios) {
    const end = offset + length;
    // Both are in ascending order.
    while (!data.done && data.value.offset + data.value.length < end) data = found.next();
    if (data.done || data.value.offset > offset) {
      throw new MemfdMismatchError(
        name,
        "the content",
        "partly a hole",
        `data from ${offset} to ${end}`,
      );
    }
  }
}
