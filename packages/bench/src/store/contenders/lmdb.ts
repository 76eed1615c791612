import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open } from "lmdb";
import type { Values } from "../../record.js";
import type { StoreContender } from "../contender.js";

const folder = mkdtempSync(join(tmpdir(), "luo-bench-"));
const path = join(folder, "data.mdb");
const database = () =>
  open<Values, string>({ path, noSync: true, sharedStructuresKey: Symbol.for("s") });
let written = database();

export const contender: StoreContender = {
  name: "lmdb",
  note: "one transaction, `noSync`, values in MessagePack with shared structures",
  objects: {
    put(identifiers, record) {
      written.clearSync();
      written.transactionSync(() => {
        identifiers.forEach((identifier, index) => {
          written.put(identifier, record(index));
        });
      });
      return statSync(path).size;
    },
    open() {
      const opened = database();
      return (identifier) => opened.get(identifier);
    },
    close() {
      void written.close();
      written = database();
      rmSync(folder, { recursive: true });
    },
  },
};
