import type { Contender } from "../contender.js";

/** By the name of its file. Each is loaded only where it is measured. */
export const CONTENDERS: Readonly<Record<string, () => Promise<{ contender: Contender }>>> = {
  "hand-written": () => import("./hand-written.js"),
  luo: () => import("./luo.js"),
  "hand-written-dataview": () => import("./hand-written-dataview.js"),
  memium: () => import("./memium.js"),
  "typed-struct": () => import("./typed-struct.js"),
  "binary-parser": () => import("./binary-parser.js"),
  avsc: () => import("./avsc.js"),
  protobufjs: () => import("./protobufjs.js"),
  "bufbuild-protobuf": () => import("./bufbuild-protobuf.js"),
  flatbuffers: () => import("./flatbuffers.js"),
  "capnp-es": () => import("./capnp-es.js"),
  msgpackr: () => import("./msgpackr.js"),
  "cbor-x": () => import("./cbor-x.js"),
  json: () => import("./json.js"),
};
