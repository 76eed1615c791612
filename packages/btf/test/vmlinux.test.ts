import { expect, test } from "vitest";
import { BtfStructs, UnexpressibleError } from "../src/index.js";
import { hasVmlinux, kernelAbi, readVmlinux } from "./files.js";
import { Judge } from "./judge.js";

test.skipIf(!hasVmlinux)(
  "every struct and union of the running kernel has the size and offsets that its BTF says",
  { timeout: 60_000 },
  () => {
    const btf = readVmlinux();
    const structs = new BtfStructs(btf, { abi: kernelAbi });
    const judge = new Judge(btf, kernelAbi);
    const count = { struct: 0, union: 0 };
    const annotated = new Map<string, number>();
    const gaps: string[] = [];
    const refused: string[] = [];
    for (const [id, type] of btf.types.entries()) {
      if (type.kind !== "struct" && type.kind !== "union") continue;
      count[type.kind]++;
      try {
        const { struct, attributes } = structs.get(id);
        judge.judge(id, struct);
        const kinds = attributes.map(({ kind, field }) => (field ? `${kind} member` : kind));
        const key = [...new Set(kinds)].sort().join(" and ") || "nothing";
        annotated.set(key, (annotated.get(key) ?? 0) + 1);
        if (key.includes("reserved")) gaps.push(struct.name);
      } catch (error) {
        if (!(error instanceof UnexpressibleError)) throw error;
        refused.push(error.message);
      }
    }
    const all = count.struct + count.union;
    const list = Array.from(annotated, ([key, number]) => `${number} with ${key}`).join(", ");
    const exact = all - refused.length;
    console.log(
      `vmlinux: ${count.struct} structs and ${count.union} unions, ${judge.members} members; ` +
        `${exact} exact: ${list} annotated; ` +
        `${gaps.length} with unnamed bits or bytes: ${gaps.join(", ")}; ` +
        `${judge.asBytes.size} with numbers as bytes: ${[...judge.asBytes].join(", ")}; ` +
        `${refused.length} not expressible${refused.map((message) => `\n  ${message}`).join("")}`,
    );
    expect(judge.differences).toEqual([]);
    expect(count.struct).toBeGreaterThan(1000);
    // Another kernel may have one that C cannot declare; it is named above.
    expect(refused.length).toBeLessThanOrEqual(all / 1000);
    expect(gaps.length).toBeLessThanOrEqual(all / 100);
  },
);
