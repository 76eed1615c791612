/** The live update that the README shows: forward to a newer release, and back. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { UpdateReport } from "luo";
import { Client } from "./client.js";
import { digest, digestServed, readFolder } from "./content.js";
import { Load } from "./load.js";
import { number, progress, size, table } from "./print.js";
import { programOf, RunningServer } from "./server.js";

const REPOSITORY = fileURLToPath(new URL("../../../../../", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    clients: { type: "string", default: "8" },
    /** The requests that each step waits for. */
    requests: { type: "string", default: "6000" },
  },
});
const folder = positionals[0] ?? REPOSITORY;
const requests = Number(values.requests);

const content = await readFolder(folder);
if (content.size === 0) throw new Error(`${folder} holds no files; name a folder that does`);
const bytes = [...content.values()].reduce((sum, { length }) => sum + length, 0);
const wanted = digest(content);

const server = new RunningServer(programOf("1"));
process.on("exit", () => server.stop());
const { port, pid } = await server.next("serving");
const client = new Client(port, 4);
for (const [key, value] of content) await client.put(key, value);

console.log(`A key-value server whose table lies in a memfd is updated while clients use it.
content   ${number(content.size)} files of ${folder}, ${size(bytes)}
          sha256 ${wanted}
load      ${values.clients} clients read and write without a break; every answer is compared`);

const load = new Load(port, content, Number(values.clients));
const total = { served: 0, failed: 0 };
let changed = false;

/** Lets the load run for a while, then prints its counts and compares the content. */
async function settle(): Promise<void> {
  await progress("requests", requests, () => load.done);
  const { served, failed, longest } = load.count();
  total.served += served;
  total.failed += failed;
  const found = await digestServed(client, content.keys());
  changed ||= found !== wanted;
  console.log(`  requests  ${number(served)} served, ${failed} failed; the longest took ${longest.toFixed(1)} ms
  content   sha256 ${found.slice(0, 16)}..., ${found === wanted ? "as it was" : "CHANGED"}`);
}

function tell({ offered, successor, chosen, objects, imageBytes, pause }: UpdateReport): void {
  const rows = Object.entries(chosen).map(([family, version]) => {
    const copies = objects.filter((object) => object.family === family);
    return [
      family,
      offered.families[family]?.writes.join(", ") ?? "",
      successor.families[family]?.reads.join(", ") ?? "",
      `${version}`,
      copies.map((copy) => copy.version).join(", "),
    ];
  });
  console.log(table(["family", "offered", "readable", "chosen", "in the image"], rows));
  console.log(`  image     ${number(imageBytes)} bytes\n  pause     ${pause?.toFixed(1)} ms`);
}

console.log(`\nrelease 1 serves (process ${pid})`);
await settle();
for (const { release, title } of [
  { release: "2", title: "update to release 2" },
  { release: "2", title: "restart of release 2" },
  { release: "1", title: "roll back to release 1" },
] as const) {
  const { report, pid } = await server.update(programOf(release));
  console.log(`\n${title} (process ${pid})`);
  tell(report);
  await settle();
}
await load.stop();
client.close();
server.stop();

console.log(`
${number(total.served)} requests served, ${total.failed} failed; the content is ${changed ? "CHANGED" : "as it was"}`);
if (load.failure !== undefined) console.error(load.failure);
process.exit(total.failed > 0 || changed ? 1 : 0);
