import { type StructClass, toCHeader } from "@luo/struct";
import { describe, expect, test } from "vitest";
import { MemfdV0, MemfdV1 } from "../packages/memfd/src/structs.js";
import { ListenerV0 } from "../packages/socket/src/structs.js";
import { ABSENT, complaints } from "../packages/struct/test/complaints.js";
import { COMPILERS } from "../packages/struct/test/differential/compilers.js";
import { shownIn } from "./shown-code.js";

const structs: StructClass[] = [MemfdV0, MemfdV1, ListenerV0];

test.each(["docs/TYPES.md", "packages/struct/README.md"])("%s shows what is written", (path) => {
  const [shown] = shownIn(path, "c");
  expect(toCHeader(MemfdV1)).toContain(shown ?? "a block of C");
});

describe.each(COMPILERS)("$name", (compiler) => {
  const other = compiler.abi === "s390x" ? "byte order" : /^$/;
  test.skipIf(ABSENT.has(compiler))("takes the structs of memfds and sockets in images", () => {
    expect(complaints(compiler, toCHeader(structs))).toMatch(other);
  });
});
