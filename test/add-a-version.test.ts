import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformFileSync } from "@swc/core";
import { afterEach, beforeAll, expect, test } from "vitest";
import { Client } from "../examples/kv-server/src/demo/client.js";
import { RunningServer } from "../examples/kv-server/src/demo/server.js";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const example = path("../examples/kv-server/src/");
const folder = path("./dist/add-a-version/");
const FILES = ["v1/main", "v1/state", "control", "http", "table"];

/** The whole source that the next version needs. */
const NEXT_VERSION = `
@LuoStruct(1, { family: "kv.table" })
export class TableV1 extends TableV0 {
  @u32 generation = 1;
}
`;

/** Compiles the example's first release, with an addition to the source of its state. */
function build(name: string, added: string): string {
  const source = `${folder}${name}/`;
  mkdirSync(`${source}v1`, { recursive: true });
  for (const file of FILES) cpSync(`${example}${file}.ts`, `${source}${file}.ts`);
  const state = readFileSync(`${source}v1/state.ts`, "utf8");
  writeFileSync(`${source}v1/state.ts`, state + added);
  for (const file of FILES) {
    const { code } = transformFileSync(`${source}${file}.ts`, {
      jsc: {
        parser: { syntax: "typescript", decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        target: "es2022",
      },
    });
    writeFileSync(`${source}${file}.js`, code);
  }
  return `${source}v1/main.js`;
}

let [before, after] = ["", ""];
beforeAll(() => {
  rmSync(folder, { recursive: true, force: true });
  [before, after] = [build("before", ""), build("after", NEXT_VERSION)];
});

const running: RunningServer[] = [];
afterEach(() => {
  for (const server of running.splice(0)) server.stop();
});

test("a version is added to the example by one class and no other edit: it type-checks", () => {
  const flags =
    "--noEmit --strict --noUnusedLocals --experimentalDecorators --emitDecoratorMetadata --target es2022 --module nodenext --types node --skipLibCheck --ignoreConfig";
  const check = () =>
    execFileSync(
      path("../node_modules/.bin/tsc"),
      [...flags.split(" "), after.replace(/\.js$/, ".ts")],
      { encoding: "utf8", cwd: path("../") },
    );
  expect(check()).toBe("");
});

test("it is negotiated, written and read, and what was written before is read still", {
  timeout: 60_000,
}, async () => {
  const server = new RunningServer(before);
  running.push(server);
  const { port } = await server.next("serving");
  const client = new Client(port, 1);
  await client.put("key", Buffer.from("value"));
  const versions = async (program: string) => {
    const { report } = await server.update(program);
    const { offered, successor, chosen, objects } = report;
    expect(String(await client.get("key"))).toBe("value");
    return {
      writes: offered.families["kv.table"]?.writes,
      reads: successor.families["kv.table"]?.reads,
      chosen: chosen["kv.table"],
      newest: Math.max(
        ...objects.filter(({ identifier }) => identifier === "table").map(({ version }) => version),
      ),
    };
  };
  expect(await versions(after)).toEqual({ writes: [0], reads: [0, 1], chosen: 0, newest: 0 });
  expect(await versions(after)).toEqual({ writes: [0, 1], reads: [0, 1], chosen: 1, newest: 1 });
  expect(await versions(before)).toMatchObject({ writes: [0, 1], reads: [0], chosen: 0 });
});
