/**
 * What opening an image takes: `node opening.js <objects> <MiB>` seals one in a memfd with so many
 * objects, of which the first refers to an array of so many MiB, opens it, and prints what that took.
 */
import { Memfd } from "@luo/linux";
import { ObjectStore } from "@luo/store";
import { bytes, create, LuoStruct, ref, type Sequence, u64 } from "@luo/struct";
import { familyOf } from "@luo/version";

/** The time of opening in milliseconds, and in pages of 4096 bytes that were touched. */
export interface Opening {
  readonly objects: number;
  readonly imageMiB: number;
  readonly open: number;
  readonly take: number;
  readonly pages: number;
}

const SLAB = 65_536;

@LuoStruct(0)
class Slab {
  @bytes(SLAB) content = new Uint8Array(SLAB);
}

@LuoStruct(0)
class Holder {
  @u64.number id = 0;
  @ref(() => Slab) slabs: Sequence<Slab> = [];
}

const [count = 0, mebibytes = 0] = process.argv.slice(2).map(Number);
const image = Memfd.create("luo-bench");
const store = ObjectStore.create(image);
const slab = create(Slab, { content: new Uint8Array(SLAB).fill(7) });
const slabs = Array.from({ length: (mebibytes * 2 ** 20) / SLAB }, () => slab);
for (let id = 0; id < count; id++) {
  store.put(`object/${id}`, create(Holder, { id, slabs: id === 0 ? slabs : [] }));
}
const length = store.seal();
image.unmap();

// Mapped anew, no page is there before it is touched.
const { segments } = image;
const before = process.resourceUsage().minorPageFault;
const start = performance.now();
const opened = ObjectStore.open({ segments });
const open = performance.now() - start;
const pages = process.resourceUsage().minorPageFault - before;
const taken = performance.now();
const holder = opened.take("object/0", familyOf(Holder));
if (holder?.slabs.length !== slabs.length) throw new Error("the array is not what was put");
const take = performance.now() - taken;
const opening: Opening = { objects: count, imageMiB: length / 2 ** 20, open, take, pages };
console.log(JSON.stringify(opening));
