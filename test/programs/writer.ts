/**
 * Adds generations to the image in the memfd that it inherited as descriptor 3, until it is killed. It
 * prints the number of each generation that it sealed. Its argument is the seed.
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
