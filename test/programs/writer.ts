/**
 * Goes on with the image in the memfd that it inherited as 3, one generation after the other, until it
 * is killed; each that is sealed it says. Its seed is its argument.
 */
import { writeSync } from "node:fs";
import { Memfd } from "@luo/linux";
import { ObjectStore } from "@luo/store";
import { advance } from "../kill/history.js";

const seed = Number(process.argv[2]);
const image = Memfd.adopt(3);
const store = ObjectStore.isSealed(image) ? ObjectStore.open(image) : ObjectStore.create(image);
writeSync(1, "ready\n");
for (;;) {
  advance(store, seed);
  writeSync(1, `${store.generation}\n`);
}
