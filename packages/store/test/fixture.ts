import { type HeapBacking, heapBacking, ObjectStore } from "@luo/store";
import { char, create, LuoStruct, ref, type Sequence, u32, u64 } from "@luo/struct";
import { family, follows, since } from "@luo/version";

@LuoStruct(0, { family: "page" })
export class Page {
  @u64 number = 0n;
}

@LuoStruct(0, { family: "file" })
export class FileV0 {
  @u64 size = 0n;
  @ref(() => Page) pages: Sequence<Page> = [];
}

@LuoStruct(1, { family: "file" })
@follows(FileV0)
export class FileV1 {
  @u64 size = 0n;
  @since(1, "(unknown)") @char(32) name = "(unknown)";
  @ref(() => Page) pages: Sequence<Page> = [];
}

export const OldFile = family(FileV0, { reads: { to: 0 } });
export const File = family(FileV1);

@LuoStruct(0)
export class Other {
  @u32 x = 0;
}

/** References behind references, and inside of nested structs. */
@LuoStruct(0)
export class Shelf {
  @ref(() => FileV1) files: Sequence<FileV1> = [];
}

export const page = (number: number) => create(Page, { number: BigInt(number) });

export const pages = (count: number) => Array.from({ length: count }, (_, n) => page(n));

export const file = (size = 3, name = "(unknown)") =>
  create(FileV1, { size: BigInt(size), name, pages: pages(size) });

export const other = (x: number) => create(Other, { x });

/** A sealed image of what `fill` puts. */
export function image(fill: (store: ObjectStore) => void): HeapBacking {
  const backing = heapBacking();
  const store = ObjectStore.create(backing);
  fill(store);
  store.seal();
  return backing;
}

export const some = () =>
  image((store) => {
    store.put("file/a", file(), { alongside: [0] });
    store.put("file/b", file(2000, "räksmörgås"));
    store.put("other", other(9));
  });
