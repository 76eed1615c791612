import type { StoreContender } from "../contender.js";

/** By the name of its file. Each is loaded only where it is measured. */
export const CONTENDERS: Readonly<Record<string, () => Promise<{ contender: StoreContender }>>> = {
  "hand-written": () => import("./hand-written.js"),
  luo: () => import("./luo.js"),
  "v8-serialize": () => import("./v8-serialize.js"),
  msgpackr: () => import("./msgpackr.js"),
  protobufjs: () => import("./protobufjs.js"),
  lmdb: () => import("./lmdb.js"),
  sqlite: () => import("./sqlite.js"),
};
