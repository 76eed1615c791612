import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "@swc/core";
import { afterAll, expect, test } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const folder = path("./dist/readme/");
const current = `${folder}current.js`;
const [firstRelease = "", nextVersion = ""] = Array.from(
  readFileSync(path("../README.md"), "utf8").matchAll(/^```ts\n(.*?)^```$/gms),
  ([, code = ""]) => code,
);
/** The next release as the README says it: one more class, and the newest used below. */
const secondRelease = firstRelease
  .replace("const Counter = family(CounterV0);", nextVersion)
  .replace(/(\$\{)\+\+counter\.hits\}/, "$& since $1counter.started}");

/** The processes that run the deployed program. */
function running(): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(current);
      } catch {
        return false; // It has ended meanwhile.
      }
    })
    .map(Number);
}

afterAll(() => {
  for (const pid of running()) process.kill(pid);
});

function build(name: string, code: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}${name}.ts`, code);
  const { code: javascript } = transformSync(code, {
    jsc: {
      parser: { syntax: "typescript", decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      target: "es2022",
    },
  });
  writeFileSync(`${folder}${name}.js`, javascript);
  return `${folder}${name}.js`;
}

function deploy(program: string): void {
  rmSync(current, { force: true });
  symlinkSync(program, current);
}

/** The answer, once there is one, on a connection of its own. */
async function get(port: number): Promise<string> {
  for (;;) {
    try {
      return (await fetch(`http://127.0.0.1:${port}`, { headers: { connection: "close" } })).text();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

test("the README's ten lines type-check", () => {
  build("first", firstRelease);
  build("second", secondRelease);
  const flags =
    "--noEmit --strict --experimentalDecorators --emitDecoratorMetadata --target es2022 --module nodenext --types node --skipLibCheck";
  const check = () =>
    execFileSync(
      path("../node_modules/.bin/tsc"),
      [...flags.split(" "), "--ignoreConfig", `${folder}first.ts`, `${folder}second.ts`],
      { encoding: "utf8", cwd: path("../") },
    );
  expect(check()).toBe("");
});

test("the README's ten lines count on through an update, an upgrade and a rollback", async () => {
  const [first, second] = [build("first", firstRelease), build("second", secondRelease)];
  const port = 20_000 + (process.pid % 10_000);
  deploy(first);
  spawn(process.execPath, [current], {
    env: { ...process.env, PORT: String(port) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  expect([await get(port), await get(port)]).toEqual(["1\n", "2\n"]);

  /** Updates, and gives the answer of the program that serves then. */
  const update = async (program: string) => {
    deploy(program);
    const [old = 0] = running();
    process.kill(old, "SIGUSR2");
    while (running().includes(old)) await new Promise((resolve) => setTimeout(resolve, 20));
    return get(port);
  };
  expect(await update(first)).toBe("3\n");
  expect(await update(second)).toMatch(/^4 since \d{13}\n$/);
  expect(await update(second)).toMatch(/^5 since \d{13}\n$/);
  expect(await update(first)).toBe("6\n");
  expect(running()).toHaveLength(1);
});
