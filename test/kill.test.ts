import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Memfd } from "@luo/linux";
import { ObjectStore } from "@luo/store";
import { expect, test } from "vitest";
import { type Expected, History, List, OldList } from "./kill/history.js";

const kills = Number(process.env.LUO_KILLS ?? 20);
const seed = Number(process.env.LUO_SEED ?? Date.now() % 2 ** 31);
const writer = fileURLToPath(new URL("dist/programs/writer.js", import.meta.url));

/** Runs a program that writes to the image until it is killed; gives the last generation that it reported. */
async function writeAndKill(image: Memfd, delay: number): Promise<number | undefined> {
  const program = spawn(process.execPath, [writer, `${seed}`], {
    stdio: ["ignore", "pipe", "inherit", image.fd],
  });
  let said = "";
  program.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await Promise.race([once(program.stdout ?? program, "data"), once(program, "exit")]);
  await setTimeout(delay);
  expect(program.exitCode, "the writer goes on until it is killed").toBeNull();
  program.kill("SIGKILL");
  await once(program, "close");
  const generations = said.split("\n").slice(1, -1);
  return generations.length > 0 ? Number(generations.at(-1)) : undefined;
}

/** The content of the image; undefined when it was never sealed. */
function read(image: Memfd): { generation: number; objects: Map<string, Expected> } | undefined {
  try {
    if (!ObjectStore.isSealed(image)) return undefined;
    const store = ObjectStore.open(image, { verify: true });
    const copies = store.list();
    const objects = new Map(
      copies.map(({ identifier }) => {
        const alongside = copies.some(
          (copy) => copy.identifier === identifier && copy.version === 0,
        );
        const list = store.take(identifier, List);
        const items = Array.from(list?.items ?? [], ({ id }) => id);
        if (alongside) {
          const older = store.take(identifier, OldList);
          expect(Array.from(older?.items ?? [], ({ id }) => id)).toEqual(items);
        }
        return [identifier, { id: list?.id ?? -1, items, alongside }];
      }),
    );
    return { generation: store.generation, objects };
  } finally {
    image.unmap();
  }
}

test(
  `a program that is killed at any instant, ${kills} times, leaves the last generation that it sealed`,
  async () => {
    const image = Memfd.create("luo-kill");
    let history = new History(seed);
    let [least, sealed] = [0, 0];
    let state = seed | 1;
    for (let kill = 0; kill < kills; kill++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      const said = await writeAndKill(image, (state / 2 ** 32) * 30);
      const found = read(image);
      const what = `kill ${kill} with LUO_SEED=${seed}`;
      least = Math.max(least, said ?? 0);
      // The program may be killed between a seal and its report.
      expect(found?.generation ?? 0, what).toBeGreaterThanOrEqual(least);
      expect(found?.generation ?? 0, what).toBeLessThanOrEqual(Math.max(least, sealed) + 1);
      if (found === undefined) continue;
      sealed = found.generation;
      expect(found.objects, what).toEqual(history.at(found.generation));
      // Some histories begin again, because small images grow most.
      if (kill % 25 === 24) {
        image.resize(0);
        history = new History(seed);
        [least, sealed] = [0, 0];
      }
    }
    image.close();
  },
  60_000 + kills * 2000,
);
