/**
 * Keeps a list and prints its entries. Each of three processes adds an entry once it serves, and hands
 * over to the next.
 */
import { create, family, LuoStruct, liveUpdate, ref, type Sequence, spawnCarrier, u32 } from "luo";

@LuoStruct(0, { family: "entry" })
class Entry {
  @u32 number = 0;
}
@LuoStruct(0, { family: "list" })
class List {
  @ref(() => Entry) entries: Sequence<Entry> = [];
}
const Lists = family(List);

const live = await liveUpdate({ families: [Lists] });
const list = await live.object("list", Lists);
await live.ready();

const next = create(Entry, { number: list.entries.length });
list.entries = [...list.entries, next];
console.log(Array.from(list.entries, ({ number }) => number).join(" "));
if (list.entries.length < 3) await live.update(spawnCarrier());
process.exit(0);
