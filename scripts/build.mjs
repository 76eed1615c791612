/** Builds every package: declarations with tsc, JavaScript with tsup, as ESM and as CommonJS. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { promisify } from "node:util";

const root = new URL("../", import.meta.url);
const run = promisify(execFile);
const bin = (tool) => new URL(`node_modules/.bin/${tool}`, root).pathname;

try {
  await Promise.all([
    run(bin("tsc"), ["--build"], { cwd: root }).then(declarationsForCommonJs),
    run(bin("tsup"), [], { cwd: root }),
  ]);
} catch (error) {
  console.error(error.stdout ?? "", error.stderr ?? error);
  process.exit(1);
}

/** A package.json in dist/cjs makes .js and .d.ts there CommonJS, so both formats share declarations. */
async function declarationsForCommonJs() {
  for (const name of await readdir(new URL("packages/", root))) {
    if (!existsSync(new URL(`packages/${name}/src/index.ts`, root))) continue;
    const dist = new URL(`packages/${name}/dist/`, root);
    const target = new URL("cjs/", dist);
    await mkdir(target, { recursive: true });
    await writeFile(new URL("package.json", target), `${JSON.stringify({ type: "commonjs" })}\n`);
    await cp(new URL("esm/", dist), target, {
      recursive: true,
      filter: (path) => !/\.(js|js\.map)$/.test(path),
    });
  }
}
