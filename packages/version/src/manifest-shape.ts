import * as v from "valibot";
import {
  type JsonShape,
  jsonCount,
  jsonObject,
  jsonRecord,
  jsonRule,
  repeated,
} from "./json-shape.js";
import type { Manifest } from "./manifest.js";

const version = jsonCount(0xffff_ffff, "a version, an integer from 0 to 4294967295");

const versions = v.pipe(
  v.array(version, "an array of versions"),
  jsonRule((list) => repeated(list, "each version once")),
  v.metadata({ uniqueItems: true }),
  v.transform((list) => list.toSorted((a, b) => a - b)),
);

const fingerprint = "a layout fingerprint, 16 hexadecimal digits";

const familyShape = v.pipe(
  jsonObject({
    reads: v.pipe(versions, v.description("Versions that the program can read.")),
    writes: v.pipe(versions, v.description("Versions that the program can write.")),
    layouts: v.pipe(
      jsonRecord(v.pipe(v.string(fingerprint), v.regex(/^[0-9a-f]{16}$/, fingerprint))),
      v.description("By version, the fingerprint of its layout."),
    ),
  }),
  jsonRule(({ reads, writes, layouts }) => {
    const missing = [...reads, ...writes].find((version) => !Object.hasOwn(layouts, version));
    if (missing === undefined) return undefined;
    return { at: "layouts", found: undefined, expected: `the fingerprint of version ${missing}` };
  }),
);

/** The shape of a manifest, for its check and for the published JSON Schema. */
export const manifestShape = v.pipe(
  jsonObject({
    format: v.pipe(
      v.literal(1, "1; it was written by a later release, or is none"),
      v.description("Of the manifest itself."),
    ),
    families: jsonRecord(familyShape),
  }),
  v.title("Manifest"),
  v.description(
    "Which versions of which families a program reads and writes, and their layouts. Each version of reads and writes has a layout.",
  ),
) satisfies JsonShape<Manifest>;
