import { closeSync, openSync, writeSync } from "node:fs";
import { Memfd } from "@luo/linux";
import { ObjectStore } from "@luo/store";
import { create, LuoStruct, ref, type Sequence, u64 } from "@luo/struct";
import { familyOf } from "@luo/version";
import { expect, test } from "vitest";

@LuoStruct(0)
class Item {
  @u64 id = 0n;
}

@LuoStruct(0)
class Holder {
  @ref(() => Item) items: Sequence<Item> = [];
}

const Holders = familyOf(Holder);
const holder = (count: number) =>
  create(Holder, {
    items: Array.from({ length: count }, (_, n) => create(Item, { id: BigInt(n) })),
  });

test("an image in a memfd that is sealed is read by everyone and changed by no one", () => {
  const image = Memfd.create("sealed");
  const store = ObjectStore.create(image);
  store.put("holder", holder(50_000));
  store.seal();
  image.seal("write", "grow", "shrink", "seal");

  const fd = openSync(`/proc/self/fd/${image.fd}`, "r+");
  expect(() => writeSync(fd, "x", 4096)).toThrow(/EPERM/);
  closeSync(fd);
  expect(() => image.resize(1 << 26)).toThrow(/EPERM/);

  // A program that puts objects anyway changes a private mapping.
  const opened = ObjectStore.open(image, { verify: true });
  expect(opened.take("holder", Holders)?.items.length).toBe(50_000);
  opened.put("holder", holder(3));
  opened.seal();
  image.unmap();
  const again = ObjectStore.open(image, { verify: true });
  expect(again.generation).toBe(1);
  expect(again.take("holder", Holders)?.items.at(-1)?.id).toBe(49_999n);
  expect(() => again.put("larger", holder(2_000_000))).toThrow(/would need/);
  image.close();
});
