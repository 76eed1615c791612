import {
  type JsonShape,
  jsonCount,
  jsonObject,
  jsonRecord,
  jsonRule,
  manifestShape,
  repeated,
} from "@luo/version/json";
import * as v from "valibot";
import { type Lock, nameOf } from "./lock.js";

const text = v.pipe(v.string("text"), v.nonEmpty("text"));
const bytes = v.pipe(jsonCount(), v.description("In bytes."));

const fieldShape = jsonObject({
  name: text,
  type: v.pipe(text, v.description("In the notation of docs/FORMAT.md.")),
  offset: bytes,
  bitOffset: v.exactOptional(
    v.pipe(
      jsonCount(),
      v.description("The first bit of a bitfield, from the start of the struct."),
    ),
  ),
  members: v.exactOptional(
    v.pipe(
      jsonRecord(v.pipe(v.number("an integer"), v.integer("an integer"))),
      v.description("By name, the numbers of a TypeScript enum's members."),
    ),
  ),
});

const publishedShape = jsonObject({
  class: v.pipe(text, v.description("The name that the class had when it was published.")),
  family: text,
  version: jsonCount(),
  size: bytes,
  align: bytes,
  fields: v.pipe(v.array(fieldShape, "an array"), v.description("In the order of memory.")),
});

/** The shape of a lock: what is checked of it, and its published JSON Schema. */
export const lockShape = v.pipe(
  jsonObject({
    format: v.pipe(
      v.literal(1, "1; it was written by a later release, or is none"),
      v.description("The format of the lock itself."),
    ),
    structs: v.pipe(
      v.array(publishedShape, "an array"),
      jsonRule((structs) => repeated(structs.map(nameOf), "each version once")),
    ),
    releases: v.pipe(
      jsonRecord(manifestShape),
      v.description("Manifests by release. A listed release is supported: its versions stay."),
    ),
  }),
  v.title("Lock"),
  v.description(
    "The layouts that were published, which never change, and the manifests of the releases that are supported. Each version of a family occurs once.",
  ),
) satisfies JsonShape<Lock>;
